// What a store holds, one thing after the other: events, those that are gone, and commands, in the order of writing.
//
//     StandingHistory standing{*engine.history};
//     BOOST_OUTCOME_TRY(const StandingHistory::Entry* entry, standing.next());   // nothing after the last
//
// Threads: one; the store gets no appends meanwhile.
#pragma once

#include <eventloom/framework/detail/engine.hpp>
#include <eventloom/framework/event_store.hpp>

#include <variant>
#include <vector>

namespace eventloom {

class StandingHistory {
public:
    using Entry = std::variant<RecordedEvent, CommandRecord>;

    explicit StandingHistory(const EventHistory& history) : history_{history} {}

    // Until the next call.
    result<const Entry*> next();

private:
    result<void> read_page();

    const EventHistory& history_;
    std::vector<Entry> page_;
    std::size_t used_ = 0; // of the page
    Position from_    = 1; // where the next page begins
    bool ended_       = false;
};

} // namespace eventloom
