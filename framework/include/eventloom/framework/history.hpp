// Everything that an engine's log holds, in the order of writing: for lists, exports, and comparisons.
//
//     BOOST_OUTCOME_TRY(history.visit_history(1, {.event   = [&](const RecordedEvent& event) { return copy(event); },
//                                                 .command = [&](const CommandRecord& command) { return copy(command); }}));
//
// Threads: any, while others append.
#pragma once

#include <eventloom/framework/recorded_event.hpp>
#include <eventloom/framework/result.hpp>

#include <cstdint>
#include <functional>
#include <string_view>

namespace eventloom {

struct CommandRecord;

// Called with everything that was written. An error of it ends the visit, which returns that error.
struct HistoryVisitor {
    // A removed event (Upkeep::take_out) has its id, stream, version, position and time, but no type.
    std::function<result<void>(const RecordedEvent&)> event;
    std::function<result<void>(const CommandRecord&)> command; // right after the last of its events
};

class EventHistory {
public:
    virtual ~EventHistory() = default;

    // Every stream with the number of its events, in the order of their names.
    using VisitStream = std::function<void(std::string_view stream, std::uint64_t events)>;
    virtual result<void> visit_streams(const VisitStream& visit) const = 0;

    // Everything that was written from the event at `from` on, commands with it, up to the present head. With `from` 1 also
    // the commands before the first event. In bounded memory.
    virtual result<void> visit_history(Position from, const HistoryVisitor& visitor) const = 0;
};

} // namespace eventloom
