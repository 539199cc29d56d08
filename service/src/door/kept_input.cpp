#include "door/kept_input.hpp"

#include "door/admin_socket.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace eventloom {

namespace {

constexpr int between_asks_ms = 200;

Error not_kept(const std::string& pipe, const std::string& found, const std::string& advice = "give the name of a file")
{
    return {Failure::storage, "input-not-kept", "read " + pipe + " and found: " + found + "; " + advice};
}

Error no_room_to_keep(const std::string& pipe, const std::string& file)
{
    return not_kept(pipe, "that " + file + " takes no more",
                    "give the name of a file, or set TMPDIR to a directory with free space");
}

// And not a terminal, at which a person types.
bool is_a_device(int descriptor)
{
    struct stat about {};
    return ::fstat(descriptor, &about) == 0 && (S_ISCHR(about.st_mode) || S_ISBLK(about.st_mode)) &&
           ::isatty(descriptor) == 0;
}

} // namespace

bool is_a_pipe(const std::string& path)
{
    struct stat about {};
    return ::stat(path.c_str(), &about) == 0 && not S_ISREG(about.st_mode) && not S_ISDIR(about.st_mode);
}

result<void> keep_input(const std::string& pipe, const std::string& file, const Console& console)
{
    const Descriptor input{::open(pipe.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (input.number() < 0) return not_kept(pipe, std::strerror(errno));
    if (is_a_device(input.number())) return not_kept(pipe, "a device, which may have no end", "give a file or a pipe");
    std::ofstream kept{file, std::ios::binary | std::ios::trunc};
    std::array<char, 64u << 10> bytes;
    for (;;) {
        pollfd ready{input.number(), POLLIN, 0};
        ::poll(&ready, 1, between_asks_ms);
        BOOST_OUTCOME_TRY(console.go_on());
        if (ready.revents == 0) continue;
        const auto count = ::read(input.number(), bytes.data(), bytes.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count < 0) return not_kept(pipe, std::strerror(errno));
        if (count == 0) break;
        kept.write(bytes.data(), count);
        if (not kept) return no_room_to_keep(pipe, file);
    }
    kept.close();
    if (not kept) return no_room_to_keep(pipe, file);
    return done();
}

} // namespace eventloom
