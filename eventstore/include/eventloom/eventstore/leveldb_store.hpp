// The event store on LevelDB: durable before it is acknowledged, checked whenever it is read.
//
//     BOOST_OUTCOME_TRY(auto store, LevelDbStore::open(runtime, {.directory = "var/shop/log"}));
//     BOOST_OUTCOME_TRY(const auto report, store->verify());
//
// Every record carries its place, its checksum and the checksum of the record before it, so that what is damaged, missing
// or exchanged is named with its position. The bytes on disk are described in docs/format.md.
// Threads: as every EventStore.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/storage/database.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace eventloom {

struct LevelDbStoreOptions {
    std::string directory;
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
    std::size_t cluster_memory_bytes = 32u << 20; // of events, while a cluster is made
};

struct StoreInfo {
    std::string directory;
    std::uint32_t format_version = 0;
    Durability durability        = Durability::synced;
    Position events              = 0;
    Position indexed             = 0;     // of them, in the index on disk; the others are in the one in memory
    Position clustered           = 0;     // of them, in ranges that are clustered by stream
    Position cluster_least       = 0;     // so many are clustered at once, no fewer; 0: none are ever
    Position witnessed           = 0;     // of them, whose loss the witness would notice
    Position gone                = 0;     // of them, taken out by scavenges: only their places are left
    std::uint64_t gone_bytes     = 0;     // that they had
    bool scavenge_is_unfinished  = false; // one was interrupted: the next goes on with it
    std::uint64_t streams        = 0;
    std::uint64_t log_bytes      = 0; // of files
    std::uint64_t index_bytes    = 0;
    std::uint64_t cluster_bytes  = 0;
    std::uint64_t bytes() const { return log_bytes + index_bytes + cluster_bytes; }
    std::vector<std::string> notices =
        {}; // a sentence each: what was put right when it was opened, and a last event that is from the time to come
    std::optional<Error> damage = {}; // why it takes no append
};

// Something that is not as it was written. Position 0: not of one event.
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

// Told of everything that was written, in the order in which it was. An error that it answers ends the visit.
struct HistoryVisitor {
    std::function<result<void>(const RecordedEvent&)>
        event; // of one that is gone: id, stream, place, time, and no type
    std::function<result<void>(const CommandRecord&)> command; // right after the last of its events
};

// A scavenge takes out of the log what the limits of streams (stream_limits.hpp) leave nobody to read.
struct ScavengeOptions {
    std::uint64_t bytes_per_second = 0;     // that are read and written; 0: as fast as the disk does it
    bool dry_run                   = false; // say what would go, and change nothing
};

struct ScavengeReport {
    Position events            = 0; // that went, or would go
    std::uint64_t bytes        = 0; // that they had in the log
    std::uint64_t streams      = 0; // of which they were; of one that was resumed, since then
    std::uint64_t bytes_before = 0; // of the files of the log, without the room in them for what is still to be written
    std::uint64_t bytes_after  = 0; // the same in a dry run
    bool resumed               = false; // went on with one that was interrupted
};

// The files of a store at one moment, all of them kept while it lives (Database::capture): of its log, with every event up
// to `head` and none after it, and of its index, which is never ahead of the log. backup.hpp makes backups of them.
struct StoreCapture {
    std::unique_ptr<DatabaseCapture> index;
    std::unique_ptr<DatabaseCapture> log;
    Position head          = 0;
    std::uint64_t checksum = 0; // of the last record, as the witness has it
    std::uint64_t first    = 0; // the same of the first one, by which one store is told from another; 0: there is none
    Duration held{};            // for which the appends were held
};

class LevelDbStore : public EventStore {
public:
    // Failure::corrupt  "newer-store-format", and what Database::open says.
    static result<std::unique_ptr<LevelDbStore>> open(const Runtime& runtime, LevelDbStoreOptions options);

    virtual result<StoreInfo> info() const = 0;

    // Why it takes no more appends, if so: "store-closed-by-fault", or what StoreInfo::damage says.
    virtual std::optional<Error> fault() const = 0;

    // Every stream with the number of its events, in the order of their names.
    using VisitStream = std::function<void(std::string_view stream, std::uint64_t events)>;
    virtual result<void> visit_streams(const VisitStream& visit) const = 0;

    // Everything that was written from the event at `from` on, commands with it, up to the present head; with `from` 1 also
    // the commands ahead of the first event. In bounded memory.
    virtual result<void> visit_history(Position from, const HistoryVisitor& visitor) const = 0;

    // Clusters all ranges that are complete, now; otherwise tasks do it when nobody appends. For a store that is read
    // soon after much was written to it.
    virtual result<void> cluster() = 0;

    // Takes out what the limits of streams, as they are at this moment, leave nobody to read, and gives the room back.
    // Every event that stays keeps its bytes, its position, its version and its place in the chain. Appends and readers go
    // on meanwhile. Whenever it ends, by an error of `progress` or a crash, the next one goes on where it was. One at a
    // time: Failure::unavailable "scavenge-is-running". Not from within a task.
    virtual result<ScavengeReport> scavenge(const ScavengeOptions& options,
                                            const std::function<result<void>(Position)>& progress = {}) = 0;

    // Takes events out at once, whatever the limits of their streams are: for whoever writes down a history in which they
    // are gone. `positions` ascend; those of one record go together. Not while a scavenge goes on: "scavenge-is-running".
    virtual result<void> take_out(const std::vector<Position>& positions) = 0;

    // Whatever was acknowledged is on the disk when it returns, with Durability::buffered too, and the witness with it.
    // Failure::unavailable  "store-closed-by-fault"; Failure::corrupt: what StoreInfo::damage says.
    virtual result<void> sync() = 0;

    // Holds the appends for a moment. What it gives goes before the store.
    // Failure::unavailable  "store-closed-by-fault"; Failure::corrupt: what StoreInfo::damage says.
    virtual result<StoreCapture> capture() = 0;

    // Reads the whole log, every index and every cluster, in bounded memory. `progress` is told the position that
    // was reached; an error that it answers ends it, and is the answer.
    virtual result<VerifyReport> verify(const std::function<result<void>(Position)>& progress = {}) const = 0;
};

} // namespace eventloom
