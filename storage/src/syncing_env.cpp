#include <eventloom/storage/syncing_env.hpp>

#include <filesystem>
#include <utility>

namespace eventloom {

namespace {

// Asked before anything is changed: it may find no memory.
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

leveldb::Status SyncingEnv::synced(leveldb::Status status, const std::string& directory)
{
    if (not status.ok()) return status;
    status = sync_directory_(directory);
    const std::lock_guard lock{mutex_};
    if (status.ok())
        doubtful_.erase(directory);
    else
        doubtful_.insert(directory);
    return status;
}

bool SyncingEnv::is_doubtful(const std::string& path)
{
    const std::lock_guard lock{mutex_};
    return doubtful_.contains(directory_of(path));
}

leveldb::Status SyncingEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** file)
{
    *file                         = nullptr; // not every Env sets it when it fails
    const auto directory          = directory_of(path);
    leveldb::WritableFile* opened = nullptr;
    auto status                   = target()->NewWritableFile(path, &opened);
    std::unique_ptr<leveldb::WritableFile> held{opened};
    status = synced(std::move(status), directory);
    if (status.ok()) *file = held.release();
    return status;
}

leveldb::Status SyncingEnv::RenameFile(const std::string& from, const std::string& to)
{
    const auto directory = directory_of(to);
    return synced(target()->RenameFile(from, to), directory);
}

leveldb::Status SyncingEnv::RemoveFile(const std::string& path)
{
    // A rename whose sync has failed may hold all the same. LevelDB takes CURRENT for what it was before, and would remove
    // the manifest that CURRENT now names.
    if (is_doubtful(path)) {
        return leveldb::Status::IOError(path, "kept, because the last sync of its directory failed");
    }
    const auto directory = directory_of(path);
    return synced(target()->RemoveFile(path), directory);
}

leveldb::Status SyncingEnv::LockFile(const std::string& path, leveldb::FileLock** lock)
{
    const auto directory = directory_of(path);
    auto status          = target()->LockFile(path, lock);
    const std::lock_guard held{mutex_};
    if (status.ok()) doubtful_.erase(directory); // whoever begins anew reads CURRENT as it is
    return status;
}

leveldb::Status SyncingEnv::CreateDir(const std::string& directory)
{
    const auto parent = directory_of(directory);
    return synced(target()->CreateDir(directory), parent);
}

} // namespace eventloom
