#include "clusters/cluster_file.hpp"

#include "record/fixed_numbers.hpp"

#include <eventloom/framework/detail/ensure.hpp>

#include <fmt/core.h>

#include <charconv>

namespace eventloom {

namespace {

constexpr std::uint64_t cluster_version = 1;
constexpr std::size_t footer_bytes      = 48;
constexpr std::size_t offset_bytes      = 8;
// So that a bucket seldom holds a second page, which would be read in vain.
constexpr std::uint64_t buckets_a_page = 2;
// A bucket of more is not read: it is damage, or so unlikely that the log may serve it.
constexpr std::uint64_t bucket_bytes_max = 8 * page_bytes_max;

// Buckets are in the order of hashes, as the pages are.
std::uint64_t bucket_of(std::uint64_t hash, std::uint64_t buckets)
{
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<Wide>(hash) * buckets >> 64);
}

} // namespace

std::string cluster_path(const std::string& directory, const ClusterRange& range)
{
    return fmt::format("{}/{}-{}", directory, range.first, range.last);
}

std::optional<ClusterRange> cluster_range(std::string_view file_name)
{
    ClusterRange range;
    const auto* end    = file_name.data() + file_name.size();
    const auto first   = std::from_chars(file_name.data(), end, range.first);
    const bool has_gap = first.ec == std::errc{} && first.ptr != end && *first.ptr == '-';
    if (not has_gap) return std::nullopt;
    const auto last = std::from_chars(first.ptr + 1, end, range.last);
    if (last.ec != std::errc{} || last.ptr != end) return std::nullopt;
    const bool is_range = range.first > 0 && range.last >= range.first && range.events() <= cluster_events_max;
    return is_range ? std::optional{range} : std::nullopt;
}

result<std::unique_ptr<ClusterWriter>> ClusterWriter::create(const Runtime& runtime, const std::string& path)
{
    BOOST_OUTCOME_TRY(auto file, FileWriter::create(runtime, path));
    return std::unique_ptr<ClusterWriter>{new ClusterWriter{std::move(file)}};
}

void ClusterWriter::add(std::string_view stream, std::uint64_t page, std::span<const PagedEvent> events)
{
    const auto hash = page_hash(stream, page);
    ensure(pages_.empty() || pages_.back().hash <= hash, "pages are written out of their order");
    pages_.push_back({hash, written_ + buffer_.size()});
    put_page(buffer_, stream, page, events);
}

result<void> ClusterWriter::flush()
{
    BOOST_OUTCOME_TRY(file_->append(buffer_));
    written_ += buffer_.size();
    buffer_.clear();
    return done();
}

result<void> ClusterWriter::finish(const ClusterRange& range, std::uint64_t checksum)
{
    const auto end     = written_ + buffer_.size();
    const auto buckets = pages_.size() * buckets_a_page;
    auto page          = pages_.begin();
    for (std::uint64_t bucket = 0; bucket < buckets; ++bucket) {
        while (page != pages_.end() && bucket_of(page->hash, buckets) < bucket) ++page;
        append_number(buffer_, page == pages_.end() ? end : page->offset);
    }
    append_number(buffer_, end);
    std::string footer;
    for (const auto number : {cluster_version, range.first, range.last, checksum, buckets}) {
        append_number(footer, number);
    }
    append_number(footer, checksum_of(footer));
    buffer_.append(footer);
    BOOST_OUTCOME_TRY(flush());
    return file_->finish();
}

ClusterFile::ClusterFile(std::unique_ptr<const FileReader> file, const ClusterRange& range, std::uint64_t buckets)
    : file_{std::move(file)}, range_{range}, buckets_{buckets},
      table_{file_->size() - footer_bytes - (buckets + 1) * offset_bytes}
{
}

