#include "env/written_ahead_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

namespace eventloom {

namespace {

constexpr std::size_t buffer_bytes = 64u << 10;
constexpr std::size_t direct_bytes = 4u << 10; // from here on the copy into the buffer costs more than it saves
constexpr std::uint64_t step_bytes = 1u << 20; // zeros that are written ahead at a time
// What is written at once by this much gains nothing: its own bytes outweigh the journal's.
constexpr std::size_t large_bytes = 256u << 10;

class WrittenAheadFile final : public leveldb::WritableFile {
public:
    WrittenAheadFile(int descriptor, std::string path, WrittenAhead ahead)
        : descriptor_{descriptor}, path_{std::move(path)}, ahead_{ahead}
    {
        buffer_.reserve(buffer_bytes);
    }
    ~WrittenAheadFile() override
    {
        if (descriptor_ >= 0) static_cast<void>(Close()); // LevelDB has asked for the answer of every write before
    }

    leveldb::Status Append(const leveldb::Slice& bytes) override
    {
        if (bytes.size() >= direct_bytes) return write_with_buffer(bytes);
        if (buffer_.size() + bytes.size() > buffer_bytes) {
            if (auto status = Flush(); not status.ok()) return status;
        }
        buffer_.append(bytes.data(), bytes.size());
        return leveldb::Status::OK();
    }

    leveldb::Status Flush() override
    {
        if (buffer_.empty()) return leveldb::Status::OK();
        auto status = write(buffer_.data(), buffer_.size());
        buffer_.clear();
        return status;
    }

    leveldb::Status Sync() override
    {
        if (auto status = Flush(); not status.ok()) return status;
        if (ahead_ == WrittenAhead::zeros && since_sync_ < large_bytes) write_ahead();
        since_sync_ = 0;
        return fdatasync(descriptor_) == 0 ? leveldb::Status::OK() : fault();
    }

    leveldb::Status Close() override
    {
        auto status = Flush();
        // Zeros after the end are harmless; without them the file is as long as what it holds.
        if (status.ok() && zeros_till_ > end_ && ftruncate(descriptor_, static_cast<off_t>(end_)) != 0)
            status = fault();
        if (close(descriptor_) != 0 && status.ok()) status = fault();
        descriptor_ = -1;
        return status;
    }

private:
    leveldb::Status fault() const { return leveldb::Status::IOError(path_, std::strerror(errno)); }

    leveldb::Status write_at(const char* bytes, std::size_t count, std::uint64_t at) const
    {
        while (count > 0) {
            const auto written = pwrite(descriptor_, bytes, count, static_cast<off_t>(at));
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return fault();
            bytes += written;
            count -= static_cast<std::size_t>(written);
            at += static_cast<std::uint64_t>(written);
        }
        return leveldb::Status::OK();
    }

    // What is in the buffer and `bytes` after it, in one call.
    leveldb::Status write_with_buffer(const leveldb::Slice& bytes)
    {
        const std::array<iovec, 2> pieces{
            {{buffer_.data(), buffer_.size()}, {const_cast<char*>(bytes.data()), bytes.size()}}};
        const auto all     = buffer_.size() + bytes.size();
        const auto written = pwritev(descriptor_, pieces.data(), pieces.size(), static_cast<off_t>(end_));
        if (written < 0 && errno != EINTR) return fault();
        const auto done = written < 0 ? 0 : static_cast<std::size_t>(written);
        // What a call leaves over is written piece by piece.
        auto status         = leveldb::Status::OK();
        const auto buffered = std::min(done, buffer_.size());
        if (done < buffer_.size()) status = write_at(buffer_.data() + done, buffer_.size() - done, end_ + done);
        if (status.ok() && done < all) {
            const auto from = done - buffered;
            status          = write_at(bytes.data() + from, bytes.size() - from, end_ + buffer_.size() + from);
        }
        buffer_.clear();
        if (not status.ok()) return status;
        end_ += all;
        since_sync_ += all;
        return status;
    }

    leveldb::Status write(const char* bytes, std::size_t count)
    {
        auto status = write_at(bytes, count, end_);
        if (not status.ok()) return status;
        end_ += count;
        since_sync_ += count;
        return status;
    }

    // The zeros go to the disk with the sync that follows; that one grows the file, those after it do not. A disk that has
    // no room for them may still have room for what is really written, and whether that is so is asked of the sync.
    void write_ahead()
    {
        if (end_ < zeros_till_) return;
        static const std::vector<char> zeros(step_bytes, '\0');
        if (write_at(zeros.data(), zeros.size(), end_).ok()) zeros_till_ = end_ + zeros.size();
    }

    int descriptor_;
    const std::string path_;
    const WrittenAhead ahead_;
    std::string buffer_;
    std::uint64_t end_        = 0; // after what was appended
    std::uint64_t zeros_till_ = 0; // up to where zeros were written ahead
    std::size_t since_sync_   = 0;
};

} // namespace

leveldb::Status open_written_ahead(const std::string& path, WrittenAhead ahead,
                                   std::unique_ptr<leveldb::WritableFile>& file)
{
    const int descriptor = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (descriptor < 0) return leveldb::Status::IOError(path, std::strerror(errno));
    file = std::make_unique<WrittenAheadFile>(descriptor, path, ahead);
    return leveldb::Status::OK();
}

} // namespace eventloom
