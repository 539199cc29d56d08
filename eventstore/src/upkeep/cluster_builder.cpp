#include "upkeep/cluster_builder.hpp"

#include "record/key_spaces.hpp"

#include <algorithm>
#include <tuple>

namespace eventloom {

namespace {

// Of a step: about as long as one or two appends with their sync.
constexpr std::uint64_t bytes_read_in_step  = 8u << 20;
constexpr std::size_t bytes_written_in_step = 2u << 20;
// Events that lie as close as this are read from the log as fast: a copy of them would only take room.
constexpr std::size_t events_of_record_max = 8;
// How often a range is read at the most.
constexpr std::uint64_t parts_max = 64;

} // namespace

ClusterBuilder::ClusterBuilder(const Runtime& runtime, const Database& log, std::string directory,
                               const ClusterRange& range, std::size_t memory_bytes)
    : runtime_{runtime}, log_{log}, directory_{std::move(directory)}, range_{range}, memory_bytes_{memory_bytes},
      next_{range.first}
{
}

result<bool> ClusterBuilder::step()
{
    switch (stage_) {
    case Stage::measuring: {
        BOOST_OUTCOME_TRY(measure());
        return false;
    }
    case Stage::gathering: {
        BOOST_OUTCOME_TRY(gather());
        return false;
    }
    case Stage::writing:
        return write();
    }
    return true;
}

// Visits the next records of the range, some megabytes of them.
template <class Visit>
result<void> ClusterBuilder::read_on(Visit visit)
{
    RecordView record;
    std::uint64_t bytes = 0;
    auto cursor         = log_.scan_cursor();
    for (cursor.seek(key_spaces::of_record(next_, 0)); next_ <= range_.last && bytes < bytes_read_in_step;
         cursor.next()) {
        BOOST_OUTCOME_TRY(cursor.status());
        if (not cursor.valid() || not key_spaces::is_of_record(cursor.key())) return missing_record(next_);
        BOOST_OUTCOME_TRY(record.parse(cursor.value(), key_spaces::last_position_of_record(cursor.key())));
        bytes += cursor.value().size();
        if (record.events() == 0) continue;
        if (not record.holds(next_)) return missing_record(next_);
        BOOST_OUTCOME_TRY(visit(record, cursor.value().size()));
        ++record_;
        checksum_ = record.chain().own;
        next_     = record.last() + 1;
    }
    return done();
}

// The positions in the range whose events do not lie together with others of their stream.
template <class Visit>
result<void> ClusterBuilder::visit_scattered(const RecordView& record, Visit visit) const
{
    const auto last = std::min(record.last(), range_.last);
    for (auto position = std::max(record.first(), range_.first); position <= last;) {
        const auto end = std::min(record.last_together(position), last) + 1;
        if (end - position < events_of_record_max) {
            for (auto scattered = position; scattered < end; ++scattered) {
                BOOST_OUTCOME_TRY(visit(scattered));
            }
        }
        position = end;
    }
    return done();
}

result<void> ClusterBuilder::measure()
{
    BOOST_OUTCOME_TRY(read_on([&](const RecordView& record, std::size_t bytes) -> result<void> {
        if (bytes / record.events() > page_body_bytes_max) return done();
        std::uint64_t scattered = 0;
        BOOST_OUTCOME_TRY(visit_scattered(record, [&](Position) -> result<void> {
            ++scattered;
            return done();
        }));
        bytes_wanted_ += bytes * scattered / record.events();
        return done();
    }));
    if (not is_read()) return done();
    BOOST_OUTCOME_TRY(writer_, ClusterWriter::create(runtime_, cluster_path(directory_, range_)));
    parts_ = bytes_wanted_ / memory_bytes_ + 1;
    if (bytes_wanted_ == 0 || parts_ > parts_max) {
        parts_ = 1;
        stage_ = Stage::writing; // nothing: these events lie together or are large, and read fast enough from the log
        return done();
    }
    stage_  = Stage::gathering;
    next_   = range_.first;
    record_ = 0;
    return done();
}

bool ClusterBuilder::is_wanted(std::uint64_t hash) const
{
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<Wide>(hash) * parts_ >> 64) == part_;
}

