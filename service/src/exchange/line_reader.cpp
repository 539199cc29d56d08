#include "exchange/line_reader.hpp"

#include <fmt/core.h>

namespace eventloom {

namespace {

constexpr std::size_t read_at_once = 256u << 10;

} // namespace

LineReader::LineReader(std::string name, std::unique_ptr<SequentialReader> file, std::size_t line_bytes_max)
    : name_{std::move(name)}, file_{std::move(file)}, line_bytes_max_{line_bytes_max}
{
}

LineReader::~LineReader() = default;

result<std::unique_ptr<LineReader>> LineReader::open(const Runtime& runtime, const std::string& file,
                                                     std::size_t line_bytes_max)
{
    auto opened = SequentialReader::open(runtime, file);
    if (not opened) {
        return fail(Failure::invalid, "no-such-file",
                    "opened the file " + file + " and found: " + opened.error().sentence +
                        "; check its name and its rights");
    }
    return std::unique_ptr<LineReader>{new LineReader{file, std::move(opened.value()), line_bytes_max}};
}

result<std::optional<std::string_view>> LineReader::next()
{
    std::size_t searched = 0;
    for (;;) {
        const auto end = buffer_.find('\n', used_ + searched);
        if (end != std::string::npos || buffer_.size() - used_ > line_bytes_max_) {
            const auto bytes = std::min(end, buffer_.size()) - used_;
            if (bytes > line_bytes_max_) break;
            const std::string_view line{buffer_.data() + used_, bytes};
            used_ += bytes + 1;
            bytes_read_ += bytes + 1;
            ++number_;
            whole_ = true;
            return std::optional{line};
        }
        searched = buffer_.size() - used_;
        BOOST_OUTCOME_TRY(const bool more, fill());
        if (more) continue;
        if (searched == 0) return std::optional<std::string_view>{};
        const std::string_view line{buffer_.data() + used_, searched};
        used_ += searched;
        bytes_read_ += searched;
        ++number_;
        whole_ = false;
        return std::optional{line};
    }
    return fail(
        Failure::invalid, "line-too-long",
        fmt::format(
            "read the file {} and found line {} longer than {} bytes; give a file that `store export` has written",
            name_, number_ + 1, line_bytes_max_));
}

result<bool> LineReader::fill()
{
    buffer_.erase(0, used_);
    used_             = 0;
    const auto before = buffer_.size();
    buffer_.resize(before + read_at_once);
    const auto read = file_->read(buffer_.data() + before, read_at_once);
    buffer_.resize(before + (read ? read.value() : 0));
    if (read) return read.value() > 0;
    return fail(Failure::storage, "file-not-read",
                "read the file " + name_ + " and found: " + read.error().sentence + "; check the disk");
}

} // namespace eventloom
