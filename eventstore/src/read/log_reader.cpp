#include "read/log_reader.hpp"

#include "index/query_walk.hpp"
#include "record/key_spaces.hpp"

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t recent_bytes_max = 16u << 20;
constexpr std::size_t spare_max        = 256;
constexpr std::size_t page_events      = 1024;
constexpr std::size_t page_bytes       = 1u << 20;

// What the database says of damaged blocks, as an error of the event that could not be read.
Error at_position(const Error& error, Position position)
{
    if (error.kind != Failure::corrupt) return error;
    return damaged_record(position, "the block that holds it is damaged (" + error.sentence + ")");
}

} // namespace

void RecentRecords::add(Position first, Position last, std::string bytes)
{
    if (last < first) return;
    const std::unique_lock lock{mutex_};
    bytes_ += bytes.capacity();
    entries_.push_back({first, last, std::make_shared<std::string>(std::move(bytes))});
    while (bytes_ > recent_bytes_max && entries_.size() > 1) {
        auto& oldest = entries_.front().bytes;
        bytes_ -= oldest->capacity();
        if (oldest.use_count() == 1 && spare_.size() < spare_max) spare_.push_back(std::move(*oldest));
        entries_.pop_front();
    }
}

void RecentRecords::drop(Position first, Position last)
{
    const std::unique_lock lock{mutex_};
    std::erase_if(entries_, [&](const Entry& entry) {
        if (entry.first > last || entry.last < first) return false;
        bytes_ -= entry.bytes->capacity();
        return true;
    });
}

std::string RecentRecords::spare()
{
    const std::unique_lock lock{mutex_};
    if (spare_.empty()) return {};
    auto string = std::move(spare_.back());
    spare_.pop_back();
    return string;
}

std::shared_ptr<const std::string> RecentRecords::find(Position position, Position& last) const
{
    const std::shared_lock lock{mutex_};
    const auto after = std::upper_bound(entries_.begin(), entries_.end(), position,
                                        [](Position wanted, const Entry& entry) { return wanted < entry.first; });
    if (after == entries_.begin() || std::prev(after)->last < position) return nullptr;
    last = std::prev(after)->last;
    return std::prev(after)->bytes;
}

result<void> LogWalk::find(Position position)
{
    if (record_.holds(position)) return done();
    Position last = 0;
    if (auto recent = recent_.find(position, last)) {
        bytes_ = std::move(recent);
        return record_.parse(*bytes_, last);
    }
    const bool is_next = cursor_ && not bytes_ && record_.events() > 0 && position == record_.last() + 1;
    bytes_.reset();
    if (not cursor_) cursor_.emplace(way_ == Way::through ? database_.scan_cursor() : database_.cursor());
    if (is_next) {
        cursor_->next();
    } else {
        cursor_->seek(key_spaces::of_record(position, 0));
    }
    for (;; cursor_->next()) {
        if (auto status = cursor_->status(); not status) return at_position(status.error(), position);
        if (not cursor_->valid() || not key_spaces::is_of_record(cursor_->key())) return missing_record(position);
        const Position last = key_spaces::last_position_of_record(cursor_->key());
        if (last < position) continue; // commands alone, after the record before
        if (auto parsed = record_.parse(cursor_->value(), last); not parsed) {
            return damaged_record(position, "the record that holds it is damaged (" + parsed.error().sentence + ")");
        }
        return record_.holds(position) ? result<void>{done()} : missing_record(position);
    }
}

result<void> LogWalk::take(Position position, RecordedEvent& event)
{
    BOOST_OUTCOME_TRY(find(position));
    return record_.take(position, event);
}

result<Time> LogWalk::recorded_at(Position position)
{
    BOOST_OUTCOME_TRY(find(position));
    return record_.recorded_at();
}

namespace {

// A walk over the log, or over what an index names of it, a page at a time. Between pages it keeps the next place and
// nothing else, so that a slow reader pins no old file.
class PagedCursor final : public EventCursor {
public:
    PagedCursor(const LogReader& log, const ReadRequest& request)
        : log_{log}, scope_{request.scope}, direction_{request.direction}, time_{request.at}, left_{request.limit},
          head_{log.head()}
    {
        if (auto checked = check_scope(scope_); not checked) error_ = std::move(checked.error());
        const auto end = forwards() ? 0 : std::numeric_limits<std::uint64_t>::max();
        next_          = request.from.value_or(end);
        if (scope_.kind() != Scope::Kind::stream) {
            next_ = forwards() ? std::max<Position>(*next_, 1) : std::min(*next_, head_);
        }
    }

