// A snapshot of a store's files, to be copied: backup.hpp.
//
//     BOOST_OUTCOME_TRY(const auto capture, source.capture());
//     BOOST_OUTCOME_TRY(const auto files, capture.log->files());
//
// Threads: capture() from any thread.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/storage/database.hpp>

#include <cstdint>
#include <memory>

namespace eventloom {

// The files of a store at one moment, all of them kept while it lives (Database::capture): of its log, with every event up
// to `head` and none after it, and of its index, which is never ahead of the log.
struct StoreCapture {
    std::unique_ptr<DatabaseCapture> index;
    std::unique_ptr<DatabaseCapture> log;
    Position head          = 0;
    std::uint64_t checksum = 0; // of the last record, as the witness has it
    std::uint64_t first    = 0; // the same of the first one, by which one store is told from another; 0: there is none
    Duration held{};            // for which the appends were held
};

class BackupSource {
public:
    virtual ~BackupSource() = default;

    // Holds the appends for a moment. Release the capture before the store.
    // Failure::unavailable  "store-closed-by-fault"; Failure::corrupt: what Upkeep::fault() says.
    virtual result<StoreCapture> capture() = 0;
};

} // namespace eventloom
