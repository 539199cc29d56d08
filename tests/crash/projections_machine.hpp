// A machine whose disk fails or loses power under two projections of people: one table with every kind of index, and two
// tables that one event changes.
//
//     ProjectionsMachine machine{seed, {.place = RowPlace::leveldb}};
//     machine.disk().crash_at(point);
//     machine.live();                                  // as far as it goes
//     machine.power_cut(Tail::torn);
//     CHECK(machine.wrong_after_restart(Lost::what_was_not_synced) == "");
//
// The log stands elsewhere, as a server's would, and loses nothing; or on the same disk, where inline rows lie in it. Then
// some appends break a rule, and must be refused. Threads: one.
#pragma once

#include "projections/people.hpp"
#include "simulated_disk/simulated_disk.hpp"
#include "simulated_disk/sqlite_files.hpp"

#include <eventloom/storage/syncing_env.hpp>

namespace projections_crash_test {

namespace el = eventloom;
using el::Position;
using el::RowPlace;
using el::testing::DirectoryModel;
using el::testing::SimulatedDisk;
using el::testing::Tail;

enum class Log : std::uint8_t { in_memory, on_the_disk };

struct Setting {
    RowPlace place       = RowPlace::leveldb;
    DirectoryModel model = DirectoryModel::strict;
    Log log              = Log::in_memory;
};

// What the disk may have forgotten before a restart.
enum class Lost : std::uint8_t { nothing, what_was_not_synced };

class ProjectionsMachine {
public:
    ProjectionsMachine(std::uint64_t seed, const Setting& setting);
    ~ProjectionsMachine() { process_ends(); }

    SimulatedDisk& disk() { return disk_; }

    // A whole life: catches up with a long log, follows it live, rebuilds one projection and then both, verifies, drops one,
    // folds it again, and goes on with a program of a second version. Ends with the first error. Begun again, it goes on with
    // a log that is longer already.
    el::result<void> live();
    // Another one: follows the log live, with rows so large that LevelDB fills one file of its log and begins the next.
    el::result<void> live_with_large_rows();
    // Whether it had begun a rebuild or a drop and not ended it.
    bool was_rebuilding() const { return rebuilding_; }
    bool was_changing_version() const { return changing_version_; }

    // Of a program that goes on after an error: "" when its tables still answer, with rows of one moment, or what is wrong.
    std::string wrong_with_answers();

    void process_ends();
    void power_cut(Tail tail);

    // Opens what is there and follows the log to its end: "" when rows and checkpoint agree all the way and nothing is left
    // over, or what is wrong. That the power goes again meanwhile is no fault of the projections.
    std::string wrong_after_restart(Lost lost);

private:
    struct Running {
        std::unique_ptr<el::EventStore> log_on_disk;
        std::unique_ptr<el::EventBus> bus;
        std::unique_ptr<el::Projections> projections;
    };

    void process_begins();
    el::result<void> open();
    el::result<void> record_up_to(Position last);
    el::result<void> record_what_is_refused();
    el::result<void> catch_up();
    el::result<void> rebuild(const std::vector<std::string>& names);
    el::result<void> drop(const std::string& name);
    el::result<void> verify_all();
    el::result<void> change_version();
    el::result<el::Position> check_rows_of_old(const std::string& name);
    el::result<void> check_restart(Lost lost);
    el::result<void> check_left_over();
    el::result<void> check_inline_rows();
    el::result<void> check_nothing_but_inline_rows();

    el::EventStore& log() { return running_.log_on_disk ? *running_.log_on_disk : *memory_log_; }
    el::Projections& projections() { return *running_.projections; }

    const Setting setting_;
    el::SimulatedExecutor simulated_;
    SimulatedDisk disk_;
    el::testing::SqliteFiles sqlite_files_{disk_};
    std::optional<el::SyncingEnv> files_; // of one process: the next one has its own
    el::Runtime runtime_;
    std::unique_ptr<el::EventStore> memory_log_;
    Running running_;
    std::map<std::string, Position> answered_for_; // a kill may not take these away, by projection
    bool rebuilding_       = false;
    bool changing_version_ = false;
    std::uint32_t version_ = 1; // of the program that runs
};

} // namespace projections_crash_test
