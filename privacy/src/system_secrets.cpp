#include <eventloom/privacy/detail/secrets.hpp>

#include "secret_key.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace eventloom {

namespace {

constexpr std::size_t largest_file = 4096;
constexpr mode_t of_others         = S_IRWXG | S_IRWXO;

std::string reason()
{
    return std::strerror(errno);
}

class Descriptor {
public:
    explicit Descriptor(int number) : number_{number} {}
    ~Descriptor()
    {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&)            = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const { return number_; }
    bool is_open() const { return number_ >= 0; }

private:
    const int number_;
};

Error unreadable(const std::string& path, const std::string& found)
{
    return {Failure::storage, "secret-file-unreadable",
            "read the secret file " + path + " and found: " + found + "; check its rights and its disk"};
}

Error not_made(const std::string& path, const std::string& found)
{
    return {Failure::storage, "secret-file-not-made",
            "made the secret file " + path + " and found: " + found + "; check the directory's rights and its disk"};
}

Error exposed(const std::string& path, const std::string& found)
{
    return {Failure::invalid, "secret-file-exposed",
            "read the secret file " + path + " and found " + found +
                "; only its owner may have rights to it (`chmod 600`), and whoever could read it knows the secret"};
}

bool write_all(int file, std::string_view content)
{
    while (not content.empty()) {
        const auto written = ::write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

result<void> sync_directory_of(const std::string& path)
{
    const auto slash     = path.rfind('/');
    const auto directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
    const Descriptor opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (not opened.is_open() || ::fsync(opened.number()) != 0) return not_made(path, reason());
    return done();
}

class SystemSecrets final : public Secrets {
public:
    void draw(std::span<std::uint8_t> bytes) override { draw_randomness(bytes); }

    result<std::optional<std::string>> read(const std::string& path) override
    {
        const Descriptor file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
        if (not file.is_open() && errno == ENOENT) return std::optional<std::string>{};
        if (not file.is_open() && errno == ELOOP) return exposed(path, "a link");
        if (not file.is_open()) return unreadable(path, reason());
        struct stat about {};
        if (::fstat(file.number(), &about) != 0) return unreadable(path, reason());
        if (not S_ISREG(about.st_mode)) return exposed(path, "something that is not a file");
        if ((about.st_mode & of_others) != 0) return exposed(path, "that others have rights to it");
        if (about.st_uid != ::geteuid() && about.st_uid != 0) return exposed(path, "that it belongs to somebody else");
        std::string content(largest_file, '\0');
        std::size_t size = 0;
        for (;;) {
            const auto count = ::read(file.number(), content.data() + size, content.size() - size);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return unreadable(path, reason());
            if (count == 0) break;
            size += static_cast<std::size_t>(count);
        }
        content.resize(size);
        return std::optional{std::move(content)};
    }

    result<void> create(const std::string& path, std::string_view content) override
    {
        const std::string beside = path + ".new";
        ::unlink(beside.c_str()); // what a killed process has left
        {
            const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
            const Descriptor file{::open(beside.c_str(), flags, S_IRUSR | S_IWUSR)};
            if (not file.is_open()) return not_made(path, reason());
            if (not write_all(file.number(), content) || ::fsync(file.number()) != 0) return not_made(path, reason());
        }
        if (::renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) {
            return sync_directory_of(path);
        }
        const int found     = errno;
        const auto sentence = reason();
        ::unlink(beside.c_str());
        if (found != EEXIST) return not_made(path, sentence);
        return fail(Failure::invalid, "secret-file-exists",
                    "made the secret file " + path + " and found that it exists; give another name");
    }
};

} // namespace

Secrets& system_secrets()
{
    static SystemSecrets secrets;
    return secrets;
}

} // namespace eventloom
