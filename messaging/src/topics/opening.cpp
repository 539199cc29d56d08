// A topic begins, or goes on with the segments that the log names.
#include "topic_log.hpp"

#include <eventloom/framework/log.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/storage/database.hpp>

#include <algorithm>
#include <charconv>

namespace eventloom::topics {

namespace {

// More than a segment ever takes: what is numbered after such a gap was never seen under this number.
constexpr Position numbers_skipped = 1'000'000;

} // namespace

result<void> TopicLog::open()
{
    const std::lock_guard one_at_a_time{maintaining_};
    {
        const std::lock_guard lock{mutex_};
        if (is_open_) return done();
    }
    BOOST_OUTCOME_TRY(auto kept, read_kept(log_, name_));
    if (kept.segments.empty()) {
        BOOST_OUTCOME_TRY(begin());
    } else {
        BOOST_OUTCOME_TRY(take_up(std::move(kept)));
    }
    // Only the last of these events is of use, so `store scavenge` gives the room of the others back.
    BOOST_OUTCOME_TRY(set_stream_limits(log_, runtime_.ids, place_.stream, {.max_count = 1}));
    {
        const std::lock_guard lock{mutex_};
        is_open_ = true;
    }
    return keep_limits_alone();
}

result<void> TopicLog::begin()
{
    const auto first = std::make_shared<Segment>(place_, 1);
    first->begin_at(1);
    BOOST_OUTCOME_TRY(first->make());
    const Kept kept{{{1, 1, 0, 0, {}}}, {}, 0, runtime_.clock.now()};
    BOOST_OUTCOME_TRY(write_kept(log_, runtime_.ids, name_, kept));
    return put_into_service({first}, kept, {});
}

// The log may be of another time than the segments: it was restored, and a backup has no topics.
result<void> TopicLog::take_up(Kept kept)
{
    const SegmentFact last = kept.segments.back();
    Segments segments;
    std::vector<SegmentFact> found;
    for (const SegmentFact& fact : kept.segments) {
        auto segment = std::make_shared<Segment>(place_, fact.ordinal);
        segment->begin_at(fact.first);
        BOOST_OUTCOME_TRY(const bool is_there, segment->exists());
        if (is_there) {
            segments.push_back(std::move(segment));
            found.push_back(fact);
        } else {
            kept.dropped += fact.messages;
        }
    }
    if (segments.size() != kept.segments.size()) {
        write_to(runtime_.log, LogLevel::warning, "topic-segments-missing",
                 {{"topic", name_}, {"segments", kept.segments.size() - segments.size()}});
        if (segments.empty() || segments.back()->ordinal() != last.ordinal) {
            segments.push_back(std::make_shared<Segment>(place_, last.ordinal + 1));
            segments.back()->begin_at(last.first + numbers_skipped);
            BOOST_OUTCOME_TRY(segments.back()->make());
            found.push_back({last.ordinal + 1, last.first + numbers_skipped, 0, 0, {}});
        }
        kept.segments = std::move(found);
        BOOST_OUTCOME_TRY(write_kept(log_, runtime_.ids, name_, kept));
    }
    BOOST_OUTCOME_TRY(remove_what_is_of_none(segments));
    BOOST_OUTCOME_TRY(const auto growing, measure(*segments.back()));
    return put_into_service(std::move(segments), std::move(kept), growing);
}

// Directories that were made and that the log never heard of, and those whose removal a power cut has undone.
result<void> TopicLog::remove_what_is_of_none(const Segments& segments) const
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime_, place_.directory));
    for (const std::string& name : names) {
        std::uint64_t ordinal = 0;
        const auto* const end = name.data() + name.size();
        const auto read       = std::from_chars(name.data(), end, ordinal);
        const bool is_kept    = std::any_of(segments.begin(), segments.end(),
                                            [&](const auto& segment) { return segment->ordinal() == ordinal; });
        if (read.ec != std::errc{} || read.ptr != end || is_kept) continue;
        if (const auto removed = Segment{place_, ordinal}.remove(); not removed) {
            write_to(runtime_.log, LogLevel::warning, "topic-room-not-given-back",
                     {{"topic", name_}, {"segment", place_.directory + "/" + name}}, removed.error());
        }
    }
    return done();
}

result<TopicLog::Growing> TopicLog::measure(const Segment& segment) const
{
    Growing growing;
    BOOST_OUTCOME_TRY(const Position last, segment.last());
    for (Position from = segment.first(); from <= last;) {
        BOOST_OUTCOME_TRY(const auto messages, segment.read(from, chunk_messages, chunk_bytes));
        if (messages.empty()) break;
        if (growing.messages == 0) growing.began = messages.front().recorded_at;
        growing.messages += messages.size();
        for (const auto& message : messages) growing.bytes += bytes_of(message.data, message.type);
        growing.newest = std::max(growing.newest, messages.back().recorded_at);
        from           = messages.back().position + 1;
    }
    return growing;
}

result<void> TopicLog::put_into_service(Segments segments, Kept kept, const Growing& growing)
{
    BOOST_OUTCOME_TRY(
        segments.back()->observe([observers = observers_](const auto& messages) { observers->tell(messages); }));
    const std::lock_guard lock{mutex_};
    segments_ = std::move(segments);
    kept_     = std::move(kept);
    growing_  = growing;
    return done();
}

} // namespace eventloom::topics