result<std::shared_ptr<const ClusterFile>> ClusterFile::open(const Runtime& runtime, const std::string& directory,
                                                             const ClusterRange& range, std::uint64_t checksum)
{
    const auto path    = cluster_path(directory, range);
    const auto damaged = [&](std::string_view found) {
        return fail(Failure::corrupt, "damaged-cluster",
                    "read the cluster " + path + " and found that " + std::string{found} + "; it is built again");
    };
    BOOST_OUTCOME_TRY(auto file, FileReader::open(runtime, path));
    if (file->size() < footer_bytes + offset_bytes) return damaged("it is too short");
    std::string scratch;
    BOOST_OUTCOME_TRY(const auto footer, file->read(file->size() - footer_bytes, footer_bytes, scratch));
    std::uint64_t numbers[footer_bytes / 8];
    for (std::size_t i = 0; i < std::size(numbers); ++i) numbers[i] = number_at<std::uint64_t>(&footer[i * 8]);
    const auto [version, first, last, log_checksum, buckets, own_checksum] = numbers;
    if (checksum_of(footer.substr(0, footer_bytes - 8)) != own_checksum) return damaged("its checksum does not match");
    if (version != cluster_version) return damaged("its version is not known to this program");
    if (ClusterRange{first, last} != range) return damaged("it is of another range");
    if (log_checksum != checksum) return damaged("it is of another log");
    if (buckets >= (file->size() - footer_bytes) / offset_bytes) return damaged("its table is longer than it is");
    return std::shared_ptr<const ClusterFile>{new ClusterFile{std::move(file), range, buckets}};
}

Error ClusterFile::damaged(std::string_view found) const
{
    return {Failure::corrupt, "damaged-cluster",
            fmt::format("read the cluster of the positions {} to {} and found {}; remove the store's directory "
                        "clusters: it is built again",
                        range_.first, range_.last, found)};
}

std::optional<ClusterFile::Region> ClusterFile::region_of(std::uint64_t hash, std::string& scratch) const
{
    if (buckets_ == 0) return std::nullopt;
    const auto entry = file_->read(table_ + bucket_of(hash, buckets_) * offset_bytes, 2 * offset_bytes, scratch);
    if (not entry) return std::nullopt;
    const Region region{number_at<std::uint64_t>(entry.value().data()),
                        number_at<std::uint64_t>(entry.value().data() + offset_bytes)};
    if (region.begin > region.end || region.end > table_) return std::nullopt;
    return region;
}

bool ClusterFile::find(std::string_view stream, std::uint64_t page, std::string& scratch, PageView& found) const
{
    const auto hash   = page_hash(stream, page);
    const auto region = region_of(hash, scratch);
    if (not region || region->begin == region->end || region->end - region->begin > bucket_bytes_max) return false;
    const auto read = file_->read(region->begin, region->end - region->begin, scratch);
    if (not read) return false;
    for (auto bytes = read.value(); not bytes.empty();) {
        const auto size = page_bytes(bytes);
        if (not size || *size > bytes.size()) return false;
        if (page_hash_at(bytes) == hash && found.parse(bytes.substr(0, *size)) && found.stream() == stream &&
            found.page() == page) {
            return true;
        }
        bytes.remove_prefix(*size);
    }
    return false;
}

result<void> ClusterFile::visit(const std::function<void(const PageView&)>& visitor) const
{
    std::string prefix_bytes;
    std::string scratch;
    std::string table_bytes;
    PageView page;
    for (std::uint64_t at = 0; at < table_;) {
        const auto left = static_cast<std::size_t>(std::min<std::uint64_t>(table_ - at, page_prefix_bytes));
        BOOST_OUTCOME_TRY(const auto prefix, file_->read(at, left, prefix_bytes));
        const auto size = page_bytes(prefix);
        if (not size || *size > table_ - at) return damaged("a page whose length is damaged");
        BOOST_OUTCOME_TRY(const auto bytes, file_->read(at, *size, scratch));
        if (not page.parse(bytes)) return damaged("a page whose head is damaged");
        const auto region = region_of(page_hash_at(bytes), table_bytes);
        if (not region || at < region->begin || at >= region->end) return damaged("a table that misses a page");
        visitor(page);
        at += *size;
    }
    return done();
}

} // namespace eventloom
