// Files in memory, for the table of a process that dies: what it writes from then on is lost.
//
//     MemoryFiles files;
//     Runtime runtime{simulated, simulated, simulated, files};
//     files.freeze();                                          // the process is dead, and does not know it yet
//     files.thaw();                                            // the next one
//
// Threads: the file system may be used from any thread; freeze and thaw while nobody uses it.
#pragma once

#include <leveldb/env.h>

#include <atomic>

namespace eventloom {

class MemoryFiles final : public leveldb::EnvWrapper {
public:
    MemoryFiles();
    ~MemoryFiles() override;

    void freeze() { is_frozen_ = true; }
    void thaw() { is_frozen_ = false; }

    leveldb::Status NewSequentialFile(const std::string& name, leveldb::SequentialFile** file) override;
    leveldb::Status NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** file) override;
    leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override;
    leveldb::Status NewAppendableFile(const std::string& name, leveldb::WritableFile** file) override;
    leveldb::Status RemoveFile(const std::string& name) override;
    leveldb::Status RenameFile(const std::string& from, const std::string& to) override;

private:
    class File;
    leveldb::Status guarded(leveldb::Status opened, leveldb::WritableFile** file);

    std::atomic<bool> is_frozen_{false};
};

} // namespace eventloom
