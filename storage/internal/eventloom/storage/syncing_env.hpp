// An Env that syncs what LevelDB does not: directories, without which a new or renamed file may be gone after a power cut,
// and acknowledged writes with it (LevelDB syncs a directory only before a MANIFEST); and a file of its log before the next
// one is begun, without which writes that were not synced could go from the middle instead of from the end.
//
// A new file has its name for good when its first Sync returns, as its bytes: so one sync of the directory serves all that were
// made in it before. When a Sync of a MANIFEST returns, all files of its directory have theirs. A file that will be renamed
// (*.dbtmp, *.new) gets its name for good by that.
//
//     SyncingEnv files{leveldb::Env::Default(), sync_directory_of_the_system};
//     Runtime runtime{clock, executor, ids, files};
//
// Needs LevelDB's headers, so include it only where an Env is made. Threads: as the Env underneath.
#pragma once

#include <eventloom/storage/linking_files.hpp>

#include <leveldb/env.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace eventloom {

class SyncingEnv final : public leveldb::EnvWrapper, public LinkingFiles {
public:
    using SyncDirectory = std::function<leveldb::Status(const std::string& directory)>;

    // `files` outlives this.
    SyncingEnv(leveldb::Env* files, SyncDirectory sync_directory);

    leveldb::Status NewWritableFile(const std::string& path, leveldb::WritableFile** file) override;
    leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
    leveldb::Status RemoveFile(const std::string& path) override;
    leveldb::Status CreateDir(const std::string& directory) override;
    leveldb::Status LockFile(const std::string& path, leveldb::FileLock** lock) override;
    // As the Env underneath can.
    leveldb::Status link_file(const std::string& from, const std::string& to) override;
    leveldb::Status identify(const std::string& path, std::string* identity) override;
    leveldb::Status count_names(const std::string& path, std::uint64_t* names) override;
    // What these were called before LevelDB 1.23; the base classes call one through the other.
    leveldb::Status DeleteFile(const std::string& path) override { return RemoveFile(path); }

private:
    class File;
    // Of which something is remembered.
    struct Directory {
        std::uint64_t newest_file = 0; // the number of the last one that was made in it
        std::uint64_t named_till  = 0; // files up to this number have their names for good
        // Its last sync failed: nothing is removed from it until a sync succeeds, or a new opening begins.
        bool is_doubtful = false;
        File* log        = nullptr; // of LevelDB, that is open
    };
    leveldb::Status synced(leveldb::Status status, const std::string& directory);
    leveldb::Status sync_log_before_the_next(const std::string& directory);
    bool is_doubtful(const std::string& path);
    leveldb::Status name(const std::string& directory, std::uint64_t files_till);
    void forget_if_settled(const std::string& directory);

    SyncDirectory sync_directory_;
    std::mutex mutex_; // over the next
    std::uint64_t files_made_ = 0;
    std::map<std::string, Directory> directories_;
};

} // namespace eventloom
