#include <eventloom/storage/syncing_env.hpp>

#include <eventloom/storage/system_files.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <utility>

namespace eventloom {

namespace {

leveldb::Status sync_system_directory(const std::string& directory)
{
    const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return leveldb::Status::IOError(directory, std::strerror(errno));
    const bool synced = fsync(descriptor) == 0;
    const int reason  = errno;
    close(descriptor);
    // Some file systems cannot sync a directory and say so with EINVAL; there is nothing to be done about it.
    if (synced || reason == EINVAL) return leveldb::Status::OK();
    return leveldb::Status::IOError(directory, std::strerror(reason));
}

std::string directory_of(const std::string& path)
{
    const auto parent = std::filesystem::path{path}.parent_path().string();
    return parent.empty() ? "." : parent;
}

} // namespace

SyncingEnv::SyncingEnv(leveldb::Env* files, SyncDirectory sync_directory)
    : EnvWrapper{files}, sync_directory_{std::move(sync_directory)}
{
}

leveldb::Status SyncingEnv::synced(leveldb::Status status, const std::string& path) const
{
    return status.ok() ? sync_directory_(directory_of(path)) : status;
}

leveldb::Status SyncingEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** file)
{
    *file             = nullptr; // not every Env sets it when it fails
    const auto status = synced(target()->NewWritableFile(path, file), path);
    if (not status.ok() && *file != nullptr) {
        delete *file;
        *file = nullptr;
    }
    return status;
}

leveldb::Status SyncingEnv::RenameFile(const std::string& from, const std::string& to)
{
    return synced(target()->RenameFile(from, to), to);
}

leveldb::Status SyncingEnv::RemoveFile(const std::string& path)
{
    return synced(target()->RemoveFile(path), path);
}

leveldb::Status SyncingEnv::CreateDir(const std::string& directory)
{
    return synced(target()->CreateDir(directory), directory);
}

leveldb::Env& system_files()
{
    static SyncingEnv files{leveldb::Env::Default(), sync_system_directory};
    return files;
}

} // namespace eventloom
