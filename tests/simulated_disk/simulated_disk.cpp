#include "simulated_disk/simulated_disk.hpp"

#include "simulated_disk/simulated_files.hpp"

#include <algorithm>

namespace eventloom::testing {

namespace {

using leveldb::Status;

Status dead(const std::string& path)
{
    return Status::IOError(path, "the machine is dying");
}

class NoLogger final : public leveldb::Logger {
public:
    void Logv(const char*, std::va_list) override {}
};

// To change bytes that no image shares.
std::string& own(std::shared_ptr<const std::string>& bytes)
{
    if (bytes.use_count() > 1) bytes = std::make_shared<std::string>(*bytes);
    return const_cast<std::string&>(*bytes); // made by make_shared<std::string>, here or above
}

} // namespace

SimulatedDisk::SimulatedDisk(std::uint64_t seed, DirectoryModel model)
    : EnvWrapper{leveldb::Env::Default()}, drawn_{seed}
{
    state_.model = model;
}

SimulatedDisk::SimulatedDisk(std::uint64_t seed, const DiskImage& image)
    : EnvWrapper{leveldb::Env::Default()}, state_{image.copy()}, drawn_{seed}
{
    for (const auto& [path, file] : state_.seen) files_made_ = std::max(files_made_, file->number);
}

SimulatedDisk::~SimulatedDisk() = default;

void SimulatedDisk::remember(Operation operation, std::string_view path, std::string_view bytes)
{
    const std::hash<std::string_view> hash;
    for (const std::uint64_t part : {static_cast<std::uint64_t>(operation), hash(path), hash(bytes)}) {
        trace_ = (trace_ ^ part) * 0x9e3779b97f4a7c15;
        trace_ ^= trace_ >> 32;
    }
}

Status SimulatedDisk::pass(Operation operation, const std::string& path, DiskFaults::Answer* answer)
{
    if (is_change(operation) && crashed_) return dead(path);
    if (before_each_) before_each_(operation);
    if (is_change(operation)) {
        if (++operations_; crash_at_ != 0 && operations_ >= crash_at_) {
            crashed_ = true;
            return dead(path);
        }
    }
    const auto passed = faults_.pass(operation);
    if (answer != nullptr) *answer = passed;
    return passed == DiskFaults::Answer::done ? Status::OK() : Status::IOError(path, "input/output error");
}

Status SimulatedDisk::write(SimulatedFile& file, const std::string& path, const leveldb::Slice& bytes)
{
    return write_at(file, path, file.seen->size(), {bytes.data(), bytes.size()});
}

Status SimulatedDisk::write_at(SimulatedFile& file, const std::string& path, std::size_t at, std::string_view bytes)
{
    auto answer         = DiskFaults::Answer::failed;
    auto status         = pass(Operation::write, path, &answer);
    auto taken          = bytes.substr(0, status.ok()                          ? bytes.size()
                                          : answer == DiskFaults::Answer::half ? bytes.size() / 2
                                                                               : 0);
    const auto size     = file.seen->size();
    const auto grows_by = [&] { return std::max(size, at + taken.size()) - size; };
    if (grows_by() > room_) {
        taken.remove_suffix(std::min<std::size_t>(taken.size(), grows_by() - room_));
        was_full_ = true;
        status    = Status::IOError(path, "no space left on device");
    }
    if (taken.empty()) return status;
    if (room_ != ~std::uint64_t{0}) room_ -= std::min(room_, grows_by());
    if (at != size) file.written_anywhere = true;
    auto& seen = own(file.seen);
    if (seen.size() < at + taken.size()) seen.resize(at + taken.size());
    seen.replace(at, taken.size(), taken);
    remember(Operation::write, path, taken);
    return status;
}

Status SimulatedDisk::cut(SimulatedFile& file, const std::string& path, std::size_t size)
{
    if (auto status = pass(Operation::write, path); not status.ok()) return status;
    file.written_anywhere = true;
    own(file.seen).resize(size);
    remember(Operation::write, path, {});
    return Status::OK();
}

Status SimulatedDisk::sync(SimulatedFile& file, const std::string& path)
{
    auto answer       = DiskFaults::Answer::done;
    const auto status = pass(Operation::sync, path, &answer);
    if (crashed_) return status;
    if (status.ok()) {
        remember(Operation::sync, path, {});
        if (file.written_anywhere) {
            file.kept = file.seen;
        } else if (file.seen->size() > file.kept->size()) {
            own(file.kept).append(*file.seen, file.kept->size());
        }
        if (state_.model == DirectoryModel::ordered) keep_entries();
        return status;
    }
    // The system drops what it could not write and takes it for written: a second sync would succeed.
    if (file.written_anywhere) {
        file.kept = std::make_shared<std::string>(pages_after_power_cut(*file.seen, *file.kept, Tail::torn, drawn_));
        return status;
    }
    auto lost = bytes_after_power_cut(*file.seen, file.kept->size(), Tail::torn, drawn_);
    lost.resize(std::max(file.seen->size(), file.kept->size()));
    file.kept = std::make_shared<std::string>(std::move(lost));
    return status;
}

Status SimulatedDisk::sync_directory()
{
    if (auto status = pass(Operation::sync_directory, "a directory"); not status.ok()) return status;
    remember(Operation::sync_directory, {}, {});
    keep_entries();
    return Status::OK();
}

void SimulatedDisk::enter(DiskImage::Entry entry)
{
    entry.put_into(state_.seen);
    state_.pending.push_back(std::move(entry));
}

void SimulatedDisk::keep_entries()
{
    for (const auto& entry : state_.pending) entry.put_into(state_.kept);
    state_.pending.clear();
}

void SimulatedDisk::heal()
{
    faults_.clear();
    crashed_  = false;
    crash_at_ = 0;
    room_     = ~std::uint64_t{0};
    was_full_ = false;
}

void SimulatedDisk::power_cut(Tail tail)
{
    if (tail != Tail::kept) {
        auto& pending = state_.pending;
        if (state_.model == DirectoryModel::strict) {
            std::erase_if(pending, [this](const auto&) { return drawn_.one_in(2); });
        } else {
            pending.resize(tail == Tail::dropped ? 0 : drawn_.below(pending.size() + 1));
        }
        keep_entries();
        DiskImage::Directory after;
        for (const auto& [path, file] : state_.kept) {
            // What stands on the platter is its beginning, also where it is not what the system sees.
            auto bytes = *file->kept;
            if (file->written_anywhere) {
                bytes = pages_after_power_cut(*file->seen, bytes, tail, drawn_);
            } else if (file->seen->size() > bytes.size()) {
                const auto whole = bytes + file->seen->substr(bytes.size());
                bytes            = bytes_after_power_cut(whole, bytes.size(), tail, drawn_);
            }
            auto there  = std::make_shared<std::string>(std::move(bytes));
            after[path] = std::make_shared<SimulatedFile>(SimulatedFile{there, there});
        }
        state_.kept = after;
        state_.seen = std::move(after);
        state_.make_directories_of_files();
    }
    heal();
}

std::map<std::string, std::string> SimulatedDisk::files() const
{
    std::map<std::string, std::string> all;
    for (const auto& [path, file] : state_.seen) all[path] = *file->seen;
    return all;
}

void SimulatedDisk::replace(const std::string& path, std::optional<std::string> content)
{
    std::shared_ptr<SimulatedFile> file;
    if (content) {
        const auto bytes = std::make_shared<std::string>(std::move(*content));
        file             = std::make_shared<SimulatedFile>(SimulatedFile{bytes, bytes});
    }
    enter({path, file});
    keep_entries();
}

bool SimulatedDisk::holds_files(const std::string& directory) const
{
    const auto first = state_.seen.lower_bound(directory + "/");
    return first != state_.seen.end() && first->first.starts_with(directory + "/");
}

std::shared_ptr<SimulatedFile> SimulatedDisk::find(const std::string& path) const
{
    const auto found = state_.seen.find(path);
    return found == state_.seen.end() ? nullptr : found->second;
}

Status SimulatedDisk::NewSequentialFile(const std::string& path, leveldb::SequentialFile** file)
{
    const auto found = find(path);
    if (not found) return Status::NotFound(path);
    if (auto status = pass(Operation::open, path); not status.ok()) return status;
    *file = read_in_order(*this, path, found).release();
    return Status::OK();
}

Status SimulatedDisk::NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** file)
{
    const auto found = find(path);
    if (not found) return Status::NotFound(path);
    if (auto status = pass(Operation::open, path); not status.ok()) return status;
    *file = read_anywhere(*this, path, found).release();
    return Status::OK();
}

