// The settings of a stream: how much of it is kept, whether it is deleted, and whether it has ended for good.
//
//     BOOST_OUTCOME_TRY(set_stream_limits(store, ids, "sensor-7", {.max_age = std::chrono::days{90}, .max_count = 1000}));
//     BOOST_OUTCOME_TRY(delete_stream(store, ids, "order-1042"));        // reads as empty; the next append begins it again
//     BOOST_OUTCOME_TRY(tombstone_stream(store, ids, "customer-9"));     // for ever: nothing is appended to it again
//     BOOST_OUTCOME_TRY(const auto asked, stream_status(store, "sensor-7"));
//
// Each setting is an event in the stream `$stream-NAME`: so it has its place in history, and is in every copy of the log. Readers
// of the stream see the change at once. Readers of the whole log, of a category, type or tag still get an event as long as it is
// in the log: until `store scavenge`. Versions and positions do not change.
// The three write nothing if the stream has the setting already. Threads: as the EventStore.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/runtime.hpp>

#include <optional>

namespace eventloom {

// What is not given does not limit. Each leaves the newest events of the stream.
struct StreamLimits {
    std::optional<Duration> max_age        = std::nullopt; // by the time when they were recorded
    std::optional<std::uint64_t> max_count = std::nullopt; // at least 1
    std::optional<Version> truncate_before = std::nullopt; // the first version that is kept
    friend bool operator==(const StreamLimits&, const StreamLimits&) = default;
};

struct StreamStatus {
    StreamLimits limits = {};
    bool tombstoned     = false;

    // The first version that a reader sees of a stream of `length` events, but for its age.
    Version first_kept(std::uint64_t length) const;
    // Nothing of the stream is left: it was deleted, or cut off after its end. Then "no stream" is what an append finds.
    bool is_deleted(std::uint64_t length) const;

    friend bool operator==(const StreamStatus&, const StreamStatus&) = default;
};

// The events in `$stream-NAME`, for projections that follow what becomes of streams. Each says all that holds from then on.
struct StreamLimitsSet {
    std::optional<Duration> max_age;
    std::optional<std::uint64_t> max_count;
    std::optional<Version> truncate_before;
};
struct StreamDeleted {
    std::uint64_t events = 0; // the stream had so many, and none of them is seen any more
    std::optional<Duration> max_age;
    std::optional<std::uint64_t> max_count;
};
struct StreamTombstoned {};

struct StreamSettings {
    static constexpr std::string_view category = "$stream";
    using Events = events<event<"$stream-limits-set", StreamLimitsSet>, event<"$stream-deleted", StreamDeleted>,
                          event<"$stream-tombstoned", StreamTombstoned>>;
    StreamStatus status;
};

inline StreamSettings evolve(StreamSettings, const StreamLimitsSet& event)
{
    return {{.limits = {event.max_age, event.max_count, event.truncate_before}}};
}
inline StreamSettings evolve(StreamSettings, const StreamDeleted& event)
{
    return {{.limits = {event.max_age, event.max_count, event.events}}};
}
inline StreamSettings evolve(StreamSettings, const StreamTombstoned&)
{
    return {{.tombstoned = true}};
}

// Failure::refused "stream-tombstoned". Failure::invalid "invalid-limits", "limits-ahead-of-stream" (an event that is still to come
// would be cut off), "invalid-stream-name". And what an append says.
result<void> set_stream_limits(EventStore& store, IdSource& ids, const std::string& stream, const StreamLimits& limits);

// Whether these limits can be asked for: the errors of set_stream_limits that are not of an append.
result<void> check_stream_limits(const EventStore& store, const std::string& stream, const StreamLimits& limits);

// All events that the stream has now are seen no more; other limits stay. Its versions go on when it is appended to.
// Failure::invalid "no-such-stream". Failure::refused "stream-tombstoned".
result<void> delete_stream(EventStore& store, IdSource& ids, const std::string& stream);

// Cannot be undone. Failure::invalid "no-such-stream": a name that was mistyped would be lost for ever.
result<void> tombstone_stream(EventStore& store, IdSource& ids, const std::string& stream);

// The present status.
result<StreamStatus> stream_status(const EventStore& store, const std::string& stream);

// For engines. The stream that holds the settings of `stream`; whether a stream is such a stream, or has their category; and
// the content of such an event.
std::string settings_stream_of(std::string_view stream);
bool is_settings_stream(std::string_view stream);
// Failure::corrupt when this program does not understand it.
result<StreamStatus> stream_status_of(std::string_view type, std::uint32_t schema_version, std::string_view data);

// The error of an append to a stream that has ended for good.
Error stream_tombstoned(std::string_view stream);

} // namespace eventloom
