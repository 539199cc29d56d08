// The engines that Eventloom brings along: what a service keeps its log in.
//
//     Service::open(runtime, {.directory = "var/shop", .engine = &leveldb_engine()});
//
//     const auto memory = memory_engine();                                   // for tests and trials
//     Service::open(runtime, {.directory = "var/shop", .engine = memory.get()});
//
// Threads: as every EngineKind.
#pragma once

#include <eventloom/framework/engine.hpp>

#include <memory>

namespace eventloom {

// On disk, in log/ of the data directory; lives as long as the process.
EngineKind& leveldb_engine();

// In memory. A log is kept by its data directory for as long as the engine lives: closed and opened again, it is still there.
// What else a service keeps in its data directory (read models, sagas, keys) is on the disk as ever.
std::unique_ptr<EngineKind> memory_engine();

} // namespace eventloom