Status SimulatedDisk::NewWritableFile(const std::string& path, leveldb::WritableFile** file)
{
    if (auto status = pass(Operation::create, path); not status.ok()) return status;
    remember(Operation::create, path, {});
    auto fresh    = std::make_shared<SimulatedFile>();
    fresh->number = ++files_made_;
    enter({path, fresh});
    *file = write_at_end(*this, path, fresh).release();
    return Status::OK();
}

Status SimulatedDisk::open_anywhere(const std::string& path, bool may_make, std::shared_ptr<SimulatedFile>* file)
{
    *file = find(path);
    if (*file) return pass(Operation::open, path);
    if (not may_make) return Status::NotFound(path);
    if (auto status = pass(Operation::create, path); not status.ok()) return status;
    remember(Operation::create, path, {});
    *file = std::make_shared<SimulatedFile>();
    enter({path, *file});
    return Status::OK();
}

Status SimulatedDisk::NewAppendableFile(const std::string& path, leveldb::WritableFile** file)
{
    const auto found = find(path);
    if (not found) return NewWritableFile(path, file);
    if (auto status = pass(Operation::open, path); not status.ok()) return status;
    *file = write_at_end(*this, path, found).release();
    return Status::OK();
}

bool SimulatedDisk::FileExists(const std::string& path)
{
    return find(path) != nullptr || state_.directories.contains(path);
}

