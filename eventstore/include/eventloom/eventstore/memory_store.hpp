// An event store in memory: the twin of the one on disk, for tests and trials. Keeps every promise but durability.
//
//     auto store = open_memory_store(runtime);
//     store->append({.streams = {{"order-1042", ExpectedVersion::no_stream(), events}}});
//
// Threads: as every EventStore.
#pragma once

#include <eventloom/framework/event_store.hpp>

#include <memory>

namespace eventloom {

std::unique_ptr<EventStore> open_memory_store(const Runtime& runtime, const StoreLimits& limits = {});

} // namespace eventloom
