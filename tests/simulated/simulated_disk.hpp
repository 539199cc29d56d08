// A disk in memory that does what real ones do when the power goes: for tests that let the real LevelDB crash.
//
//     SimulatedDisk disk{seed};
//     disk.crash_at(disk.operations() + 17);      // from the 17th change on, every call fails
//     ... run until it fails, let go of everything ...
//     disk.power_cut(Tail::torn);                 // what was not synced is gone, or half there
//     ... open again ...
//
// Files have bytes the system has seen and bytes the platter has; directories have entries seen and entries kept. LevelDB's
// background work runs on the one thread there is: see single_thread.cpp, which every executable with this must link.
// Threads: one.
#pragma once

#include <leveldb/env.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace eventloom::testing {

// What a power cut leaves of bytes that were written and not synced.
enum class Tail : std::uint8_t { dropped, shortened, torn };

// When the entries of a directory are kept: with any sync (as ext4 does), or only with a sync of the directory (as POSIX
// allows).
enum class DirectoryModel : std::uint8_t { ordered, strict };

class SimulatedDisk final : public leveldb::EnvWrapper {
public:
    explicit SimulatedDisk(std::uint64_t seed, DirectoryModel model = DirectoryModel::ordered);
    ~SimulatedDisk() override;

    // Changes so far: writes, syncs, new files, renames, removals.
    std::uint64_t operations() const { return operations_; }
    // The change with this number, and all after it, fail: the process is dying.
    void crash_at(std::uint64_t operation) { crash_at_ = operation; }
    bool crashed() const { return crashed_; }
    // The change with this number is a write that stops half-way for want of room, once; or a sync that fails, once.
    void fill_at(std::uint64_t operation) { full_at_ = operation; }
    void fail_sync_at(std::uint64_t operation) { sync_fails_at_ = operation; }
    bool fault_happened() const { return fault_happened_; }

    // The machine starts again with what the platter holds.
    void power_cut(Tail tail);

    // Every file as the system sees it.
    std::map<std::string, std::string> files() const;
    void replace(const std::string& path, std::string content);

    leveldb::Status sync_directory();

    leveldb::Status NewSequentialFile(const std::string& path, leveldb::SequentialFile** file) override;
    leveldb::Status NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** file) override;
    leveldb::Status NewWritableFile(const std::string& path, leveldb::WritableFile** file) override;
    leveldb::Status NewAppendableFile(const std::string& path, leveldb::WritableFile** file) override;
    bool FileExists(const std::string& path) override;
    leveldb::Status GetChildren(const std::string& directory, std::vector<std::string>* names) override;
    leveldb::Status RemoveFile(const std::string& path) override;
    leveldb::Status CreateDir(const std::string& directory) override;
    leveldb::Status RemoveDir(const std::string& directory) override;
    leveldb::Status GetFileSize(const std::string& path, std::uint64_t* size) override;
    leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
    leveldb::Status LockFile(const std::string& path, leveldb::FileLock** lock) override;
    leveldb::Status UnlockFile(leveldb::FileLock* lock) override;
    void Schedule(void (*job)(void*), void* argument) override;
    leveldb::Status NewLogger(const std::string& path, leveldb::Logger** logger) override;
    std::uint64_t NowMicros() override { return now_ += 10; }
    void SleepForMicroseconds(int microseconds) override;

    struct File {
        std::string seen; // by the system
        std::string kept; // by the platter
    };
    enum class Change : std::uint8_t { done, dead, half };
    // Every change passes here, in its order.
    Change change(bool is_write, bool is_sync);
    leveldb::Status sync(File& file, const std::string& path);

private:
    using Directory = std::map<std::string, std::shared_ptr<File>>;
    struct Entry {
        std::string path;
        std::shared_ptr<File> file; // nothing: the entry goes
    };

    std::shared_ptr<File> find(const std::string& path) const;
    void enter(Entry entry);
    void keep_entries();
    std::uint64_t draw(std::uint64_t bound);

    const DirectoryModel model_;
    std::uint64_t random_;
    Directory seen_;
    Directory kept_;
    std::vector<Entry> pending_; // entries seen and not kept yet, in their order
    std::map<std::string, bool> directories_;
    std::uint64_t operations_    = 0;
    std::uint64_t crash_at_      = 0;
    std::uint64_t full_at_       = 0;
    std::uint64_t sync_fails_at_ = 0;
    bool crashed_                = false;
    bool fault_happened_         = false;
    std::uint64_t now_           = 0;
};

// LevelDB's background work that waits to be run.
void run_background_work();
bool run_one_background_job();
void queue_background_job(void (*job)(void*), void* argument);

} // namespace eventloom::testing
