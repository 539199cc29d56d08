// The engines of Eventloom: where a service keeps its log.
//
//     Service::open(runtime, {.directory = "var/shop", .engine = &leveldb_engine()});
//
//     const auto memory = memory_engine();                                   // for tests and trials
//     Service::open(runtime, {.directory = "var/shop", .engine = memory.get()});
//
// And their parts, for who has no Service:
//
//     auto store = open_memory_store(runtime);                               // leveldb_store.hpp has the one on disk
//     BOOST_OUTCOME_TRY(auto snapshots, open_leveldb_snapshots(runtime, "var/shop/snapshots"));
//     CommandBus bus{runtime, *store, {.snapshots = snapshots.get()}};
//
// Threads: as every EngineKind, EventStore and SnapshotStore.
#pragma once

#include <eventloom/framework/detail/engine.hpp>
#include <eventloom/framework/detail/snapshots.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <memory>
#include <string>

namespace eventloom {

struct LevelDbStoreOptions;

// On disk, in log/ of the data directory; lives as long as the process.
EngineKind& leveldb_engine();

// The same with limits and memory of your own (leveldb_store.hpp). The service says the directory, the durability, and whether
// a missing log is made.
//
//     const auto engine = leveldb_engine({.limits = {.event_bytes = 4u << 20}});
//     return el::run({.name = "shop", .summary = "A gift shop.", .set_up = add_shop, .engine = engine.get()}, argc, argv);
std::unique_ptr<EngineKind> leveldb_engine(const LevelDbStoreOptions& options);

// In memory. A log is kept by its data directory for as long as the engine lives: closed and opened again, it is still there.
// What else a service keeps in its data directory (read models, sagas, keys) is on the disk as ever.
std::unique_ptr<EngineKind> memory_engine();

// An event store in memory: the twin of the one on disk, for tests and trials. Keeps every promise but durability. It does not
// scavenge: limits of streams hide events, which stay in memory.
class MemoryStore : public EventStore, public EventHistory, public Upkeep {};

std::unique_ptr<MemoryStore> open_memory_store(const Runtime& runtime, const StoreLimits& limits = {});

// Where snapshots of aggregates are kept: in a LevelDB of their own, or in memory. Each is written with a checksum and without
// sync: a power cut may remove some, but no event is lost. The directory may be removed when no process has it open; a damaged
// database is removed and begins empty.
// Failure::unavailable  "held-by-another-process"
// Failure::storage      what Database::open says.
result<std::unique_ptr<SnapshotStore>> open_leveldb_snapshots(const Runtime& runtime, const std::string& directory);

std::unique_ptr<SnapshotStore> open_memory_snapshots();

} // namespace eventloom
