// The engine that keeps the log of a service, and what it can do. A service chooses its engine.
//
//     BOOST_OUTCOME_TRY(const auto engine, leveldb_engine().open(runtime, {.directory = "var/shop"}));
//     BOOST_OUTCOME_TRY(engine.store->append(request));
//     BOOST_OUTCOME_TRY(const auto report, engine.upkeep->verify());
//
// The command line has only the commands that the engine can carry out. Threads: an EngineKind may be used from any
// thread.
// For eventstore/engines.hpp and service/service.hpp: include one of them.
#pragma once

#include <eventloom/framework/detail/durability.hpp>
#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/detail/snapshots.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace eventloom {

// Called with everything that was written. An error of it ends the visit, which returns that error.
struct HistoryVisitor {
    // A removed event (Upkeep::take_out) has its id, stream, version, position and time, but no type.
    std::function<result<void>(const RecordedEvent&)> event;
    std::function<result<void>(const CommandRecord&)> command; // right after the last of its events
};

// Everything that an engine's log holds, in the order of writing: for lists, exports, and comparisons.
//
//     BOOST_OUTCOME_TRY(history.visit_history(1, {.event   = [&](const RecordedEvent& event) { return copy(event); },
//                                                 .command = [&](const CommandRecord& command) { return copy(command); }}));
//
// Threads: any, while others append.
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

// A property of a log, for people: {"events", 2048}, {"takes appends", "yes"}.
struct StoreProperty {
    std::string name;
    std::variant<std::uint64_t, std::string> value;
};

struct StoreProperties {
    std::vector<StoreProperty> properties; // in the order in which they are shown
    // A sentence each: what was put right when the log was opened, and what the operator should know.
    std::vector<std::string> notices = {};
};

// Some damage. Position 0: not of one event.
struct Finding {
    Position position = 0;
    std::string code; // "damaged-record", "missing-record", "broken-chain", "damaged-index", "history-shrank", ...
    std::string sentence;
};

struct VerifyReport {
    Position events             = 0; // that were read
    std::uint64_t index_entries = 0; // that were compared
    std::vector<Finding> findings;   // the first hundred
    std::uint64_t findings_total = 0;
};

// A scavenge removes the events from the log that the limits of streams (stream_limits.hpp) hide from all readers.
struct ScavengeOptions {
    std::uint64_t bytes_per_second = 0;     // that are read and written; 0: as fast as the disk does it
    bool dry_run                   = false; // report what would be removed, and change nothing
};

struct ScavengeReport {
    Position events            = 0; // that were removed, or would be
    std::uint64_t bytes        = 0; // that they had in the log
    std::uint64_t streams      = 0; // of which they were; of one that was resumed, since then
    std::uint64_t bytes_before = 0; // of the files of the log, without the room in them for what is still to be written
    std::uint64_t bytes_after  = 0; // the same in a dry run
    bool resumed               = false; // went on with one that was interrupted
};

// What cannot be compacted yet.
struct CompactReport {
    Position waiting = 0; // this many events at the end of the log
    Position least   = 0; // this many events are needed to compact; 0: nothing is ever compacted
};

// Called with the position that was reached. An error of it ends the work, which returns that error.
using UpkeepProgress = std::function<result<void>(Position reached)>;

// Maintenance of an engine's log: information, verification, and making it smaller.
//
//     BOOST_OUTCOME_TRY(const auto report, upkeep.verify());
//     for (const Finding& finding : report.findings) std::puts(finding.sentence.c_str());
//
// An engine refuses what it cannot do: Failure::invalid "engine-cannot". Threads: any, also during appends and reads.
class Upkeep {
public:
    virtual ~Upkeep() = default;

    virtual result<StoreProperties> properties() const = 0;

    // Why the log takes no more appends, if so: "store-closed-by-fault", or the damage that was found at opening.
    virtual std::optional<Error> fault() const = 0;

