// What keeps the log of a service: an engine, with all that it can do. A service is given one by choice.
//
//     BOOST_OUTCOME_TRY(const auto engine, leveldb_engine().open(runtime, {.directory = "var/shop"}));
//     BOOST_OUTCOME_TRY(engine.store->append(request));
//     BOOST_OUTCOME_TRY(const auto report, engine.upkeep->verify());
//
// Commands of the command line are there if the engine can do what they ask for. Threads: an EngineKind may be used from any
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

// An open log. `store` owns it; the others are other sides of the same object.
struct Engine {
    std::shared_ptr<EventStore> store;
    EventHistory* history = nullptr;
    Upkeep* upkeep        = nullptr;
    BackupSource* backup  = nullptr; // nullptr: this engine makes no backups
};

struct EngineOptions {
    std::string directory; // of the service's data; the engine has a place in it, or knows where its log is from it
    Durability durability  = Durability::synced;
    bool create_if_missing = true;
};

// What is not asked of every engine.
struct EngineAbilities {
    bool scavenges = false;
    bool compacts  = false;
    bool repairs   = false; // repair.hpp of eventstore knows how
    bool backs_up  = false; // backup.hpp of eventstore knows how
};

// A log that is given a history of old: as it was, with the times that are told.
struct ImportTarget {
    // Nobody but the import sees a new log until this is called, with `engine` closed.
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
    // Where the log of a data directory lies, for messages.
    virtual std::string place_of_log(const std::string& directory) const = 0;

    // Failure::storage      "no-such-database": it is not there and was not to be made.
    // Failure::unavailable  "held-by-another-process".
    virtual result<Engine> open(const Runtime& runtime, const EngineOptions& options) = 0;

    // A cache beside the log.
    virtual result<std::unique_ptr<SnapshotStore>> open_snapshots(const Runtime& runtime,
                                                                  const std::string& directory) = 0;

    // The clock of `runtime` tells the times that are recorded. Buffered, and takes names that older programs gave.
    // An import that was interrupted is found again.
    virtual result<ImportTarget> open_import(const Runtime& runtime, const std::string& directory) = 0;
};

} // namespace eventloom
