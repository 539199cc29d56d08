// A log file whose next bytes are already on the disk, as zeros.
//
// A sync of a file that grows must also write down its new length and where its bytes lie, in the file system's journal. A
// sync of bytes that are overwritten in place need not: appends one event at a time are synced in two thirds of the time
// (docs/decisions/0008). LevelDB's log reader takes zeros for the end; so does log_scrub.hpp.
#pragma once

#include <leveldb/env.h>

#include <memory>
#include <string>

namespace eventloom {

// Makes a file, empty if there was one. *file is untouched when it fails.
leveldb::Status open_written_ahead(const std::string& path, std::unique_ptr<leveldb::WritableFile>& file);

} // namespace eventloom