    result<const RecordedEvent*> next() override
    {
        if (error_) return *error_;
        while (at_ == filled_ && not ended_) {
            if (auto filled = fill_page(); not filled) {
                error_ = std::move(filled.error());
                // What was read before the fault is given first.
                if (filled_ == 0) return *error_;
                pending_ = std::exchange(error_, std::nullopt);
                ended_   = true;
            }
        }
        if (at_ < filled_) return &page_[at_++];
        if (pending_) return *(error_ = std::exchange(pending_, std::nullopt));
        return nullptr;
    }

private:
    bool forwards() const { return direction_ == Direction::forwards; }

    // Times are given once as positions: then all is a matter of positions.
    result<void> bound_by_time()
    {
        if (not time_) return done();
        const auto wanted = forwards() ? *time_ : std::min(*time_, Time::max() - Duration{1}) + Duration{1};
        BOOST_OUTCOME_TRY(const auto first, log_.first_at(wanted));
        if (forwards())
            first_wanted_ = first;
        else
            last_wanted_ = first - 1;
        if (scope_.kind() != Scope::Kind::stream) {
            next_ = forwards() ? std::max(*next_, first_wanted_) : std::min(*next_, last_wanted_);
        }
        time_.reset();
        return done();
    }

    // The limits of a stream, as they are when the reading begins.
    result<void> bound_by_limits()
    {
        if (scope_.kind() != Scope::Kind::stream || std::exchange(is_bound_by_limits_, true)) return done();
        const auto view = log_.index().view();
        BOOST_OUTCOME_TRY(const auto kept, log_.kept_of(view, scope_.name(), head_, log_.clock().now()));
        first_version_ = kept.version;
        first_wanted_  = std::max(first_wanted_, kept.position);
        if (forwards()) next_ = std::max(*next_, first_version_);
        return done();
    }

    result<void> fill_page()
    {
        at_ = filled_ = 0;
        BOOST_OUTCOME_TRY(bound_by_time());
        BOOST_OUTCOME_TRY(bound_by_limits());
        using Way         = LogWalk::Way;
        auto walk         = log_.walk(scope_.kind() == Scope::Kind::everything ? Way::through : Way::here_and_there);
        std::size_t bytes = 0;
        BOOST_OUTCOME_TRY(const auto places, find_places(std::min<std::uint64_t>(left_, page_events)));
        if (places.empty()) ended_ = true;
        std::optional<ClusterWalk> clusters;
        if (scope_.kind() == Scope::Kind::stream) clusters.emplace(log_.clusters().all(), scope_.name());
        for (const Position position : places) {
            if (scope_.kind() == Scope::Kind::stream && *next_ < first_version_) { // and so are all before it
                next_.reset();
                break;
            }
            if (position > head_ || position < first_wanted_ || position > last_wanted_) {
                step(position);
                continue;
            }
            if (page_.size() == filled_) page_.emplace_back();
            if (not clusters || not clusters->take(*next_, position, page_[filled_])) {
                BOOST_OUTCOME_TRY(walk.take(position, page_[filled_]));
            }
            step(position);
            if (is_gone(page_[filled_])) continue;
            bytes += page_[filled_++].data.size();
            --left_;
            if (bytes >= page_bytes) break;
        }
        if (left_ == 0 || not next_) ended_ = true;
        return done();
    }

    // The next place: after this one.
    void step(Position position)
    {
        const auto here = scope_.kind() == Scope::Kind::stream ? *next_ : position;
        if (not forwards() && here == 0)
            next_.reset();
        else
            next_ = here + (forwards() ? 1 : std::uint64_t(-1));
    }

