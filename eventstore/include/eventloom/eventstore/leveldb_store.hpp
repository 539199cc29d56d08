// The event store on LevelDB: durable before it is acknowledged, checked whenever it is read.
//
//     BOOST_OUTCOME_TRY(auto store, LevelDbStore::open(runtime, {.directory = "var/shop/log"}));
//     BOOST_OUTCOME_TRY(const auto report, store->verify());
//
// Every record carries its place, its checksum and the checksum of the record before it, so that what is damaged, missing
// or exchanged is named with its position. The bytes on disk are described in docs/format.md.
// Threads: as every EventStore.
#pragma once

#include <eventloom/eventstore/detail/store_capture.hpp>
#include <eventloom/eventstore/detail/store_info.hpp>
#include <eventloom/framework/detail/engine.hpp>
#include <eventloom/framework/event_store.hpp>

#include <memory>
#include <optional>
#include <string>

namespace eventloom {

struct LevelDbStoreOptions {
    std::string directory  = {};
    Durability durability  = Durability::synced;
    bool create_if_missing = true;
    StoreLimits limits     = {};
    // What memory is used for; docs/decisions/0005 has the measurements.
    std::size_t write_buffer_bytes  = 32u << 20; // of LevelDB, twice; also about the size of its log files
    std::size_t record_bytes        = 16u << 10; // a record is closed when its events reach this
    std::size_t group_bytes         = 4u << 20;  // of appends that are written together, unless one is larger
    Position index_events_in_memory = 131'072;   // and as many again while they go to the index on disk
    // Ranges of so many events are copied, clustered by stream, once they are complete: then a stream that lies among
    // others is read with one read for many events. 0: never. docs/decisions/0006 has the measurements.
    Position cluster_events          = 1'048'576; // needs 8 bytes of memory an event in `verify`
    Position small_cluster_events    = 65'536; // the same for the newest events, until a range of the above is complete
    std::size_t cluster_memory_bytes = 16u << 20; // of events, while a cluster is made
};

class LevelDbStore : public EventStore, public EventHistory, public Upkeep, public BackupSource {
public:
    // Failure::corrupt  "newer-store-format", and what Database::open says.
    static result<std::unique_ptr<LevelDbStore>> open(const Runtime& runtime, LevelDbStoreOptions options);

    virtual result<StoreInfo> info() const = 0;
};

} // namespace eventloom
