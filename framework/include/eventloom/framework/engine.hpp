// The engine that keeps the log of a service, and what it can do. A service chooses its engine.
//
//     BOOST_OUTCOME_TRY(const auto engine, leveldb_engine().open(runtime, {.directory = "var/shop"}));
//     BOOST_OUTCOME_TRY(engine.store->append(request));
//     BOOST_OUTCOME_TRY(const auto report, engine.upkeep->verify());
//
// The command line has only the commands that the engine can carry out. Threads: an EngineKind may be used from any
// thread.
#pragma once

#include <eventloom/framework/durability.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/history.hpp>
#include <eventloom/framework/snapshots.hpp>
#include <eventloom/framework/upkeep.hpp>

#include <functional>
#include <memory>
#include <string>

namespace eventloom {

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

    // A cache beside the log.
    virtual result<std::unique_ptr<SnapshotStore>> open_snapshots(const Runtime& runtime,
                                                                  const std::string& directory) = 0;

    // Opens a log to import into. Its events get their times from the clock of `runtime`. Writes are buffered. Names of streams
    // that only older programs allowed are accepted. An import that was interrupted is continued.
    virtual result<ImportTarget> open_import(const Runtime& runtime, const std::string& directory) = 0;
};

} // namespace eventloom