    // Reads the whole log and every index, and compares them, in bounded memory.
    virtual result<VerifyReport> verify(const UpkeepProgress& progress = {}) const = 0;

    // When it returns everything acknowledged is on disk, also with Durability::buffered.
    // Failure::unavailable  "store-closed-by-fault"; and the error of fault().
    virtual result<void> sync() = 0;

    // Removes events at once, without regard to the limits of their streams: for the copy of a log that does not have them.
    // `positions` ascend; those of one append go together. Failure::unavailable  "scavenge-is-running".
    virtual result<void> take_out(const std::vector<Position>& positions) = 0;

    // Removes the events that the present limits of streams hide from all readers, and frees their disk space. All other
    // events keep their bytes, positions and versions. After an error of `progress` or a crash the next scavenge continues.
    // Do not call it from a task. Failure::unavailable  "scavenge-is-running": one at a time.
    virtual result<ScavengeReport> scavenge(const ScavengeOptions& options, const UpkeepProgress& progress = {});

    // Does now what is otherwise done while there are no appends: for a log that is read soon after many appends.
    virtual result<CompactReport> compact();
};

class BackupSource;

// An open log. `store` owns it; the pointers belong to it, and are valid as long as it lives.
struct Engine {
    std::shared_ptr<EventStore> store;
    EventHistory* history = nullptr;
    Upkeep* upkeep        = nullptr;
    BackupSource* backup  = nullptr; // nullptr: this engine makes no backups
};

struct EngineOptions {
    std::string directory; // of the service's data; the log is in it, or its place follows from it
    Durability durability  = Durability::synced;
    bool create_if_missing = true;
};

// What not every engine can do.
struct EngineAbilities {
    bool scavenges = false;
    bool compacts  = false;
    bool repairs   = false; // repair.hpp of eventstore knows how
    bool backs_up  = false; // backup.hpp of eventstore knows how
};

// A log that receives an exported history, with the recorded times.
struct ImportTarget {
    // Puts a new log in its place. Let go of `engine.store` first. Before that only the import sees the new log.
    std::function<result<void>()> publish;
    Engine engine;
    bool is_new = false; // false: a log was there; it is only compared
};

// One kind of engine: how to open what it keeps.
class EngineKind {
public:
    virtual ~EngineKind() = default;

    virtual std::string name() const          = 0; // "leveldb"
    virtual EngineAbilities abilities() const = 0;
    // The place of a data directory's log, for messages.
    virtual std::string place_of_log(const std::string& directory) const = 0;

    // Failure::storage      "no-such-database": it does not exist, and `create_if_missing` is false.
    // Failure::unavailable  "held-by-another-process".
    virtual result<Engine> open(const Runtime& runtime, const EngineOptions& options) = 0;

    // Whether a data directory has a log, whole or damaged.
    virtual result<bool> has_log(const Runtime& runtime, const std::string& directory) const = 0;

    // Which process has the log open, where the system tells.
    virtual std::optional<long> process_with_log(const std::string&) const { return {}; }

    // Ends the log of a data directory. `remove_files` takes away what is in the directory; nobody opens the log meanwhile,
    // and when it fails the log stays.  Failure::unavailable  "held-by-another-process".
    virtual result<void> remove_log(const Runtime& runtime, const std::string& directory,
                                    const std::function<result<void>()>& remove_files) = 0;

    // Whether a file of the engine in the data directory is written once, and never changed.
    virtual bool never_changes(const std::string&) const { return false; }

    // A cache beside the log.
    virtual result<std::unique_ptr<SnapshotStore>> open_snapshots(const Runtime& runtime,
                                                                  const std::string& directory) = 0;

    // Opens a log to import into. Its events get their times from the clock of `runtime`. Writes are buffered. Names of streams
    // that only older programs allowed are accepted. An import that was interrupted is continued.
    virtual result<ImportTarget> open_import(const Runtime& runtime, const std::string& directory) = 0;
};

} // namespace eventloom
