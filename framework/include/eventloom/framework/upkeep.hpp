// What is done to an engine's log beside reading and appending: look at it, verify it, make it smaller.
//
//     BOOST_OUTCOME_TRY(const auto report, upkeep.verify());
//     for (const Finding& finding : report.findings) std::puts(finding.sentence.c_str());
//
// What an engine cannot do, it refuses: Failure::invalid "engine-cannot". Threads: any, while others append and read.
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

// What is still not compacted when everything was done that can be.
struct CompactReport {
    Position waiting = 0; // the last so many events
    Position least   = 0; // so many are compacted at once, no fewer; 0: none are ever
};

// Told the position that was reached. An error that it answers ends the work, and is its answer.
using UpkeepProgress = std::function<result<void>(Position reached)>;

class Upkeep {
public:
    virtual ~Upkeep() = default;

    virtual result<StoreFacts> facts() const = 0;

    // Why the log takes no more appends, if so: "store-closed-by-fault", or the damage that was found at opening.
    virtual std::optional<Error> fault() const = 0;

    // Reads the whole log and every index, and compares all with all, in bounded memory.
    virtual result<VerifyReport> verify(const UpkeepProgress& progress = {}) const = 0;

    // Whatever was acknowledged is on the disk when it returns, with Durability::buffered too.
    // Failure::unavailable  "store-closed-by-fault"; and what fault() says.
    virtual result<void> sync() = 0;

    // Takes events out at once, whatever the limits of their streams are: for the copy of a log in which they are gone.
    // `positions` ascend; those of one append go together. Failure::unavailable  "scavenge-is-running".
    virtual result<void> take_out(const std::vector<Position>& positions) = 0;

    // Takes out what the limits of streams, as they are now, leave nobody to read, and gives the room back. Every event that
    // stays keeps its bytes, its position and its version. Whenever it ends, by an error of `progress` or a crash, the next
    // one goes on where it was. Not from within a task. Failure::unavailable  "scavenge-is-running": one at a time.
    virtual result<ScavengeReport> scavenge(const ScavengeOptions& options, const UpkeepProgress& progress = {});

    // Does now what is otherwise done when nobody appends: for a log that is read soon after much was written to it.
    virtual result<CompactReport> compact();
};

} // namespace eventloom
