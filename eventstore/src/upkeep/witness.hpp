// A small file beside the database that records how far the history went. LevelDB cannot distinguish a lost end of its log
// from a write that never happened; the witness can, for everything that it has recorded.
//
// It begins with two slots, the newest and the one before, which are durable before the file takes its name. After them
// one is appended for every group of appends, once that group is durable: it is not synced each time, because whoever kills
// the process takes nothing from the system, and what a power cut takes leaves an older slot, which is true as well.
#pragma once

#include "append/commit_path.hpp"

#include <memory>

namespace leveldb {
class WritableFile;
}

namespace eventloom {

// What the log was once seen to end with.
struct Witnessed {
    Position position      = 0;
    std::uint64_t checksum = 0; // of the last record; it may hold commands alone, after that position

    friend bool operator==(const Witnessed&, const Witnessed&) = default;
};

struct Witness {
    Witnessed newest;
    bool is_damaged = false; // one of the two slots that it begins with
};

// Nothing when there is no witness yet. Failure::corrupt "damaged-witness": no slot can be read.
result<std::optional<Witness>> read_witness(const Runtime& runtime, const std::string& directory);

// Failure::corrupt "history-shrank", "history-changed": the log is not the one that the witness saw.
result<void> check_witness(const LogReader& log, const Witnessed& witness);

// Keeps the witness up to date. One thread at a time.
class WitnessKeeper {
public:
    // `newest` is what the witness says now.
    WitnessKeeper(const Runtime& runtime, const std::string& directory, const Witnessed& newest);
    ~WitnessKeeper();

    // The end of the log is durable. After an error the next call begins a new file.
    result<void> see(const Witnessed& end);
    // The same, and the witness is durable too.
    result<void> see_for_good(const Witnessed& end);

private:
    result<void> append(const Witnessed& end);

    const Runtime runtime_;
    const std::string path_;
    Witnessed newest_;
    std::unique_ptr<leveldb::WritableFile> file_;
    std::uint64_t slots_          = 0;
    std::uint64_t unsynced_slots_ = 0;
    Position synced_position_     = 0;
};

} // namespace eventloom
