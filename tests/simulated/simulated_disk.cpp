#include "simulated/simulated_disk.hpp"

#include <algorithm>
#include <cstring>

namespace eventloom::testing {

namespace {

using leveldb::Slice;
using leveldb::Status;

Status dead(const std::string& path)
{
    return Status::IOError(path, "the machine is dying");
}

class SequentialBytes final : public leveldb::SequentialFile {
public:
    explicit SequentialBytes(std::string bytes) : bytes_{std::move(bytes)} {}
    Status Read(std::size_t count, Slice* result, char* scratch) override
    {
        count = std::min(count, bytes_.size() - at_);
        std::memcpy(scratch, bytes_.data() + at_, count);
        at_ += count;
        *result = Slice{scratch, count};
        return Status::OK();
    }
    Status Skip(std::uint64_t count) override
    {
        at_ = std::min<std::size_t>(bytes_.size(), at_ + count);
        return Status::OK();
    }

private:
    std::string bytes_;
    std::size_t at_ = 0;
};

class RandomBytes final : public leveldb::RandomAccessFile {
public:
    explicit RandomBytes(std::shared_ptr<SimulatedDisk::File> file) : file_{std::move(file)} {}
    Status Read(std::uint64_t offset, std::size_t count, Slice* result, char* scratch) const override
    {
        const std::string& bytes = file_->seen;
        if (offset > bytes.size()) return Status::IOError("read behind the end of a file");
        count = std::min<std::size_t>(count, bytes.size() - offset);
        std::memcpy(scratch, bytes.data() + offset, count);
        *result = Slice{scratch, count};
        return Status::OK();
    }

private:
    std::shared_ptr<SimulatedDisk::File> file_;
};

class Writer final : public leveldb::WritableFile {
public:
    Writer(SimulatedDisk& disk, std::string path, std::shared_ptr<SimulatedDisk::File> file)
        : disk_{disk}, path_{std::move(path)}, file_{std::move(file)}
    {
    }
    Status Append(const Slice& bytes) override
    {
        switch (disk_.change(true, false)) {
        case SimulatedDisk::Change::done:
            file_->seen.append(bytes.data(), bytes.size());
            return Status::OK();
        case SimulatedDisk::Change::half:
            file_->seen.append(bytes.data(), bytes.size() / 2);
            return Status::IOError(path_, "no space left on the device");
        case SimulatedDisk::Change::dead:
            break;
        }
        return dead(path_);
    }
    Status Close() override { return Status::OK(); }
    Status Flush() override { return disk_.crashed() ? dead(path_) : Status::OK(); }
    Status Sync() override { return disk_.sync(*file_, path_); }

private:
    SimulatedDisk& disk_;
    std::string path_;
    std::shared_ptr<SimulatedDisk::File> file_;
};

class NoLogger final : public leveldb::Logger {
public:
    void Logv(const char*, std::va_list) override {}
};

} // namespace

SimulatedDisk::SimulatedDisk(std::uint64_t seed, DirectoryModel model)
    : EnvWrapper{leveldb::Env::Default()}, model_{model}, random_{seed * 0x9e3779b97f4a7c15 + 1}
{
}

SimulatedDisk::~SimulatedDisk() = default;

std::uint64_t SimulatedDisk::draw(std::uint64_t bound)
{
    random_ ^= random_ << 13; // xorshift64 (Marsaglia, 2003)
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_ % bound;
}

SimulatedDisk::Change SimulatedDisk::change(bool is_write, bool is_sync)
{
    if (crashed_) return Change::dead;
    ++operations_;
    if (crash_at_ != 0 && operations_ >= crash_at_) {
        crashed_ = true;
        return Change::dead;
    }
    const bool full = is_write && full_at_ != 0 && operations_ >= full_at_;
    const bool sick = is_sync && sync_fails_at_ != 0 && operations_ >= sync_fails_at_;
    if (fault_happened_ || not(full || sick)) return Change::done;
    fault_happened_ = true;
    return Change::half;
}

leveldb::Status SimulatedDisk::sync(File& file, const std::string& path)
{
    const Change answer = change(false, true);
    if (answer == Change::dead) return dead(path);
    if (answer == Change::half) {
        // The system drops what it could not write and takes it for written: a second sync would succeed.
        file.kept.append(file.seen.size() - std::min(file.seen.size(), file.kept.size()), '\0');
        return Status::IOError(path, "input/output error");
    }
    if (file.seen.size() > file.kept.size()) file.kept.append(file.seen, file.kept.size());
    if (model_ == DirectoryModel::ordered || path.find("MANIFEST") != std::string::npos) keep_entries();
    return Status::OK();
}

leveldb::Status SimulatedDisk::sync_directory()
{
    if (change(false, true) != Change::done) return dead("a directory");
    keep_entries();
    return Status::OK();
}

void SimulatedDisk::enter(Entry entry)
{
    if (entry.file) {
        seen_[entry.path] = entry.file;
    } else {
        seen_.erase(entry.path);
    }
    pending_.push_back(std::move(entry));
}

void SimulatedDisk::keep_entries()
{
    for (const Entry& entry : pending_) {
        if (entry.file) {
            kept_[entry.path] = entry.file;
        } else {
            kept_.erase(entry.path);
        }
    }
    pending_.clear();
}

void SimulatedDisk::power_cut(Tail tail)
{
    if (model_ == DirectoryModel::strict) {
        std::erase_if(pending_, [this](const Entry&) { return draw(2) == 0; });
    } else {
        pending_.resize(tail == Tail::dropped ? 0 : draw(pending_.size() + 1));
    }
    keep_entries();
    Directory after;
    for (const auto& [path, file] : kept_) {
        std::string bytes        = file->kept;
        const std::size_t synced = bytes.size();
        if (tail != Tail::dropped && file->seen.size() > synced) {
            bytes.append(file->seen, synced, draw(file->seen.size() - synced + 1));
        }
        for (std::size_t i = synced; tail == Tail::torn && i < bytes.size(); ++i) {
            if (draw(7) == 0) bytes[i] = draw(2) == 0 ? '\0' : static_cast<char>(draw(256));
        }
        after[path] = std::make_shared<File>(File{bytes, bytes});
    }
    kept_           = after;
    seen_           = after;
    crashed_        = false;
    crash_at_       = 0;
    full_at_        = 0;
    sync_fails_at_  = 0;
    fault_happened_ = false;
}

std::map<std::string, std::string> SimulatedDisk::files() const
{
    std::map<std::string, std::string> all;
    for (const auto& [path, file] : seen_) all[path] = file->seen;
    return all;
}

void SimulatedDisk::replace(const std::string& path, std::string content)
{
    seen_.at(path)->seen = content;
    seen_.at(path)->kept = std::move(content);
}

std::shared_ptr<SimulatedDisk::File> SimulatedDisk::find(const std::string& path) const
{
    const auto found = seen_.find(path);
    return found == seen_.end() ? nullptr : found->second;
}

Status SimulatedDisk::NewSequentialFile(const std::string& path, leveldb::SequentialFile** file)
{
    const auto found = find(path);
    if (not found) return Status::NotFound(path);
    *file = new SequentialBytes{found->seen};
    return Status::OK();
}

Status SimulatedDisk::NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** file)
{
    const auto found = find(path);
    if (not found) return Status::NotFound(path);
    *file = new RandomBytes{found};
    return Status::OK();
}

