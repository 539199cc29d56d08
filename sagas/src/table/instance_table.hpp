// The engine's own database: each instance as far as it is known, in the orders in which it is looked for, and how far the events
// were heard.
//
//     BOOST_OUTCOME_TRY(auto held, table.hold(key));                                // in the caller's hand, with its row
//     BOOST_OUTCOME_TRY(table.keep(key, held.place, {.instance = instance}, position));   // is written with the next ones
//     BOOST_OUTCOME_TRY(const auto due, table.due_next(1'000, {}));
//
// All of it can be built again from the log, so nothing here is synced, and a step costs no write: rows stay in memory until there
// are many, and an instance that changed often meanwhile, or has ended, is written once. What is kept together is written
// together: a checkpoint is never there without the instances that began before it. Threads: any; but one instance is kept by one
// thread at a time.
#pragma once

#include "program/instance.hpp"

#include <eventloom/storage/database.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

namespace eventloom {

struct InstanceKey {
    std::string saga;
    std::string key;

    std::string stream() const { return saga + "-" + key; }

    friend auto operator<=>(const InstanceKey&, const InstanceKey&) = default;
};

// Whose stream it is, by its name. Nothing: the stream is of no instance.
std::optional<InstanceKey> instance_of_stream(std::string_view stream);

// Failure::corrupt "saga-history-lost"
Error history_lost(const InstanceKey& key);

// An instance between two moves.
struct InstanceRow {
    instance::Instance instance;
    std::optional<Time> due;        // when it goes on by itself, if it waits for a time
    bool waits_for_attempt = false; // that is the time of the next attempt at work that failed
    bool is_at_work        = false; // its work is being done: it goes on at once when the engine starts
    std::vector<std::string> steps; // that it is at, for those who look for it; set when it is written
};

struct DueInstance {
    InstanceKey key;
    Time due{};
    bool waits_for_attempt = false;
};

// What the table's indexes have of an instance.
struct IndexedInstance {
    SagaStatus status     = SagaStatus::running;
    std::uint32_t version = 0;
    Time began{};
    std::optional<Time> due;
    bool waits_for_attempt = false;
    bool is_at_work        = false;
    std::string error;
    std::vector<std::string> steps;
    std::vector<std::string> calls; // whose answers come from elsewhere, or have come
};

// What the table must know of an instance to replace its row, so that the old one is not read again. Whoever has the instance in hand
// holds it; only the table looks into it.
struct PlaceInTable {
    std::optional<std::pair<SagaStatus, std::uint32_t>> counted; // status and version; with the lock of keeping
    std::optional<IndexedInstance> on_disk;                      // of the writer
};

// In their order: after this one come those that are due later.
using DuePlace = std::pair<Time, InstanceKey>;

class InstanceTable {
public:
    // The names of the steps that an instance is at.
    using StepsOf = std::function<std::vector<std::string>(const InstanceKey&, const instance::Instance&)>;
    // One that an earlier program wrote is read as empty, and stays, until take_over().
    static result<std::unique_ptr<InstanceTable>> open(const Runtime& runtime, const std::string& directory,
                                                       StepsOf steps_of);
    // Before anything is kept. What an earlier program wrote is removed: it is built again from the log.
    result<void> take_over();

    result<std::optional<InstanceRow>> find(const InstanceKey& key) const;
    // The same for whoever has the instance in hand, and may keep it.
    struct Held {
        std::optional<InstanceRow> row;
        std::shared_ptr<PlaceInTable> place;
    };
    result<Held> hold(const InstanceKey& key) const;
    // As its stream has it, up to the event at `position`; 0: of no event that is younger than those of all others.
    result<void> keep(const InstanceKey& key, const std::shared_ptr<PlaceInTable>& place, InstanceRow row,
                      Position position = 0);
    // Is written with the next rows.
    void keep_checkpoint(const std::string& saga, Position checkpoint);
    result<Position> checkpoint(const std::string& saga) const;
    // The position of the youngest event that is in here.
    Position reached() const;
    // The latest time at which one of them changed; after a clock was set back it is in the time to come.
    Time latest() const;
    // Writes what was kept since the last time.
    result<void> flush() const;

    // Around each write to the log: what follows from it is kept before it ends. So it is known up to where all is kept.
    Position begin_write(Position head);
    void end_write(Position head);
    // Those of an earlier run are not waited for.
    void forget_writes();
    // After this position there may be events of instances that are not in here.
    result<Position> complete_to() const;

    // In the order of saga and key, without the states. `visit` answers false to end it. Costs what it visits, whatever the
    // filter.
    using Visit = std::function<bool(const InstanceKey&, const InstanceRow&)>;
    result<void> visit(const SagaFilter& filter, const Visit& visit) const;
    struct Counted {
        std::string saga;
        SagaStatus status     = SagaStatus::running;
        std::uint32_t version = 0;

        friend auto operator<=>(const Counted&, const Counted&) = default;
    };
    std::map<Counted, std::uint64_t> count() const;
    // Those whose work is being done.
    result<std::vector<InstanceKey>> at_work() const;
    // The next ones after a place that go on by themselves, the earliest first; at most so many.
    result<std::vector<DueInstance>> due_next(std::size_t limit, const std::optional<DuePlace>& after) const;
    // The instance with a step whose answer comes from elsewhere, to a call with this key, or has come.
    result<std::optional<InstanceKey>> instance_of_call(std::string_view call) const;

    InstanceTable(std::unique_ptr<Database> database, StepsOf steps_of)
        : database_{std::move(database)}, steps_of_{std::move(steps_of)}
    {
    }

private:
    struct Hash {
        std::size_t operator()(const InstanceKey& key) const;
    };
    // A row that is not on disk yet.
    struct Kept {
        InstanceRow row; // without its state
        std::string state;
        std::shared_ptr<PlaceInTable> place;
    };
    using Rows = std::unordered_map<InstanceKey, Kept, Hash>;

    result<Position> position_at(std::string_view key) const;
    result<void> read_counts();
    result<std::optional<InstanceRow>> read(const InstanceKey& key, bool with_state) const;
    std::optional<Held> find_in_memory(const InstanceKey& key) const; // with the lock
    Batch take_kept() const;                                          // with the lock of writing
    result<void> write_kept() const;
    result<bool> visit_key(const InstanceKey& key, const SagaFilter& filter, const Visit& visit) const;
    result<bool> visit_saga(const std::string& saga, const SagaFilter& filter, const Visit& visit) const;

    const std::unique_ptr<Database> database_;
    const StepsOf steps_of_;
    std::atomic<bool> is_of_earlier_program_ = false; // whoever looks while it is taken over sees an empty table
    mutable std::mutex writing_;                      // one writes at a time
    mutable std::mutex keeping_;                      // over what follows; taken after the other one
    mutable Rows kept_;                               // since the last write
    mutable Rows being_written_;                      // changed by the writer alone, with both locks
    std::map<std::string, Position> checkpoints_;     // those that were heard since it was opened
    mutable bool has_new_checkpoint_ = false;
    std::map<Counted, std::uint64_t> counts_;
    std::multiset<Position> writes_; // heads of the log when those began that have not ended
    Position reached_ = 0;
    Time latest_{};
};

} // namespace eventloom
