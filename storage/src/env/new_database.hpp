// An Env for a database that may be new: what LevelDB writes only to read it back at once is kept in memory.
//
// LevelDB makes a new database twice: a list of its files that names none (MANIFEST-000001, and CURRENT that names it), and
// then, when its log is there, the list that it goes on with. Each takes syncs of its own, and nothing is in the database that
// the first list could lose. So here the first list is never on the disk: until CURRENT names the second one there is no CURRENT,
// and the next opening begins anew, with what a crash has left as with a directory that is empty.
//
//     NewDatabase files{checked, directory};
//     settings.env = &files;
//
// Threads: as the Env underneath.
#pragma once

#include <eventloom/storage/memory_files.hpp>

#include <leveldb/env.h>

#include <atomic>
#include <string>

namespace eventloom {

class NewDatabase final : public leveldb::EnvWrapper {
public:
    // `files` outlives this. The directory's lock is held.
    NewDatabase(leveldb::Env& files, const std::string& directory);

    leveldb::Status NewSequentialFile(const std::string& path, leveldb::SequentialFile** file) override;
    leveldb::Status NewWritableFile(const std::string& path, leveldb::WritableFile** file) override;
    bool FileExists(const std::string& path) override;
    leveldb::Status RemoveFile(const std::string& path) override;
    leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
    // What it was called before LevelDB 1.23; the base classes call one through the other.
    leveldb::Status DeleteFile(const std::string& path) override { return RemoveFile(path); }

private:
    bool is_in_memory(const std::string& path);

    const std::string current_;
    const std::string first_list_;
    const std::string first_temporary_; // which becomes the first CURRENT
    MemoryFiles memory_;
    std::atomic<bool> is_new_;
};

} // namespace eventloom
