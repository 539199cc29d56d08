// Maintenance of an engine's log: information, verification, and making it smaller.
//
//     BOOST_OUTCOME_TRY(const auto report, upkeep.verify());
//     for (const Finding& finding : report.findings) std::puts(finding.sentence.c_str());
//
// An engine refuses what it cannot do: Failure::invalid "engine-cannot". Threads: any, also during appends and reads.
#pragma once

#include <eventloom/framework/recorded_event.hpp>
#include <eventloom/framework/result.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace eventloom {

// A fact about a log, for people: {"events", 2048}, {"takes appends", "yes"}.
struct StoreFact {
    std::string name;
    std::variant<std::uint64_t, std::string> value;
};

struct StoreFacts {
    std::vector<StoreFact> facts; // in the order in which they are shown
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

class Upkeep {
public:
    virtual ~Upkeep() = default;

    virtual result<StoreFacts> facts() const = 0;

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

} // namespace eventloom
