// The present states of aggregates: folded from their streams, and kept in memory and, where an aggregate says so, in
// snapshots.
//
//     BOOST_OUTCOME_TRY(auto loaded, states.load(aggregate, "order-1042"));
//     ...                                                    // two events are decided on it, and appended
//     states.move_on(aggregate, "order-1042", std::move(loaded), after_them, 2);
//
// Threads: any.
#pragma once

#include "commands/aggregate_cache.hpp"

#include <eventloom/framework/detail/aggregate_type.hpp>
#include <eventloom/framework/detail/snapshots.hpp>
#include <eventloom/framework/event_store.hpp>

#include <map>
#include <vector>

namespace eventloom::detail {

class AggregateStates {
public:
    // `snapshots` may be nullptr.
    AggregateStates(EventStore& store, SnapshotStore* snapshots, std::size_t cached)
        : store_{store}, snapshots_{snapshots}, cache_{cached}
    {
    }

    // As the log has it at this moment.
    result<LoadedState> load(const AggregateType& aggregate, const std::string& stream);

    // Keeps the `state` that `loaded` has become by `count` events, which are in the log now. Never a reason to fail.
    void move_on(const AggregateType& aggregate, const std::string& stream, LoadedState loaded,
                 std::shared_ptr<const void> state, std::uint64_t count);

    // All that is kept, and what is being worked out now.
    result<void> forget();

    // Snapshots that were passed over, a sentence each.
    std::vector<std::string> notices() const;

private:
    result<std::uint64_t> fold_rest(const StateType& type, void* state, const std::string& stream, std::uint64_t events,
                                    std::uint64_t length) const;
    result<LoadedState> load_snapshot(const AggregateType& aggregate, const std::string& stream);
    // By the policy of the aggregate.
    void take_snapshot(const AggregateType& aggregate, const std::string& stream, std::uint64_t events_before,
                       const LoadedState& loaded);
    // A state that was folded before its stream was deleted, or cut, is not the state of now.
    result<std::uint64_t> count_settings(const std::string& stream) const;
    result<std::optional<Snapshot>> find_snapshot(const std::string& stream, std::uint32_t version, const Shape& shape);
    void save_snapshot(const std::string& stream, Snapshot snapshot, std::uint64_t age);
    result<std::optional<SnapshotAnchor>> anchor_after(const std::string& stream, std::uint64_t events) const;

    EventStore& store_;
    SnapshotStore* const snapshots_;
    AggregateCache cache_;
    std::mutex saving_;                                       // of a snapshot, so that none is saved after forget()
    mutable std::mutex noticing_;                             // over the next
    std::map<std::string, std::string, std::less<>> notices_; // by category
};

} // namespace eventloom::detail
