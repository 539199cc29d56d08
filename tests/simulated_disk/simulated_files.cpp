#include "simulated_disk/simulated_files.hpp"

#include <algorithm>
#include <cstring>

namespace eventloom::testing {

namespace {

using leveldb::Slice;
using leveldb::Status;

class SequentialBytes final : public leveldb::SequentialFile {
public:
    SequentialBytes(SimulatedDisk& disk, std::string path, std::shared_ptr<SimulatedFile> file)
        : disk_{disk}, path_{std::move(path)}, file_{std::move(file)}
    {
    }
    Status Read(std::size_t count, Slice* result, char* scratch) override
    {
        if (auto status = disk_.may_read(path_); not status.ok()) return status;
        const std::string& bytes = *file_->seen;
        count                    = std::min(count, bytes.size() - std::min(at_, bytes.size()));
        std::memcpy(scratch, bytes.data() + at_, count);
        at_ += count;
        *result = Slice{scratch, count};
        return Status::OK();
    }
    Status Skip(std::uint64_t count) override
    {
        at_ = std::min<std::size_t>(file_->seen->size(), at_ + count);
        return Status::OK();
    }

private:
    SimulatedDisk& disk_;
    const std::string path_;
    const std::shared_ptr<SimulatedFile> file_;
    std::size_t at_ = 0;
};

class RandomBytes final : public leveldb::RandomAccessFile {
public:
    RandomBytes(SimulatedDisk& disk, std::string path, std::shared_ptr<SimulatedFile> file)
        : disk_{disk}, path_{std::move(path)}, file_{std::move(file)}
    {
    }
    Status Read(std::uint64_t offset, std::size_t count, Slice* result, char* scratch) const override
    {
        if (auto status = disk_.may_read(path_); not status.ok()) return status;
        const std::string& bytes = *file_->seen;
        // As pread: after the end there is nothing, and that is no error.
        offset = std::min<std::uint64_t>(offset, bytes.size());
        count  = std::min<std::size_t>(count, bytes.size() - offset);
        std::memcpy(scratch, bytes.data() + offset, count);
        *result = Slice{scratch, count};
        return Status::OK();
    }

private:
    SimulatedDisk& disk_;
    const std::string path_;
    const std::shared_ptr<SimulatedFile> file_;
};

class Writer final : public leveldb::WritableFile {
public:
    Writer(SimulatedDisk& disk, std::string path, std::shared_ptr<SimulatedFile> file)
        : disk_{disk}, path_{std::move(path)}, file_{std::move(file)}
    {
    }
    Status Append(const Slice& bytes) override { return disk_.write(*file_, path_, bytes); }
    Status Close() override { return Status::OK(); }
    Status Flush() override { return Status::OK(); }
    Status Sync() override { return disk_.sync(*file_, path_); }

private:
    SimulatedDisk& disk_;
    const std::string path_;
    const std::shared_ptr<SimulatedFile> file_;
};

} // namespace

std::unique_ptr<leveldb::SequentialFile> read_in_order(SimulatedDisk& disk, const std::string& path,
                                                       std::shared_ptr<SimulatedFile> file)
{
    return std::make_unique<SequentialBytes>(disk, path, std::move(file));
}

std::unique_ptr<leveldb::RandomAccessFile> read_anywhere(SimulatedDisk& disk, const std::string& path,
                                                         std::shared_ptr<SimulatedFile> file)
{
    return std::make_unique<RandomBytes>(disk, path, std::move(file));
}

std::unique_ptr<leveldb::WritableFile> write_at_end(SimulatedDisk& disk, const std::string& path,
                                                    std::shared_ptr<SimulatedFile> file)
{
    return std::make_unique<Writer>(disk, path, std::move(file));
}

} // namespace eventloom::testing
