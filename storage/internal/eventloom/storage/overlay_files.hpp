// An Env that shows files under names in a directory where they are not: a database is opened as if it consisted of them,
// and whatever it writes, replaces or removes is in that directory alone. The files themselves are only read.
//
//     OverlayFiles view{runtime.files};
//     view.show("backups/files/1f2e...", "backups/verifying/000005.ldb");
//     Database::open({runtime.clock, runtime.executor, runtime.ids, view}, {.directory = "backups/verifying"});
//
// Needs LevelDB's headers, so include it only where an Env is made. Threads: any, when all is shown.
#pragma once

#include <leveldb/env.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace eventloom {

class OverlayFiles final : public leveldb::EnvWrapper {
public:
    // `files` outlives this.
    explicit OverlayFiles(leveldb::Env& files) : EnvWrapper{&files} {}

    void show(const std::string& file, const std::string& as) { shown_[as] = file; }

    leveldb::Status NewSequentialFile(const std::string& path, leveldb::SequentialFile** file) override;
    leveldb::Status NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** file) override;
    leveldb::Status NewWritableFile(const std::string& path, leveldb::WritableFile** file) override;
    leveldb::Status NewAppendableFile(const std::string& path, leveldb::WritableFile** file) override;
    bool FileExists(const std::string& path) override;
    leveldb::Status GetChildren(const std::string& directory, std::vector<std::string>* names) override;
    leveldb::Status RemoveFile(const std::string& path) override;
    leveldb::Status GetFileSize(const std::string& path, std::uint64_t* size) override;
    leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
    // What it was called before LevelDB 1.23; the base classes call one through the other.
    leveldb::Status DeleteFile(const std::string& path) override { return RemoveFile(path); }

private:
    // Where the file of this name is.
    std::string place_of(const std::string& path) const;
    // Whether it was shown until now.
    bool hide(const std::string& path);

    mutable std::mutex mutex_;
    std::map<std::string, std::string> shown_;
};

} // namespace eventloom
