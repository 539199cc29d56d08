// An event store in memory: the twin of the one on disk, for tests and trials. Keeps every promise but durability.
//
//     auto store = open_memory_store(runtime);
//     store->append({.streams = {{"order-1042", ExpectedVersion::no_stream(), events}}});
//
// A whole service runs on it with memory_engine() of engines.hpp. Threads: as every EventStore.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/history.hpp>
#include <eventloom/framework/upkeep.hpp>

#include <memory>

namespace eventloom {

// It does not scavenge: limits of streams hide events, which stay in memory.
class MemoryStore : public EventStore, public EventHistory, public Upkeep {};

std::unique_ptr<MemoryStore> open_memory_store(const Runtime& runtime, const StoreLimits& limits = {});

} // namespace eventloom
