// The right to work in a directory, for as long as it lives: a lock of a file there, which is made when it is missing.
#pragma once

#include <leveldb/env.h>

#include <string>

namespace eventloom {

class FileLock {
public:
    FileLock(leveldb::Env& files, const std::string& path) : files_{files}, status_{files.LockFile(path, &lock_)} {}
    ~FileLock()
    {
        if (status_.ok()) files_.UnlockFile(lock_);
    }
    FileLock(const FileLock&)            = delete;
    FileLock& operator=(const FileLock&) = delete;

    // Not ok: somebody else has it, or the file cannot be written.
    const leveldb::Status& status() const { return status_; }

private:
    leveldb::Env& files_;
    leveldb::FileLock* lock_ = nullptr;
    const leveldb::Status status_;
};

} // namespace eventloom
