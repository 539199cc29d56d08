// A small file beside the database that knows how far the history went. LevelDB cannot tell a lost end of its log from a
// write that never was; the witness can, for everything up to the moment it was written. It has two slots, the newest and
// the one before, each with a checksum: damage to one is reported and leaves the other.
#pragma once

#include "commit_path.hpp"

namespace eventloom {

// What the log was once seen to end with.
struct Witnessed {
    Position position      = 0;
    std::uint64_t checksum = 0; // of the record that holds it
};

struct Witness {
    Witnessed newest;
    bool is_damaged = false; // one slot of the two
};

// Nothing when there is no witness yet. Failure::corrupt "damaged-witness": neither slot can be read.
result<std::optional<Witness>> read_witness(const Runtime& runtime, const std::string& directory);

result<void> write_witness(const Runtime& runtime, const std::string& directory, const Witnessed& newest,
                           const Witnessed& before);

// Failure::corrupt "history-shrank", "history-changed": the log is not the one that the witness saw.
result<void> check_witness(const LogReader& log, const Witnessed& witness);

} // namespace eventloom
