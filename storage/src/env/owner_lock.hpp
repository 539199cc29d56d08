// The lock of a database's directory. It is taken before anything in the directory is read or repaired, and to remove it.
// A directory that a running process has open is not changed.
#pragma once

#include "env/status.hpp"

#include <eventloom/framework/result.hpp>

#include <leveldb/env.h>

#include <string>
#include <utility>

namespace eventloom {

class OwnerLock {
public:
    // Failure::unavailable "held-by-another-process".
    static result<OwnerLock> take(leveldb::Env& files, const std::string& directory, std::string_view asked)
    {
        leveldb::FileLock* lock = nullptr;
        const auto status       = files.LockFile(directory + "/OWNER.LOCK", &lock);
        if (not status.ok()) return error_of(status, asked);
        return OwnerLock{files, lock};
    }
    OwnerLock(OwnerLock&& other) noexcept : files_{other.files_}, lock_{std::exchange(other.lock_, nullptr)} {}
    OwnerLock& operator=(OwnerLock&&) = delete;
    ~OwnerLock()
    {
        if (lock_ != nullptr) files_.UnlockFile(lock_);
    }

private:
    OwnerLock(leveldb::Env& files, leveldb::FileLock* lock) : files_{files}, lock_{lock} {}
    leveldb::Env& files_;
    leveldb::FileLock* lock_;
};

} // namespace eventloom