Status SimulatedDisk::NewWritableFile(const std::string& path, leveldb::WritableFile** file)
{
    if (change(false, false) != Change::done) return dead(path);
    auto fresh = std::make_shared<File>();
    enter({path, fresh});
    *file = new Writer{*this, path, fresh};
    return Status::OK();
}

Status SimulatedDisk::NewAppendableFile(const std::string& path, leveldb::WritableFile** file)
{
    const auto found = find(path);
    if (not found) return NewWritableFile(path, file);
    *file = new Writer{*this, path, found};
    return Status::OK();
}

bool SimulatedDisk::FileExists(const std::string& path)
{
    return find(path) != nullptr || directories_.contains(path);
}

Status SimulatedDisk::GetChildren(const std::string& directory, std::vector<std::string>* names)
{
    names->clear();
    if (not directories_.contains(directory)) return Status::NotFound(directory);
    const auto add = [&](const std::string& path) {
        if (not path.starts_with(directory + "/")) return;
        const auto name = path.substr(directory.size() + 1);
        if (name.find('/') == std::string::npos) names->push_back(name);
    };
    for (const auto& [path, file] : seen_) add(path);
    for (const auto& [path, there] : directories_) add(path);
    return Status::OK();
}

Status SimulatedDisk::RemoveFile(const std::string& path)
{
    if (change(false, false) != Change::done) return dead(path);
    if (not find(path)) return Status::NotFound(path);
    enter({path, nullptr});
    return Status::OK();
}

Status SimulatedDisk::CreateDir(const std::string& directory)
{
    directories_[directory] = true; // directories themselves are kept: what may be lost is what stands in them
    return Status::OK();
}

Status SimulatedDisk::RemoveDir(const std::string& directory)
{
    directories_.erase(directory);
    return Status::OK();
}

Status SimulatedDisk::GetFileSize(const std::string& path, std::uint64_t* size)
{
    const auto found = find(path);
    if (not found) return Status::NotFound(path);
    *size = found->seen.size();
    return Status::OK();
}

Status SimulatedDisk::RenameFile(const std::string& from, const std::string& to)
{
    if (change(false, false) != Change::done) return dead(from);
    const auto file = find(from);
    if (not file) return Status::NotFound(from);
    // One step for the directory: a crash leaves the old name or the new one.
    enter({to, file});
    seen_.erase(from);
    pending_.push_back({from, nullptr});
    return Status::OK();
}

Status SimulatedDisk::LockFile(const std::string&, leveldb::FileLock** lock)
{
    *lock = new leveldb::FileLock;
    return Status::OK();
}

Status SimulatedDisk::UnlockFile(leveldb::FileLock* lock)
{
    delete lock;
    return Status::OK();
}

void SimulatedDisk::Schedule(void (*job)(void*), void* argument)
{
    queue_background_job(job, argument);
}

Status SimulatedDisk::NewLogger(const std::string&, leveldb::Logger** logger)
{
    *logger = new NoLogger;
    return Status::OK();
}

void SimulatedDisk::SleepForMicroseconds(int microseconds)
{
    now_ += static_cast<std::uint64_t>(microseconds);
    run_one_background_job();
}

} // namespace eventloom::testing
