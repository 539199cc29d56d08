// When instances go on by themselves: the next ones in memory, all others in the engine's table.
//
//     timers.set({key, due});                            // instead of another time that the instance had
//     for (const InstanceKey& key : timers.take_due(now)) ...
//     if (const auto next = timers.next()) executor.post_at(*next, ...);
//
// Threads: any.
#pragma once

#include "instance_table.hpp"

#include <mutex>
#include <set>

namespace eventloom {

class Timers {
public:
    // At most so many are kept in memory.
    explicit Timers(std::size_t in_memory = 10'000) : in_memory_{in_memory} {}

    void set(const DueInstance& instance);
    // The instance waits for no time.
    void remove(const InstanceKey& key);
    // Those whose time has come; they have none any more.
    std::vector<InstanceKey> take_due(Time now);
    // When the next one is due, or more have to be read.
    std::optional<Time> next() const;
    // Those that are not in memory are later than this; nothing: all of them are.
    std::optional<Time> horizon() const;
    // All of the table's next ones were set, and more than these are not in memory.
    void set_horizon(std::optional<Time> horizon);
    // How many wait for the next attempt at work that failed.
    std::size_t attempts() const;
    void clear();

private:
    void forget(const InstanceKey& key);

    const std::size_t in_memory_;
    mutable std::mutex mutex_; // over what follows
    std::set<std::pair<Time, InstanceKey>> by_time_;
    std::map<InstanceKey, DueInstance> by_key_;
    std::size_t attempts_ = 0;
    std::optional<Time> horizon_;
};

} // namespace eventloom