    result<std::vector<Position>> find_places(std::size_t wanted)
    {
        std::vector<Position> places;
        if (not next_ || wanted == 0) return places;
        if (scope_.kind() == Scope::Kind::everything) {
            for (auto at = *next_; at >= 1 && at <= head_ && places.size() < wanted; forwards() ? ++at : --at) {
                places.push_back(at);
            }
            return places;
        }
        const auto& index = log_.index();
        const auto view   = index.view();
        if (scope_.kind() == Scope::Kind::stream) {
            BOOST_OUTCOME_TRY(auto found, index.of_stream(view, scope_.name(), *next_, direction_, wanted));
            next_ = found.from;
            return std::move(found.positions);
        }
        QueryWalk walk = scope_.kind() == Scope::Kind::category ? QueryWalk{index, view, scope_.name()}
                                                                : QueryWalk{index, view, scope_.query()};
        for (auto at = *next_; at >= 1 && at <= head_ && places.size() < wanted; forwards() ? ++at : --at) {
            BOOST_OUTCOME_TRY(const auto found, walk.find(at, direction_));
            if (not found || *found > head_) break;
            places.push_back(*found);
            at = *found;
        }
        return places;
    }

    const LogReader& log_;
    const Scope scope_;
    const Direction direction_;
    std::optional<Time> time_;
    std::uint64_t left_;
    const Position head_;               // what is appended later is not read
    std::optional<std::uint64_t> next_; // version in a stream, else position; none after version 0 backwards
    bool is_bound_by_limits_ = false;
    Version first_version_   = 0; // that is wanted, in a stream
    Position first_wanted_   = 0;
    Position last_wanted_    = std::numeric_limits<Position>::max();
    std::vector<RecordedEvent> page_; // its events are used again, page after page
    std::size_t filled_ = 0;
    std::size_t at_     = 0;
    bool ended_         = false;
    std::optional<Error> error_;
    std::optional<Error> pending_; // an error after the events of this page
};

} // namespace

result<RecordedEvent> LogReader::event_at(Position position) const
{
    RecordedEvent event;
    BOOST_OUTCOME_TRY(walk().take(position, event));
    return event;
}

result<Chain> LogReader::chain_at(Position position) const
{
    auto cursor = database_.cursor();
    cursor.seek(key_spaces::of_record(position, 0));
    if (auto status = cursor.status(); not status) return at_position(status.error(), position);
    if (not cursor.valid() || not key_spaces::is_of_record(cursor.key())) return missing_record(position);
    RecordView record;
    BOOST_OUTCOME_TRY(record.parse(cursor.value(), key_spaces::last_position_of_record(cursor.key())));
    if (not record.holds(position)) return missing_record(position);
    return record.chain();
}

result<bool> LogReader::holds_record(Position position, std::uint64_t checksum) const
{
    auto cursor = database_.cursor();
    RecordView record;
    for (cursor.seek(key_spaces::of_record(position, 0));; cursor.next()) {
        if (auto status = cursor.status(); not status) return at_position(status.error(), position);
        if (not cursor.valid() || not key_spaces::is_of_record(cursor.key())) return false;
        const Position last = key_spaces::last_position_of_record(cursor.key());
        if (last > position) return false;
        BOOST_OUTCOME_TRY(record.parse(cursor.value(), last));
        if (record.chain().own == checksum) return true;
    }
}

result<Position> LogReader::first_at(Time time) const
{
    auto steps     = walk();
    Position least = 1;
    Position most  = head() + 1;
    while (least < most) {
        const Position middle = least + (most - least) / 2;
        BOOST_OUTCOME_TRY(const auto recorded_at, steps.recorded_at(middle));
        if (recorded_at < time)
            least = middle + 1;
        else
            most = middle;
    }
    return least;
}

result<LogReader::Kept> LogReader::kept_of(const IndexView& view, std::string_view stream, Position head,
                                           Time now) const
{
    Kept kept;
    if (is_settings_stream(stream)) return kept;
    BOOST_OUTCOME_TRY(const auto status, settings_.status_of(view, stream, head + 1));
    if (status == StreamStatus{}) return kept;
    BOOST_OUTCOME_TRY(const auto length, index_.length_of(view, stream, head));
    kept.version = status.first_kept(length);
    if (status.limits.max_age) {
        BOOST_OUTCOME_TRY(kept.position, first_at(now - *status.limits.max_age));
    }
    return kept;
}

std::unique_ptr<EventCursor> LogReader::read(const ReadRequest& request) const
{
    return std::make_unique<PagedCursor>(*this, request);
}

} // namespace eventloom
