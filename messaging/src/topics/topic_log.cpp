// Publishing messages, and reading them.
#include "topic_log.hpp"

#include "topic_cursor.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace eventloom::topics {

namespace {

constexpr std::uint64_t shares       = 8; // of a limit, one for each segment
constexpr std::uint64_t messages_max = 50'000;
constexpr std::uint64_t messages_few = 1'000;
constexpr std::uint64_t bytes_max    = 16u << 20;
constexpr std::uint64_t bytes_few    = 128u << 10;
constexpr Duration age_few           = std::chrono::seconds{1};

outcome::failure_type<Error> cannot(std::string_view topic, std::string_view what)
{
    return fail(Failure::invalid, "topic-cannot",
                fmt::format("asked the log of the topic {} {}; a topic takes messages by Topics::publish, and is read "
                            "forwards",
                            topic, what));
}

} // namespace

TopicLog::TopicLog(const Runtime& runtime, EventStore& log, EngineKind& engine, std::string directory,
                   Durability durability, std::string name, TopicRetention retention)
    : runtime_{runtime}, log_{log}, name_{std::move(name)}, retention_{retention},
      share_{retention.max_count ? std::clamp(*retention.max_count / shares, messages_few, messages_max) : messages_max,
             retention.max_bytes ? std::clamp(*retention.max_bytes / shares, bytes_few, bytes_max) : bytes_max,
             retention.max_age ? std::optional{std::max<Duration>(*retention.max_age / shares, age_few)}
                               : std::nullopt},
      place_{runtime_, engine, std::move(directory), durability, stream_of_topic(name_)}
{
}

std::shared_ptr<Segment> TopicLog::growing_segment() const
{
    const std::lock_guard lock{mutex_};
    return segments_.back();
}

TopicLog::Segments TopicLog::all() const
{
    const std::lock_guard lock{mutex_};
    return segments_;
}

Position TopicLog::oldest() const
{
    const std::lock_guard lock{mutex_};
    return segments_.front()->first();
}

Position TopicLog::head() const
{
    const auto segment = growing_segment();
    const auto last    = segment->last();
    return last ? last.value() : segment->first() - 1;
}

Position TopicLog::first() const
{
    const Position last = head();
    if (not retention_.max_count || last < *retention_.max_count) return oldest();
    return std::max(oldest(), last - *retention_.max_count + 1);
}

void TopicLog::count(const std::vector<NewEvent>& messages)
{
    const Time now = runtime_.clock.now();
    const std::lock_guard lock{mutex_};
    if (growing_.messages == 0) growing_.began = now;
    growing_.messages += messages.size();
    for (const NewEvent& message : messages) growing_.bytes += bytes_of(message.data, message.type);
    growing_.newest = std::max(growing_.newest, now);
}

result<void> TopicLog::check(std::uint64_t bytes) const
{
    if (not retention_.max_bytes || bytes <= *retention_.max_bytes) return done();
    return fail(
        Failure::invalid, "message-too-large",
        fmt::format("published {} bytes to the topic {} and found that it keeps {}; publish less at once, or let "
                    "it keep more",
                    bytes, name_, *retention_.max_bytes));
}

result<PublishedMessage> TopicLog::publish(std::vector<NewEvent> messages, Look look)
{
    std::uint64_t bytes = 0;
    for (const NewEvent& message : messages) bytes += bytes_of(message.data, message.type);
    BOOST_OUTCOME_TRY(check(bytes));
    PublishedMessage published{messages.front().id};
    {
        std::unique_lock entry{entry_};
        const std::shared_lock publishing{gate_};
        entry.unlock();
        if (const auto fault = this->fault()) return *fault;
        if (look == Look::yes) {
            BOOST_OUTCOME_TRY(const auto found, find_event(published.id));
            if (found) return PublishedMessage{published.id, found->position, true};
        }
        BOOST_OUTCOME_TRY(const auto appended, growing_segment()->append(messages));
        published.number       = appended.last_position;
        published.stood_before = appended.repeated;
        if (not appended.repeated) count(messages);
    }
    // What goes wrong here is no fault of the message: it is in the status, and is tried again with the next one.
    if (is_due(runtime_.clock.now())) static_cast<void>(keep_limits());
    return published;
}

result<std::vector<RecordedEvent>> TopicLog::chunk(Position from, Position until) const
{
    for (;;) {
        from = std::max(from, first());
        if (from > until) return std::vector<RecordedEvent>{};
        const auto segments = all();
        const auto after    = std::find_if(segments.begin(), segments.end(),
                                           [&](const auto& segment) { return segment->first() > from; });
        if (after == segments.begin()) continue; // the oldest went just now
        const auto& segment = *std::prev(after);
        const bool is_past  = after != segments.end();
        auto messages = segment->read(from, std::min<std::uint64_t>(chunk_messages, until - from + 1), chunk_bytes);
        if (not messages) {
            if (messages.error().code == "segment-is-gone") continue;
            return messages;
        }
        if (messages.value().empty()) {
            // Numbers that a restored log knows nothing of (opening.cpp).
            if (not is_past) return messages;
            from = (*after)->first();
            continue;
        }
        // It was read to its end; whoever reads it next opens it again.
        if (is_past && messages.value().back().position + 1 == (*after)->first()) segment->close();
        return messages;
    }
}

result<Position> TopicLog::first_at(Time time) const
{
    for (const auto& segment : all()) {
        const auto found = segment->first_at(time);
        if (not found && found.error().code != "segment-is-gone") return found.error();
        if (found && found.value()) return std::max(*found.value(), first());
    }
    return head() + 1;
}

std::unique_ptr<EventCursor> TopicLog::read(const ReadRequest& request) const
{
    if (request.direction == Direction::backwards) {
        return std::make_unique<NoMessages>(cannot(name_, "for messages backwards").error());
    }
    return std::make_unique<TopicCursor>(*this, request);
}

result<Appended> TopicLog::append(const AppendRequest&)
{
    return cannot(name_, "to append events");
}

// The newest first: who asks again does so soon.
result<std::optional<RecordedEvent>> TopicLog::find_event(const Uuid& id) const
{
    const auto segments = all();
    for (auto at = segments.rbegin(); at != segments.rend(); ++at) {
        auto found = (*at)->find(id);
        if (not found && found.error().code != "segment-is-gone") return found;
        if (found && found.value()) return found;
    }
    return std::optional<RecordedEvent>{};
}

result<std::uint64_t> TopicLog::stream_length(std::string_view stream) const
{
    return stream == place_.stream ? head() : 0;
}

std::optional<Error> TopicLog::fault() const
{
    const std::lock_guard lock{mutex_};
    if (closed_) return closed_;
    return segments_.empty() ? std::nullopt : segments_.back()->fault();
}

TopicStatus TopicLog::status() const
{
    TopicStatus status;
    status.name      = name_;
    status.retention = retention_;
    status.last      = head();
    status.first     = first();
    status.messages  = status.last + 1 - status.first;
    status.error     = fault();
    const std::lock_guard lock{mutex_};
    status.bytes    = growing_.bytes;
    status.dropped  = kept_.dropped;
    status.segments = segments_.size();
    for (const SegmentFact& segment : kept_.segments) status.bytes += segment.bytes;
    if (not status.error) status.error = error_;
    return status;
}

} // namespace eventloom::topics
