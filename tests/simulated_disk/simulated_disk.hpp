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

#include "simulated_disk/disk_faults.hpp"
#include "simulated_disk/power_cut.hpp"

#include <eventloom/storage/linking_files.hpp>

#include <leveldb/env.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eventloom::testing {

// When the entries of a directory are kept: with any sync (as ext4 does), or only with a sync of the directory (as POSIX
// allows).
enum class DirectoryModel : std::uint8_t { ordered, strict };

// Bytes are shared by the images of a disk until they are changed.
struct SimulatedFile {
    std::shared_ptr<const std::string> seen = std::make_shared<std::string>(); // by the system
    std::shared_ptr<const std::string> kept = seen;                            // by the platter
    // Not only at its end, as LevelDB does: what the platter holds need not be the beginning of what the system sees.
    bool written_anywhere = false;
    std::uint64_t number  = 0; // that no other file of the disk has; 0: not known any more
};

// A disk at one moment.
struct DiskImage {
    using Directory = std::map<std::string, std::shared_ptr<SimulatedFile>>;
    struct Entry {
        std::string path;
        std::shared_ptr<SimulatedFile> file; // nothing: the entry goes
        std::string renamed_from = {};       // goes in the same step; without a file it is a directory, with all in it

        void put_into(Directory& directory) const;
    };

    DirectoryModel model = DirectoryModel::ordered;
    Directory seen;
    Directory kept;
    std::vector<Entry> pending; // entries seen and not kept yet, in their order
    std::map<std::string, bool> directories;

    DiskImage copy() const;
    void rename_directories(const std::string& from, const std::string& to);
    void make_directories_of_files();
};

class SimulatedDisk final : public leveldb::EnvWrapper, public LinkingFiles {
public:
    explicit SimulatedDisk(std::uint64_t seed, DirectoryModel model = DirectoryModel::ordered);
    SimulatedDisk(std::uint64_t seed, const DiskImage& image);
    ~SimulatedDisk() override;

    // Changes so far: writes, syncs, new files, renames, removals.
    std::uint64_t operations() const { return operations_; }
    std::uint64_t count(Operation operation) const { return faults_.count(operation); }
    // Told before each operation, or each change, is made.
    void before_each_operation(std::function<void(Operation)> told) { before_each_ = std::move(told); }
    void before_each_change(std::function<void()> told)
    {
        before_each_ = [told = std::move(told)](Operation operation) {
            if (told && is_change(operation)) told();
        };
    }
    // Of all changes so far, with their bytes.
    std::uint64_t trace() const { return trace_; }

    // The change with this number, and all after it, fail: the process is dying.
    void crash_at(std::uint64_t operation) { crash_at_ = operation; }
    bool crashed() const { return crashed_; }
    void fail(const Fault& fault) { faults_.add(fault); }
    // So many more bytes, and the disk is full. A file that is removed gives its bytes back.
    void leave_room(std::uint64_t bytes) { room_ = bytes; }
    std::uint64_t room() const { return room_; }
    bool fault_happened() const { return faults_.happened() || was_full_; }
    std::uint64_t failed(Operation operation) const { return faults_.failed(operation); }
    bool is_full() const { return was_full_; }
    // Faults end, and there is room again.
    void heal();

    // The machine starts again with what the platter holds; all faults are over.
    void power_cut(Tail tail);

    DiskImage image() const { return state_.copy(); }
    // Every file as the system sees it.
    std::map<std::string, std::string> files() const;
    // Makes, changes or (without content) removes a file, without the knowledge of the programs that have it open.
    void replace(const std::string& path, std::optional<std::string> content);

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
    leveldb::Status link_file(const std::string& from, const std::string& to) override;
    leveldb::Status identify(const std::string& path, std::string* identity) override;
    leveldb::Status count_names(const std::string& path, std::uint64_t* names) override
    {
        const auto file = find(path);
        *names          = static_cast<std::uint64_t>(std::count_if(
            state_.seen.begin(), state_.seen.end(), [&](const auto& entry) { return file && entry.second == file; }));
        return file ? leveldb::Status::OK() : leveldb::Status::NotFound(path);
    }

    // What the files of this disk call.
    leveldb::Status write(SimulatedFile& file, const std::string& path, const leveldb::Slice& bytes);
    leveldb::Status write_at(SimulatedFile& file, const std::string& path, std::size_t at, std::string_view bytes);
    leveldb::Status cut(SimulatedFile& file, const std::string& path, std::size_t size);
    leveldb::Status sync(SimulatedFile& file, const std::string& path);
    // A file to be written anywhere; it is made when it is not there and may be.
    leveldb::Status open_anywhere(const std::string& path, bool may_make, std::shared_ptr<SimulatedFile>* file);
    leveldb::Status may_read(const std::string& path) { return pass(Operation::read, path); }

private:
    std::shared_ptr<SimulatedFile> find(const std::string& path) const;
    bool holds_files(const std::string& directory) const;
    leveldb::Status pass(Operation operation, const std::string& path, DiskFaults::Answer* answer = nullptr);
    void remember(Operation operation, std::string_view path, std::string_view bytes);
    void enter(DiskImage::Entry entry);
    void keep_entries();

    DiskImage state_;
    Drawn drawn_;
    DiskFaults faults_;
    std::function<void(Operation)> before_each_;
    std::uint64_t operations_ = 0;
    std::uint64_t crash_at_   = 0;
    bool crashed_             = false;
    std::uint64_t room_       = ~std::uint64_t{0};
    bool was_full_            = false;
    std::uint64_t trace_      = 0;
    std::uint64_t now_        = 0;
    std::uint64_t files_made_ = 0;
};

// LevelDB's background work that waits to be run.
void run_background_work();
bool run_one_background_job();
void queue_background_job(void (*job)(void*), void* argument);

} // namespace eventloom::testing
