// A log file whose next bytes are already on the disk, as zeros.
//
// A sync of a file that grows must also write down its new length and where its bytes lie, in the file system's journal. A
// sync of bytes that are overwritten in place need not: appends one event at a time are synced in two thirds of the time
// (docs/decisions/0008). LevelDB's log reader takes zeros for the end; so does log_scrub.hpp.
#pragma once

#include <leveldb/env.h>

#include <cstdint>
#include <memory>
#include <string>

namespace eventloom {

enum class WrittenAhead : std::uint8_t {
    zeros,
    nothing, // for a file that is seldom synced
};

// Makes a file, empty if there was one. *file is untouched when it fails. Its Sync syncs this file alone: LevelDB's own file
// also syncs the directory each time, when it is a MANIFEST.
leveldb::Status open_written_ahead(const std::string& path, WrittenAhead ahead,
                                   std::unique_ptr<leveldb::WritableFile>& file);

} // namespace eventloom
