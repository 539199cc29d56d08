// The engine's own database: each instance as far as it is known, in the orders in which it is looked for, and how far the events
// were heard.
//
//     table.keep({"fulfilment", "17"}, {.instance = instance, .due = due}, position);   // is written with the next ones
//     BOOST_OUTCOME_TRY(const auto due, table.due_before(now, 1'000));
//
// All of it can be built again from the log, so nothing here is synced. What is kept together is written together: a checkpoint is
// never there without the instances that began before it. Threads: any.
#pragma once

#include "instance.hpp"

#include <eventloom/storage/database.hpp>

#include <map>
#include <mutex>
#include <set>

namespace eventloom {

struct InstanceKey {
    std::string saga;
    std::string key;

    std::string stream() const { return saga + "-" + key; }

    friend auto operator<=>(const InstanceKey&, const InstanceKey&) = default;
};

// Failure::corrupt "saga-history-lost"
Error history_lost(const InstanceKey& key);

// An instance between two moves.
struct InstanceRow {
    instance::Instance instance;
    std::optional<Time> due;        // when it goes on by itself, if it waits for a time
    bool waits_for_attempt = false; // that is the time of the next attempt at work that failed
    bool is_at_work        = false; // its work is being done: it goes on at once when the engine starts
};

struct DueInstance {
    InstanceKey key;
    Time due{};
    bool waits_for_attempt = false;
};

struct InstanceFilter {
    std::optional<std::string> saga;
    std::optional<SagaStatus> status;
    std::string error_code; // empty: any
    std::string key_prefix;
};

class InstanceTable {
public:
    // One that an earlier program wrote is read as empty, and stays, until take_over().
    static result<std::unique_ptr<InstanceTable>> open(const Runtime& runtime, const std::string& directory);
    // Before anything is kept. What an earlier program wrote is removed: it is built again from the log.
    result<void> take_over();

    result<std::optional<InstanceRow>> find(const InstanceKey& key) const;
    // As its stream has it, up to the event at `position`; 0: of no event that is younger than those of all others.
    result<void> keep(const InstanceKey& key, InstanceRow row, Position position = 0);
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

    // In the order of saga and key, without the states. `visit` answers false to end it.
    using Visit = std::function<bool(const InstanceKey&, const InstanceRow&)>;
    result<void> visit(const InstanceFilter& filter, const Visit& visit) const;
    struct Counted {
        std::string saga;
        SagaStatus status     = SagaStatus::running;
        std::uint32_t version = 0;

        friend auto operator<=>(const Counted&, const Counted&) = default;
    };
    std::map<Counted, std::uint64_t> count() const;
    // Those whose work is being done.
    result<std::vector<InstanceKey>> at_work() const;
    // The next ones that go on by themselves, the earliest first; at most so many.
    result<std::vector<DueInstance>> due_next(std::size_t limit) const;
    // The instance with a step whose answer comes from elsewhere, to a call with this key.
    result<std::optional<InstanceKey>> waiting_for_answer(std::string_view call) const;

    explicit InstanceTable(std::unique_ptr<Database> database) : database_{std::move(database)} {}

private:
    result<Position> position_at(std::string_view key) const;
    result<void> read_counts();
    result<std::optional<InstanceRow>> read(const InstanceKey& key, bool with_state) const;
    result<void> write_kept() const; // with the lock

    std::unique_ptr<Database> database_;
    bool is_of_earlier_program_ = false;
    mutable std::mutex keeping_; // over what follows
    mutable std::map<InstanceKey, InstanceRow> kept_;
    mutable std::map<std::string, Position> checkpoints_;
    mutable std::map<Counted, std::uint64_t> counts_;
    std::multiset<Position> writes_; // heads of the log when those began that have not ended
    Position reached_ = 0;
    Time latest_{};
};

} // namespace eventloom
