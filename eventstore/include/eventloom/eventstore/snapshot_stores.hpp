// Where snapshots of aggregates are kept: in a LevelDB of their own, or in memory.
//
//     BOOST_OUTCOME_TRY(auto snapshots, open_leveldb_snapshots(runtime, "var/shop/snapshots"));
//     CommandBus bus{runtime, *store, {.snapshots = snapshots.get()}};
//
// Each is written with a checksum and without sync: a power cut may remove some, but no event is lost. The directory may be
// removed when no process has it open. Threads: as every SnapshotStore.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>
#include <eventloom/framework/snapshots.hpp>

#include <memory>
#include <string>

namespace eventloom {

// A damaged database is removed and begins empty.
// Failure::unavailable  "held-by-another-process"
// Failure::storage      what Database::open says.
result<std::unique_ptr<SnapshotStore>> open_leveldb_snapshots(const Runtime& runtime, const std::string& directory);

std::unique_ptr<SnapshotStore> open_memory_snapshots();

} // namespace eventloom
