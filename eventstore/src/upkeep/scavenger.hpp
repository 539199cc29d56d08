// Removes the events from the log that the limits of streams hide from all readers.
//
// The log is gone through from its beginning, a few megabytes at a time. A record with events that go is written again under
// its key, with its head as it was and without their bodies (record.hpp); so what vouches for the log, and where everything
// stands, is not touched. A batch of such records is one write, together with how far it came. When enough has been
// rewritten, LevelDB merges that part of the log, and the room comes back.
// Nothing is held between the steps: appends and readers go on. Threads: one at a time; it waits on the executor.
#pragma once

#include "read/log_reader.hpp"
#include "upkeep/scavenge_note.hpp"
#include "upkeep/stream_clusters.hpp"

#include <eventloom/framework/detail/engine.hpp>

#include <functional>
#include <unordered_map>
#include <unordered_set>

namespace eventloom {

class Scavenger {
public:
    using Progress = std::function<result<void>(Position)>;
    // Releases what keeps old values of the log alive.
    using LetGo = std::function<result<void>()>;

    // `clusters` may be none. `step_bytes`: of the log, that are read and written at a time.
    Scavenger(const Runtime& runtime, Database& database, LogReader& log, StreamClusters* clusters, LetGo let_go,
              std::uint64_t step_bytes, const ScavengeOptions& options, const Progress& progress);

    // All but the bytes of files in the report.
    result<ScavengeReport> run();

private:
    struct Page;
    struct Cut {
        LogReader::Kept then = {}; // by the moment of the scavenge
        LogReader::Kept now  = {}; // by that of this run: what was asked of the stream since may leave more of it
    };

    result<void> begin();
    result<void> find_limited_streams();
    result<bool> step();
    result<void> look_at(const RecordView& record, Page& page);
    result<bool> goes(std::string_view stream, Version version, Position position);
    result<const Cut*> cut_of(std::string_view stream);
    result<void> write(const Page& page);
    result<void> give_room_back();
    result<void> finish();
    result<void> keep_pace(std::uint64_t bytes);

    const Runtime runtime_;
    Database& database_;
    LogReader& log_;
    StreamClusters* const clusters_;
    const LetGo let_go_;
    const std::uint64_t step_bytes_;
    const ScavengeOptions options_;
    const Progress& progress_;

    ScavengeNote note_;
    bool resumed_ = false;
    const Time began_;
    Time seen_;                                   // on the clock, last
    Duration passed_{};                           // since it began
    const Position head_;                         // of the log then
    std::uint64_t bytes_ = 0;                     // read and written since then
    std::unordered_set<std::uint64_t> limited_;   // hashes of the streams of which something was asked
    std::unordered_set<std::uint64_t> cut_short_; // the same of those that lose events
    std::unordered_map<std::string, Cut> cuts_;
    std::uint64_t bytes_to_merge_ = 0; // of records after note_.rewritten
};

} // namespace eventloom
