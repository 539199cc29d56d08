// When instances go on by themselves: the next ones in memory, all others in the engine's table.
//
//     timers.set({key, due});                            // instead of another time that the instance had
//     for (const InstanceKey& key : timers.take_due(now)) ...
//     if (const auto next = timers.next()) executor.post_at(*next, ...);
//
// When those in memory are used up, the next ones are read from the table, from where these ended:
//
//     if (const auto after = timers.begin_reading()) {
//         const auto due = table.due_next(10'000, *after);
//         timers.end_reading(due, due.size() == 10'000);
//     }
//
// An instance is in the table before it is set here, so that none is lost that is set while others are read. Threads: any.
#pragma once

#include "table/instance_table.hpp"

#include <mutex>
#include <set>

namespace eventloom {

class Timers {
public:
    // At most so many are kept in memory.
    explicit Timers(std::size_t in_memory = 20'000) : in_memory_{in_memory} {}

    void set(const DueInstance& instance);
    // The instance waits for no time.
    void remove(const InstanceKey& key);
    // Those whose time has come; they have none any more.
    std::vector<InstanceKey> take_due(Time now);
    // When the next one is due, or more have to be read.
    std::optional<Time> next() const;
    // Those that are not in memory come after this one; nothing: all are.
    std::optional<DuePlace> horizon() const;
    // After which place the table's next ones are to be read; a place that is nothing: from the first on. Nothing: they are being
    // read already. Ends with end_reading().
    std::optional<std::optional<DuePlace>> begin_reading();
    void end_reading(const std::vector<DueInstance>& due, bool there_are_more);
    // How many wait for the next attempt at work that failed.
    std::size_t attempts() const;
    void clear();

private:
    void forget(const InstanceKey& key);
    void forget_the_last_ones();

    const std::size_t in_memory_;
    mutable std::mutex mutex_; // over what follows
    std::set<DuePlace> by_time_;
    std::map<InstanceKey, DueInstance> by_key_;
    std::size_t attempts_ = 0;
    std::optional<DuePlace> horizon_;
    bool is_reading_ = false; // all that are set meanwhile stay in memory
};

} // namespace eventloom
