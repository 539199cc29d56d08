// The messages of a topic as a log: numbered from 1, in segments of which the oldest go when a limit is reached.
//
//     TopicLog prices{runtime, log, engine, "topics/prices", Durability::synced, "prices", {.max_age = 24h}};
//     BOOST_OUTCOME_TRY(prices.open());
//     BOOST_OUTCOME_TRY(prices.publish({message}));
//     BOOST_OUTCOME_TRY(prices.keep_limits());           // a publication does it, too, when it reaches one
//
// A segment begins in this order: its log is made, the log of the service says so, messages go to it. It goes in this: the log says
// so, nobody reads it any more, its files are removed. A crash between two of these leaves files that the next start removes.
// Threads: any. A publication waits for the disk, and while a segment begins or goes for that, too.
#pragma once

#include "kept_segments.hpp"
#include "segment.hpp"

#include <eventloom/framework/observers.hpp>

#include <mutex>

namespace eventloom::topics {

class TopicLog final : public EventStore {
public:
    TopicLog(const Runtime& runtime, EventStore& log, EngineKind& engine, std::string directory, Durability durability,
             std::string name, TopicRetention retention);

    // Failure::storage "no-such-database" and others, as the engine says. Segments that are missing are reported, and counted as
    // dropped.
    result<void> open();
    // `look`: one with the id of the first may be there already, in whatever segment. All of them, or none.
    enum class Look : bool { no, yes };
    // Failure::invalid "message-too-large".
    result<void> check(std::uint64_t bytes) const;
    result<PublishedMessage> publish(std::vector<NewEvent> messages, Look look);
    result<void> keep_limits();
    // When keep_limits has something to do by the age of messages, if nothing is published.
    std::optional<Time> next_due() const;

    TopicStatus status() const;
    std::optional<Error> fault() const;
    // The oldest that a reader is given.
    Position first() const;
    // Some messages from this number on, or from the oldest that is kept; none: there are none up to `until`.
    result<std::vector<RecordedEvent>> chunk(Position from, Position until) const;
    // The first that was recorded at this moment or later; head() + 1: none was.
    result<Position> first_at(Time time) const;

    result<Appended> append(const AppendRequest& request) override;
    void append(AppendRequest request, AppendCompletion completion) override { completion(append(request)); }
    std::unique_ptr<EventCursor> read(const ReadRequest& request) const override;
    result<std::optional<RecordedEvent>> find_event(const Uuid& id) const override;
    result<std::uint64_t> stream_length(std::string_view stream) const override;
    result<std::vector<std::string>> stored_types() const override { return std::vector<std::string>{}; }
    result<std::optional<CommandRecord>> find_command(const Uuid&) const override
    {
        return std::optional<CommandRecord>{};
    }
    Position head() const override;
    Observation observe(CommitObserver observer) override { return observers_->add(std::move(observer)); }

private:
    // What one segment takes before the next one begins.
    struct Share {
        std::uint64_t messages = 0;
        std::uint64_t bytes    = 0;
        std::optional<Duration> age;
    };
    // Of the segment that messages go to.
    struct Growing {
        std::uint64_t messages = 0;
        std::uint64_t bytes    = 0;
        Time began{}; // its first message
        Time newest{};
    };
    using Segments = std::vector<std::shared_ptr<Segment>>;

    // opening.cpp
    result<void> begin();
    result<void> take_up(Kept kept);
    result<void> remove_what_is_of_none(const Segments& segments) const;
    result<Growing> measure(const Segment& segment) const;
    result<void> put_into_service(Segments segments, Kept kept, const Growing& growing);

    // retention.cpp
    bool is_full(Time now) const;
    std::size_t count_due(Time now) const;
    bool is_due(Time now) const;
    result<void> keep_limits_alone();
    result<void> begin_next_if_full();
    result<void> change_over(const Segment& full, const std::shared_ptr<Segment>& next, Kept kept);
    Error close_for(const Error& error);
    result<void> drop_what_is_due();
    void remove_leaving();

    std::shared_ptr<Segment> growing_segment() const;
    Segments all() const;
    Position oldest() const;
    void count(const std::vector<NewEvent>& messages);

    const Runtime runtime_;
    EventStore& log_;
    const std::string name_;
    const TopicRetention retention_;
    const Share share_;
    const SegmentPlace place_;
    const std::shared_ptr<Observers> observers_ = std::make_shared<Observers>();

    std::mutex maintaining_;         // one that begins or drops segments at a time
    std::mutex entry_;               // who waits for gate_ alone is not overtaken by others that share it
    mutable std::shared_mutex gate_; // shared: a message is being published

    mutable std::mutex mutex_; // over what follows
    Kept kept_;
    Segments segments_; // as kept_.segments
    Growing growing_;
    std::optional<Error> error_;  // room was not given back
    std::optional<Error> closed_; // it takes no more messages
    bool is_open_ = false;
};

// With what is kept of a message beside it, roughly.
inline std::uint64_t bytes_of(std::string_view data, std::string_view type)
{
    return data.size() + type.size() + 80;
}

// What is read at a time.
inline constexpr std::size_t chunk_messages = 256;
inline constexpr std::size_t chunk_bytes    = 1u << 20;

} // namespace eventloom::topics
