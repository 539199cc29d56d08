// What an append may do, whatever keeps the events: the same rules for every engine.
#pragma once

#include <eventloom/framework/stream_limits.hpp>

namespace eventloom {

// What the rules need to know of a log. Called while no other append can run.
class LogView {
public:
    virtual ~LogView()                                                              = default;
    virtual result<std::uint64_t> length_of(const std::string& stream) const        = 0;
    virtual result<std::optional<Position>> position_of(const Uuid& event_id) const = 0;
    virtual result<RecordedEvent> event_at(Position position) const                 = 0;
    virtual result<std::optional<CommandRecord>> command(const Uuid& id) const      = 0;
    // The settings of a stream, by the events before a position.
    virtual result<StreamStatus> status_of(const std::string& stream, Position before) const = 0;
    // The first event after `after` that matches.
    virtual result<std::optional<Position>> find_match(const EventQuery& query, Position after) const = 0;
    virtual Position head() const                                                                     = 0;
};

// What to do with a request: write it, or nothing because it was done before.
struct AppendDecision {
    std::optional<Appended> repeated;
    std::vector<std::uint64_t> lengths; // of the request's streams, in its order
};

result<AppendDecision> decide_append(const AppendRequest& request, const LogView& log, Time now);

// The answer to a request that is to be written after `head`.
Appended answer_of(const AppendRequest& request, const AppendDecision& decision, Position head);

// Adds the events of a request to `events`, as they will be in the log.
void record_events(const AppendRequest& request, const Appended& answer, Time recorded_at,
                   std::vector<RecordedEvent>& events);

} // namespace eventloom
