#include "door/admin_socket.hpp"

#include <eventloom/storage/system_files.hpp>

#include <fmt/core.h>

#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace eventloom {

namespace {

constexpr const char* file_name = "admin.sock";

std::string reason()
{
    return std::strerror(errno);
}

Error no_socket(const std::string& directory, const std::string& found)
{
    return {Failure::storage, "no-admin-socket",
            "made the socket " + directory + "/" + file_name + " and found: " + found + "; " + what_to_do_about(found)};
}

// An address has room for 107 bytes only: a longer path is reached by way of the directory, which is open.
sockaddr_un address_in(const std::string& directory, const Descriptor& open_directory)
{
    std::string path = directory + "/" + file_name;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        path = fmt::format("/proc/self/fd/{}/{}", open_directory.number(), file_name);
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

Descriptor open_directory(const std::string& directory)
{
    return Descriptor{::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

const sockaddr* generic(const sockaddr_un& address)
{
    return reinterpret_cast<const sockaddr*>(&address);
}

// To connect counts as sending.
void limit_sending(const Descriptor& socket, Duration patience)
{
    const auto microseconds = std::chrono::ceil<std::chrono::microseconds>(patience).count();
    const timeval limit{.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
    ::setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

// Others who could write there could put a socket of theirs in this one's place.
result<void> check_directory(const std::string& directory, const Descriptor& opened)
{
    struct stat about {};
    if (::fstat(opened.number(), &about) != 0) return no_socket(directory, reason());
    if ((about.st_mode & S_IWOTH) == 0) return done();
    return fail(Failure::invalid, "directory-open-to-others",
                "opened the data directory " + directory +
                    " to serve it and found that every user may write there; take that right away with `chmod o-w`");
}

// Removes what a killed process has left.
result<void> make_room(const std::string& directory, const Descriptor& opened)
{
    struct stat about {};
    if (::fstatat(opened.number(), file_name, &about, AT_SYMLINK_NOFOLLOW) != 0) return done();
    if (not S_ISSOCK(about.st_mode)) {
        return fail(Failure::invalid, "not-a-socket",
                    "wanted to make the socket " + directory + "/" + file_name +
                        " and found a file there that is not a socket; move it away");
    }
    if (::unlinkat(opened.number(), file_name, 0) != 0) return no_socket(directory, reason());
    return done();
}

} // namespace

Descriptor::~Descriptor()
{
    if (number_ >= 0) ::close(number_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept
{
    std::swap(number_, other.number_);
    return *this;
}

int Descriptor::release()
{
    return std::exchange(number_, -1);
}

result<AdminSocket> AdminSocket::listen(const std::string& directory)
{
    auto opened = open_directory(directory);
    if (opened.number() < 0) return no_socket(directory, reason());
    BOOST_OUTCOME_TRY(check_directory(directory, opened));
    BOOST_OUTCOME_TRY(make_room(directory, opened));
    Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (socket.number() < 0) return no_socket(directory, reason());
    const auto address = address_in(directory, opened);
    // The file takes the mode of the socket that it is bound to, so there is no moment in which others may use it.
    if (::fchmod(socket.number(), S_IRUSR | S_IWUSR) != 0 ||
        ::bind(socket.number(), generic(address), sizeof address) != 0 || ::listen(socket.number(), SOMAXCONN) != 0) {
        return no_socket(directory, reason());
    }
    struct stat about {};
    if (::fstatat(opened.number(), file_name, &about, AT_SYMLINK_NOFOLLOW) != 0 ||
        (about.st_mode & ALLPERMS & ~(S_IRUSR | S_IWUSR)) != 0) {
        return no_socket(directory, "that others may use it");
    }
    return AdminSocket{std::move(opened), std::move(socket)};
}

result<std::optional<AdminSocket>> AdminSocket::connect(const std::string& directory, Duration patience)
{
    const auto not_reached = [&](const std::string& found, const std::string& advice) {
        return Error{Failure::unavailable, "service-not-reached",
                     "asked the service in " + directory + " and found: " + found + "; " + advice};
    };
    const std::string look = "look whether it runs as another user, or is too busy";
    auto opened            = open_directory(directory);
    if (opened.number() < 0) {
        if (errno != EMFILE && errno != ENFILE) return std::optional<AdminSocket>{};
        return not_reached(reason(), what_to_do_about(reason()));
    }
    Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (socket.number() < 0) return not_reached(reason(), what_to_do_about(reason()));
    limit_sending(socket, patience);
    const auto address = address_in(directory, opened);
    if (::connect(socket.number(), generic(address), sizeof address) != 0) {
        if (errno == ECONNREFUSED || errno == ENOENT) return std::optional<AdminSocket>{};
        if (errno == EAGAIN) return not_reached("that it takes no connection", look);
        return not_reached(reason(), look);
    }
    const auto user = peer_of(socket.number()).user;
    if (user != ::geteuid() && user != 0 && ::geteuid() != 0) {
        return fail(
            Failure::refused, "service-of-another-user",
            "asked the service in " + directory +
                " and found that another user runs it; run the command as that user, or give another --data DIR");
    }
    return std::optional{AdminSocket{std::move(opened), std::move(socket)}};
}

Peer AdminSocket::peer_of(int connection)
{
    ucred who{};
    socklen_t size = sizeof who;
    if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return {0, static_cast<uid_t>(-1)};
    return {who.pid, who.uid};
}

void AdminSocket::remove_file() const
{
    ::unlinkat(directory_.number(), file_name, 0);
}

bool send_all(int connection, std::string_view text)
{
    while (not text.empty()) {
        const auto sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) return false;
        if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

} // namespace eventloom
