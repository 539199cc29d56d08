#include <eventloom/storage/syncing_env.hpp>

#include <filesystem>
#include <memory>
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

// A file of LevelDB's log, which its Env knows for as long as it is open.
class SyncingEnv::LogFile final : public leveldb::WritableFile {
public:
    LogFile(SyncingEnv& env, std::string directory, std::unique_ptr<leveldb::WritableFile> file)
        : env_{env}, directory_{std::move(directory)}, file_{std::move(file)}
    {
        const std::lock_guard lock{env_.mutex_};
        env_.logs_[directory_] = this;
    }
    ~LogFile() override
    {
        const std::lock_guard lock{env_.mutex_};
        const auto known = env_.logs_.find(directory_);
        if (known != env_.logs_.end() && known->second == this) env_.logs_.erase(known);
    }
    LogFile(const LogFile&)            = delete;
    LogFile& operator=(const LogFile&) = delete;

    leveldb::Status Append(const leveldb::Slice& bytes) override
    {
        is_synced_ = false;
        return file_->Append(bytes);
    }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Sync() override
    {
        auto status = file_->Sync();
        is_synced_  = status.ok();
        return status;
    }
    bool is_synced() const { return is_synced_; }

private:
    SyncingEnv& env_;
    const std::string directory_;
    const std::unique_ptr<leveldb::WritableFile> file_;
    bool is_synced_ = true;
};

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

// LevelDB goes on to the next file of its log without syncing this one. After a power cut that one could be there and the end
// of this one not: a part in the middle would be missing from what was written, and nothing would say so.
leveldb::Status SyncingEnv::sync_log_before_the_next(const std::string& directory)
{
    LogFile* log = nullptr;
    {
        const std::lock_guard lock{mutex_};
        const auto known = logs_.find(directory);
        if (known != logs_.end()) log = known->second;
    }
    // It is still open, and its only writer is the one that asks for the next file.
    return log == nullptr || log->is_synced() ? leveldb::Status::OK() : log->Sync();
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
    const bool is_log             = path.ends_with(".log");
    leveldb::WritableFile* opened = nullptr;
    auto status                   = is_log ? sync_log_before_the_next(directory) : leveldb::Status::OK();
    if (not status.ok()) return status;
    status = target()->NewWritableFile(path, &opened);
    std::unique_ptr<leveldb::WritableFile> held{opened};
    status = synced(std::move(status), directory);
    if (not status.ok()) return status;
    if (is_log) held = std::make_unique<LogFile>(*this, directory, std::move(held));
    *file = held.release();
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
    if (status.ok()) doubtful_.erase(directory); // a new opening reads CURRENT as it is
    return status;
}

leveldb::Status SyncingEnv::link_file(const std::string& from, const std::string& to)
{
    auto* const linking = linking_files(*target());
    if (linking == nullptr) return leveldb::Status::NotSupported(to, "these files have one name each");
    const auto directory = directory_of(to);
    return synced(linking->link_file(from, to), directory);
}

leveldb::Status SyncingEnv::identify(const std::string& path, std::string* identity)
{
    auto* const linking = linking_files(*target());
    if (linking == nullptr) return leveldb::Status::NotSupported(path, "these files are known by name alone");
    return linking->identify(path, identity);
}

leveldb::Status SyncingEnv::count_names(const std::string& path, std::uint64_t* names)
{
    auto* const linking = linking_files(*target());
    if (linking == nullptr) return leveldb::Status::NotSupported(path, "these files have one name each");
    return linking->count_names(path, names);
}

leveldb::Status SyncingEnv::CreateDir(const std::string& directory)
{
    const auto parent = directory_of(directory);
    return synced(target()->CreateDir(directory), parent);
}

} // namespace eventloom
