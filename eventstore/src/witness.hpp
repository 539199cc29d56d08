// A small file beside the database that knows how far the history went. LevelDB cannot tell a lost end of its log from a
// write that never was; the witness can, for everything up to the moment it was written.
#pragma once

#include "commit_path.hpp"

namespace eventloom {

// Where the witness saw the log end; nothing when there is no witness yet.
// Failure::corrupt "damaged-witness".
result<std::optional<LogEnd>> read_witness(const Runtime& runtime, const std::string& directory);

result<void> write_witness(const Runtime& runtime, const std::string& directory, const LogEnd& end);

// Failure::corrupt "history-shrank", "history-changed": the log is not the one that the witness saw.
result<void> check_witness(const LogReader& log, const LogEnd& witness);

} // namespace eventloom
