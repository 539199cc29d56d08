// A segment that is full makes room for the next one; the oldest goes, with its files, when a limit is reached.
#include "topic_log.hpp"

#include <eventloom/framework/log.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom::topics {

// With mutex_.
bool TopicLog::is_full(Time now) const
{
    if (growing_.messages == 0) return false;
    return growing_.messages >= share_.messages || growing_.bytes >= share_.bytes ||
           (share_.age && now - growing_.began >= *share_.age);
}

// With mutex_. How many of the oldest segments have reached a limit; never the one that grows.
std::size_t TopicLog::count_due(Time now) const
{
    std::uint64_t bytes = growing_.bytes;
    for (const SegmentFact& segment : kept_.segments) bytes += segment.bytes;
    const Position last = segments_.back()->first() - 1 + growing_.messages;
    std::size_t due     = 0;
    for (; due + 1 < kept_.segments.size(); ++due) {
        const SegmentFact& oldest = kept_.segments[due];
        const Position next       = kept_.segments[due + 1].first;
        const bool is_due         = (retention_.max_age && oldest.newest + *retention_.max_age <= now) ||
                            (retention_.max_bytes && bytes > *retention_.max_bytes) ||
                            (retention_.max_count && next - 1 + *retention_.max_count <= last);
        if (not is_due) break;
        bytes -= oldest.bytes;
    }
    return due;
}

bool TopicLog::is_due(Time now) const
{
    const std::lock_guard lock{mutex_};
    return is_full(now) || count_due(now) > 0;
}

std::optional<Time> TopicLog::next_due() const
{
    if (not retention_.max_age) return std::nullopt;
    const std::lock_guard lock{mutex_};
    std::optional<Time> due;
    if (growing_.messages > 0) due = growing_.began + *share_.age;
    if (kept_.segments.size() > 1) {
        const Time oldest = kept_.segments.front().newest + *retention_.max_age;
        due               = due ? std::min(*due, oldest) : oldest;
    }
    return due;
}

result<void> TopicLog::keep_limits()
{
    const std::lock_guard one_at_a_time{maintaining_};
    return keep_limits_alone();
}

// With maintaining_.
result<void> TopicLog::keep_limits_alone()
{
    if (const auto fault = this->fault()) return *fault;
    auto kept = begin_next_if_full();
    if (kept) kept = drop_what_is_due();
    remove_leaving();
    const std::lock_guard lock{mutex_};
    if (not kept) {
        write_to(runtime_.log, LogLevel::warning, "topic-limits-not-kept", {{"topic", name_}}, kept.error());
        error_ = kept.error();
    } else if (kept_.leaving.empty()) {
        error_.reset();
    }
    return kept;
}

result<void> TopicLog::begin_next_if_full()
{
    Kept kept;
    std::shared_ptr<Segment> full;
    {
        const std::lock_guard lock{mutex_};
        if (not is_full(runtime_.clock.now())) return done();
        kept = kept_;
        full = segments_.back();
    }
    // Made while messages still go to the full one: only to change over do they wait.
    const auto next = std::make_shared<Segment>(place_, full->ordinal() + 1);
    BOOST_OUTCOME_TRY(next->make());
    BOOST_OUTCOME_TRY(change_over(*full, next, std::move(kept))); // files of an attempt in vain go with the next one
    full->close();
    return done();
}

result<void> TopicLog::change_over(const Segment& full, const std::shared_ptr<Segment>& next, Kept kept)
{
    const std::lock_guard entry{entry_};
    const std::unique_lock alone{gate_};
    BOOST_OUTCOME_TRY(const Position last, full.last());
    next->begin_at(last + 1);
    Segments segments;
    {
        const std::lock_guard lock{mutex_};
        SegmentFact& fact = kept.segments.back();
        fact.messages     = growing_.messages;
        fact.bytes        = growing_.bytes;
        fact.newest       = growing_.newest;
        segments          = segments_;
    }
    kept.segments.push_back({next->ordinal(), last + 1, 0, 0, {}});
    kept.at = runtime_.clock.now();
    segments.push_back(next);
    if (const auto written = write_kept(log_, runtime_.ids, name_, kept); not written)
        return close_for(written.error());
    return put_into_service(std::move(segments), std::move(kept), {});
}

// The log may say that messages go to the next segment, or not: until that is known, they go to none.
Error TopicLog::close_for(const Error& error)
{
    const std::lock_guard lock{mutex_};
    closed_ =
        Error{Failure::unavailable, "topic-closed-by-fault",
              fmt::format("wrote to the log that a segment of the topic {} begins, and found: {}; the topic takes no "
                          "more messages until the service is started again",
                          name_, error.sentence)};
    return *closed_;
}

result<void> TopicLog::drop_what_is_due()
{
    Kept kept;
    Segments going;
    {
        const std::lock_guard lock{mutex_};
        const auto due = static_cast<std::ptrdiff_t>(count_due(runtime_.clock.now()));
        if (due == 0) return done();
        kept = kept_;
        going.assign(segments_.begin(), segments_.begin() + due);
    }
    for (const auto& segment : going) kept.leaving.push_back(segment->ordinal());
    const auto end = kept.segments.begin() + static_cast<std::ptrdiff_t>(going.size());
    std::for_each(kept.segments.begin(), end, [&](const auto& fact) { kept.dropped += fact.messages; });
    kept.segments.erase(kept.segments.begin(), end);
    kept.at = runtime_.clock.now();
    BOOST_OUTCOME_TRY(write_kept(log_, runtime_.ids, name_, kept));
    {
        const std::lock_guard lock{mutex_};
        kept_ = std::move(kept);
        segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(going.size()));
    }
    for (const auto& segment : going) segment->leave();
    return done();
}

// The log hears of it with what changes next.
void TopicLog::remove_leaving()
{
    std::vector<std::uint64_t> leaving;
    {
        const std::lock_guard lock{mutex_};
        leaving = kept_.leaving;
    }
    for (const auto ordinal : leaving) {
        Segment segment{place_, ordinal};
        const auto removed = segment.remove();
        const std::lock_guard lock{mutex_};
        if (removed) {
            std::erase(kept_.leaving, ordinal);
        } else {
            write_to(runtime_.log, LogLevel::warning, "topic-room-not-given-back",
                     {{"topic", name_}, {"segment", segment.directory()}}, removed.error());
            error_ = removed.error();
        }
    }
}

} // namespace eventloom::topics
