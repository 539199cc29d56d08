#include <eventloom/storage/database_files.hpp>
#include <eventloom/storage/syncing_env.hpp>
#include <eventloom/storage/system_files.hpp>

#include "env/written_ahead_file.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace eventloom {

namespace {

leveldb::Status fault(const std::string& path)
{
    return leveldb::Status::IOError(path, std::strerror(errno));
}

// Data are their user's alone, whatever the umask says; what this process makes is so from its first moment on.
constexpr mode_t rights_of_a_file      = S_IRUSR | S_IWUSR;
constexpr mode_t rights_of_a_directory = S_IRWXU;

// A file that is there is not opened: to close it again would give up this process's lock on it.
leveldb::Status make_private_file(const std::string& path)
{
    const int descriptor = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, rights_of_a_file);
    if (descriptor < 0) return errno == EEXIST ? leveldb::Status::OK() : fault(path);
    auto status = fchmod(descriptor, rights_of_a_file) == 0 ? leveldb::Status::OK() : fault(path);
    close(descriptor);
    return status;
}

leveldb::Status sync_system_directory(const std::string& directory)
{
    const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return fault(directory);
    auto status = fsync(descriptor) == 0 ? leveldb::Status::OK() : fault(directory);
    // Some file systems cannot sync a directory and say so with EINVAL; there is nothing to be done about it.
    if (not status.ok() && errno == EINVAL) status = leveldb::Status::OK();
    close(descriptor);
    return status;
}

// Reads by calls, not by mapping the file into memory: pages of a mapped file count as the process's own, a file that is
// cut short while it is mapped would kill it, and a disk that cannot read must be an error, not a signal.
class ReadFile final : public leveldb::RandomAccessFile {
public:
    explicit ReadFile(const std::string& path) : path_{path}, descriptor_{open(path.c_str(), O_RDONLY | O_CLOEXEC)} {}
    ~ReadFile() override
    {
        if (is_open()) close(descriptor_);
    }
    bool is_open() const { return descriptor_ >= 0; }

    leveldb::Status Read(std::uint64_t offset, std::size_t count, leveldb::Slice* found, char* scratch) const override
    {
        std::size_t done = 0;
        while (done < count) {
            const auto read = pread(descriptor_, scratch + done, count - done, static_cast<off_t>(offset + done));
            if (read < 0 && errno == EINTR) continue;
            if (read < 0) return fault(path_);
            if (read == 0) break;
            done += static_cast<std::size_t>(read);
        }
        *found = leveldb::Slice{scratch, done};
        return leveldb::Status::OK();
    }

private:
    const std::string path_;
    const int descriptor_;
};

class SystemEnv final : public leveldb::EnvWrapper, public LinkingFiles {
public:
    SystemEnv() : EnvWrapper{leveldb::Env::Default()} {}

    leveldb::Status NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** file) override
    {
        auto opened = std::make_unique<ReadFile>(path);
        if (not opened->is_open())
            return errno == ENOENT ? leveldb::Status::NotFound(path, std::strerror(errno)) : fault(path);
        *file = opened.release();
        return leveldb::Status::OK();
    }

    leveldb::Status NewWritableFile(const std::string& path, leveldb::WritableFile** file) override
    {
        if (auto made = make_private_file(path); not made.ok()) return made;
        const bool is_log = path.ends_with(".log");
        if (not is_log && not is_list_of_files(path)) return target()->NewWritableFile(path, file);
        std::unique_ptr<leveldb::WritableFile> opened;
        auto status = open_written_ahead(path, is_log ? WrittenAhead::zeros : WrittenAhead::nothing, opened);
        *file       = opened.release();
        return status;
    }

    leveldb::Status NewAppendableFile(const std::string& path, leveldb::WritableFile** file) override
    {
        auto made = make_private_file(path);
        return made.ok() ? target()->NewAppendableFile(path, file) : made;
    }

    leveldb::Status NewLogger(const std::string& path, leveldb::Logger** logger) override
    {
        auto made = make_private_file(path);
        return made.ok() ? target()->NewLogger(path, logger) : made;
    }

    // LevelDB opens a file that this process has locked and closes it again, before it refuses: the system then gives the lock
    // up, and another process gets it. So what is locked here is known here.
    leveldb::Status LockFile(const std::string& path, leveldb::FileLock** lock) override
    {
        const std::lock_guard one_at_a_time{locking_};
        if (locks_.contains(path)) return leveldb::Status::IOError("lock " + path, "already held by process");
        if (auto made = make_private_file(path); not made.ok()) return made;
        auto status = target()->LockFile(path, lock);
        if (status.ok()) locks_.emplace(path, *lock);
        return status;
    }

    leveldb::Status UnlockFile(leveldb::FileLock* lock) override
    {
        const std::lock_guard one_at_a_time{locking_};
        std::erase_if(locks_, [&](const auto& held) { return held.second == lock; });
        return target()->UnlockFile(lock);
    }

    leveldb::Status CreateDir(const std::string& directory) override
    {
        if (mkdir(directory.c_str(), rights_of_a_directory) != 0) return fault(directory);
        return chmod(directory.c_str(), rights_of_a_directory) == 0 ? leveldb::Status::OK() : fault(directory);
    }

    leveldb::Status link_file(const std::string& from, const std::string& to) override
    {
        if (link(from.c_str(), to.c_str()) != 0) return fault(to);
        // Both names have the rights of one file; in a store that was made long ago these are others' too.
        struct stat found = {};
        if (stat(to.c_str(), &found) == 0) static_cast<void>(chmod(to.c_str(), found.st_mode & rights_of_a_directory));
        return leveldb::Status::OK();
    }

    leveldb::Status identify(const std::string& path, std::string* identity) override
    {
        struct stat found = {};
        if (stat(path.c_str(), &found) != 0) return fault(path);
        *identity = fmt::format("{}:{}:{}:{}.{}", found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec,
                                found.st_mtim.tv_nsec);
        return leveldb::Status::OK();
    }

    leveldb::Status count_names(const std::string& path, std::uint64_t* names) override
    {
        struct stat found = {};
        if (stat(path.c_str(), &found) != 0) return fault(path);
        *names = found.st_nlink;
        return leveldb::Status::OK();
    }

    // What it was called before LevelDB 1.23; the base classes call one through the other.
    leveldb::Status DeleteFile(const std::string& path) override { return RemoveFile(path); }

private:
    std::mutex locking_;
    std::map<std::string, leveldb::FileLock*> locks_;
};

} // namespace

leveldb::Env& system_files()
{
    static SystemEnv system;
    static SyncingEnv files{&system, sync_system_directory};
    return files;
}

} // namespace eventloom