Status SimulatedDisk::GetChildren(const std::string& directory, std::vector<std::string>* names)
{
    names->clear();
    if (not state_.directories.contains(directory)) return Status::NotFound(directory);
    const auto add = [&](const std::string& path) {
        if (not path.starts_with(directory + "/")) return;
        const auto name = path.substr(directory.size() + 1);
        if (name.find('/') == std::string::npos) names->push_back(name);
    };
    for (const auto& [path, file] : state_.seen) add(path);
    for (const auto& [path, there] : state_.directories) add(path);
    return Status::OK();
}

Status SimulatedDisk::RemoveFile(const std::string& path)
{
    if (auto status = pass(Operation::remove, path); not status.ok()) return status;
    const auto found = find(path);
    if (not found) return Status::NotFound(path);
    remember(Operation::remove, path, {});
    if (room_ != ~std::uint64_t{0}) room_ += found->seen->size();
    enter({path, nullptr});
    return Status::OK();
}

Status SimulatedDisk::CreateDir(const std::string& directory)
{
    state_.directories[directory] = true; // they are kept: what may be lost is what stands in them
    return Status::OK();
}

Status SimulatedDisk::RemoveDir(const std::string& directory)
{
    state_.directories.erase(directory);
    return Status::OK();
}

Status SimulatedDisk::GetFileSize(const std::string& path, std::uint64_t* size)
{
    const auto found = find(path);
    if (not found) return Status::NotFound(path);
    *size = found->seen->size();
    return Status::OK();
}

Status SimulatedDisk::RenameFile(const std::string& from, const std::string& to)
{
    if (auto status = pass(Operation::rename, from); not status.ok()) return status;
    const auto file = find(from);
    if (not file && not state_.directories.contains(from)) return Status::NotFound(from);
    if (not file && holds_files(to)) return Status::IOError(to, "directory not empty");
    remember(Operation::rename, to, {});
    if (not file) state_.rename_directories(from, to);
    // One step for the directory: a crash leaves the old name or the new one.
    enter({to, file, from});
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

Status SimulatedDisk::link_file(const std::string& from, const std::string& to)
{
    if (auto status = pass(Operation::create, to); not status.ok()) return status;
    const auto file = find(from);
    if (not file) return Status::NotFound(from);
    if (find(to)) return Status::IOError(to, "file exists");
    remember(Operation::create, to, {});
    enter({to, file});
    return Status::OK();
}

Status SimulatedDisk::identify(const std::string& path, std::string* identity)
{
    const auto file = find(path);
    if (not file || file->number == 0) return Status::NotFound(path);
    *identity = std::to_string(file->number) + ":" + std::to_string(file->seen->size());
    return Status::OK();
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