result<void> ClusterBuilder::gather()
{
    BOOST_OUTCOME_TRY(read_on([&](const RecordView& record, std::size_t) -> result<void> {
        return visit_scattered(record, [&](Position position) -> result<void> {
            const auto [stream, version] = record.place_of(position);
            const auto hash              = page_hash(stream, version / versions_in_page);
            if (not is_wanted(hash) || record.is_gone(position)) return done();
            BOOST_OUTCOME_TRY(const auto event, record.body_at(position));
            gather(record, position, hash, event);
            return done();
        });
    }));
    if (not is_read()) return done();
    std::sort(events_.begin(), events_.end(), [](const Gathered& one, const Gathered& other) {
        return std::tie(one.hash, one.position) < std::tie(other.hash, other.position);
    });
    stage_   = Stage::writing;
    written_ = 0;
    return done();
}

void ClusterBuilder::gather(const RecordView& record, Position position, std::uint64_t hash,
                            const RecordView::Body& event)
{
    // Streams of long names can make a part larger than was thought; then it is left to the log.
    if (event.bytes.size() > page_body_bytes_max || bytes_.size() > 2 * memory_bytes_) return;
    const bool same_stream = not events_.empty() && name_of(events_.back()) == event.stream;
    const auto name        = same_stream ? events_.back().name : bytes_.size();
    if (not same_stream) bytes_.append(event.stream);
    events_.push_back({.hash        = hash,
                       .position    = position,
                       .version     = event.version,
                       .recorded_at = record.recorded_at(),
                       .checksum    = event.checksum,
                       .name        = name,
                       .body        = bytes_.size(),
                       .record      = record_,
                       .name_size   = static_cast<std::uint32_t>(event.stream.size()),
                       .body_size   = static_cast<std::uint32_t>(event.bytes.size())});
    bytes_.append(event.bytes);
}

std::string_view ClusterBuilder::name_of(const Gathered& event) const
{
    return std::string_view{bytes_}.substr(event.name, event.name_size);
}

result<bool> ClusterBuilder::write()
{
    while (written_ < events_.size() && writer_->buffered() < bytes_written_in_step) {
        auto end = written_ + 1;
        while (end < events_.size() && events_[end].hash == events_[written_].hash) ++end;
        put_page(written_, end);
        written_ = end;
    }
    if (written_ < events_.size()) {
        BOOST_OUTCOME_TRY(writer_->flush());
        return false;
    }
    events_.clear();
    bytes_.clear();
    next_   = range_.first;
    record_ = 0;
    stage_  = Stage::gathering;
    if (++part_ < parts_) return false;
    BOOST_OUTCOME_TRY(writer_->finish(range_, checksum_));
    return true;
}

void ClusterBuilder::put_page(std::size_t begin, std::size_t end)
{
    const Gathered& first = events_[begin];
    const auto page       = first.version / versions_in_page;
    std::size_t bytes     = 0;
    std::size_t records   = 0;
    page_.clear();
    for (auto at = begin; at < end; ++at) {
        const Gathered& event = events_[at];
        // Two pages of one hash: the second is left to the log.
        if (name_of(event) != name_of(first) || event.version / versions_in_page != page) continue;
        bytes += event.body_size;
        if (bytes > page_bytes_max) break;
        records += page_.empty() || events_[at - 1].record != event.record ? 1 : 0;
        page_.push_back({.position    = event.position,
                         .version     = event.version,
                         .recorded_at = event.recorded_at,
                         .checksum    = event.checksum,
                         .body        = std::string_view{bytes_}.substr(event.body, event.body_size)});
    }
    if (records > 1 && records * events_of_record_max > page_.size()) writer_->add(name_of(first), page, page_);
}

} // namespace eventloom
