#include <eventloom/storage/syncing_env.hpp>

#include <eventloom/storage/database_files.hpp>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

namespace eventloom {

namespace {

// Asked before anything is changed: it may find no memory.
std::string directory_of(const std::string& path)
{
    const auto parent = std::filesystem::path{path}.parent_path().string();
    return parent.empty() ? "." : parent;
}

bool will_be_renamed(std::string_view path)
{
    return path.ends_with(".dbtmp") || path.ends_with(".new");
}

} // namespace

// A file that its Env knows for as long as it is open.
class SyncingEnv::File final : public leveldb::WritableFile {
public:
    // Before it is synced, the files of its directory up to the number `names_till` get their names for good.
    File(SyncingEnv& env, std::string directory, std::uint64_t names_till, std::unique_ptr<leveldb::WritableFile> file)
        : env_{env}, directory_{std::move(directory)}, names_till_{names_till}, file_{std::move(file)}
    {
    }
    ~File() override
    {
        const std::lock_guard lock{env_.mutex_};
        const auto known = env_.directories_.find(directory_);
        if (known == env_.directories_.end() || known->second.log != this) return;
        known->second.log = nullptr;
        env_.forget_if_settled(directory_);
    }
    File(const File&)            = delete;
    File& operator=(const File&) = delete;

    leveldb::Status Append(const leveldb::Slice& bytes) override
    {
        is_synced_ = false;
        return file_->Append(bytes);
    }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Sync() override
    {
        auto status = env_.name(directory_, names_till_);
        if (status.ok()) status = file_->Sync();
        is_synced_ = status.ok();
        return status;
    }
    bool is_synced() const { return is_synced_; }

private:
    SyncingEnv& env_;
    const std::string directory_;
    const std::uint64_t names_till_;
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
    std::uint64_t made = 0; // a file that is made from here on may come too late for this sync
    {
        const std::lock_guard lock{mutex_};
        made = files_made_;
    }
    status = sync_directory_(directory);
    const std::lock_guard lock{mutex_};
    Directory& known  = directories_[directory];
    known.is_doubtful = not status.ok();
    if (status.ok()) known.named_till = std::max(known.named_till, made);
    forget_if_settled(directory);
    return status;
}

leveldb::Status SyncingEnv::name(const std::string& directory, std::uint64_t files_till)
{
    {
        const std::lock_guard lock{mutex_};
        const auto known = directories_.find(directory);
        if (known == directories_.end()) return leveldb::Status::OK();
        if (std::min(files_till, known->second.newest_file) <= known->second.named_till) return leveldb::Status::OK();
    }
    return synced(leveldb::Status::OK(), directory);
}

// So that there are not more of them than are in use.
void SyncingEnv::forget_if_settled(const std::string& directory)
{
    const auto known       = directories_.find(directory);
    const Directory& there = known->second;
    if (there.newest_file <= there.named_till && not there.is_doubtful && there.log == nullptr) {
        directories_.erase(known);
    }
}

// LevelDB goes on to the next file of its log without syncing this one. After a power cut that one could be there and the end
// of this one not: a part in the middle would be missing from what was written, and nothing would say so.
leveldb::Status SyncingEnv::sync_log_before_the_next(const std::string& directory)
{
    File* log = nullptr;
    {
        const std::lock_guard lock{mutex_};
        const auto known = directories_.find(directory);
        if (known != directories_.end()) log = known->second.log;
    }
    // It is still open, and its only writer is the one that asks for the next file.
    return log == nullptr || log->is_synced() ? leveldb::Status::OK() : log->Sync();
}

bool SyncingEnv::is_doubtful(const std::string& path)
{
    const std::lock_guard lock{mutex_};
    const auto known = directories_.find(directory_of(path));
    return known != directories_.end() && known->second.is_doubtful;
}

leveldb::Status SyncingEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** file)
{
    *file                         = nullptr; // not every Env sets it when it fails
    auto directory                = directory_of(path);
    const bool is_log             = path.ends_with(".log");
    leveldb::WritableFile* opened = nullptr;
    auto status                   = is_log ? sync_log_before_the_next(directory) : leveldb::Status::OK();
    if (not status.ok()) return status;
    status = target()->NewWritableFile(path, &opened);
    std::unique_ptr<leveldb::WritableFile> held{opened};
    if (not status.ok()) return status;
    const std::lock_guard lock{mutex_};
    // A list of a database's files is not to be there before a file that it names.
    const bool is_kept    = not will_be_renamed(path);
    const auto names_till = is_list_of_files(path) ? std::numeric_limits<std::uint64_t>::max()
                            : is_kept              ? files_made_ + 1
                                                   : 0;
    auto made             = std::make_unique<File>(*this, directory, names_till, std::move(held));
    if (is_kept) {
        Directory& known  = directories_[directory];
        known.newest_file = ++files_made_;
        if (is_log) known.log = made.get();
    }
    *file = made.release();
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
    const auto known = directories_.find(directory);
    if (not status.ok() || known == directories_.end()) return status;
    known->second.is_doubtful = false; // a new opening reads CURRENT as it is
    forget_if_settled(directory);
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
