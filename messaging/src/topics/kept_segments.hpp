// What the log says about a topic: which segments it has. Each event of the stream topic-NAME says all that holds from then on, so
// that only the last one is of use.
//
//     BOOST_OUTCOME_TRY(const auto kept, read_kept(log, "prices"));
//     kept.segments.back();                    // the one that messages go to
//
// docs/format.md, "Topics". Threads: values.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/messaging/topics.hpp>

namespace eventloom::topics {

struct SegmentFact {
    std::uint64_t ordinal = 0; // names its directory; never used again
    Position first        = 1; // the number of its first message
    // What it held when the next one began; 0 for the last one, which grows.
    std::uint64_t messages = 0;
    std::uint64_t bytes    = 0;
    Time newest{}; // when its last message was recorded
};

struct Kept {
    std::vector<SegmentFact> segments;
    std::vector<std::uint64_t> leaving; // ordinals of those whose files may still be there
    std::uint64_t dropped = 0;          // messages, since the topic began
    Time at{};
};

struct KeptFacts {
    static constexpr auto category = "topic";
    using Events                   = events<event<"topic-kept", Kept>>;
};

// No segment: the topic is new.
result<Kept> read_kept(const EventStore& log, const std::string& topic);
result<void> write_kept(EventStore& log, IdSource& ids, const std::string& topic, const Kept& kept);

std::string stream_of_topic(std::string_view topic);

// Failure::invalid "invalid-topic".
result<void> check_topic(std::string_view name, const TopicRetention& retention);

} // namespace eventloom::topics
