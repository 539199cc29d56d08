// What a store holds, one thing after the other: events, those that are gone, and commands, in the order of writing.
//
//     StandingHistory standing{store};
//     BOOST_OUTCOME_TRY(const StandingHistory::Entry* entry, standing.next());   // nothing after the last
//
// Threads: one; the store gets no appends meanwhile.
#pragma once

#include <eventloom/eventstore/leveldb_store.hpp>

#include <variant>
#include <vector>

namespace eventloom {

class StandingHistory {
public:
    using Entry = std::variant<RecordedEvent, CommandRecord>;

    explicit StandingHistory(const LevelDbStore& store) : store_{store} {}

    // Until the next call.
    result<const Entry*> next();

private:
    result<void> read_page();

    const LevelDbStore& store_;
    std::vector<Entry> page_;
    std::size_t used_ = 0; // of the page
    Position from_    = 1; // where the next page begins
    bool ended_       = false;
};

} // namespace eventloom
