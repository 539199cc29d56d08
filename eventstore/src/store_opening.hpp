// What is done when a store on LevelDB is opened: its format is checked, and its index is completed from the log.
#pragma once

#include "index/event_index.hpp"
#include "read/log_end.hpp"
#include "read/log_reader.hpp"

#include <memory>
#include <string>

namespace eventloom {

std::string index_directory(const std::string& directory);
std::string clusters_directory(const std::string& directory);

// Gives a new store its format. Failure::corrupt  "no-event-store", "newer-store-format".
result<void> check_format(Database& database, const std::string& directory);

// A damaged index is removed: nothing is lost with it, it is built again from the log.
result<std::unique_ptr<EventIndex>> open_index(const Runtime& runtime, const std::string& directory);

// False: the index is of another log.
bool index_fits(const EventIndex& index, const LogReader& log, const LogEnd& end);

// Reads into the index what the log has after its end. So many events are kept in memory before they go to the disk.
// Failure::corrupt  "damaged-record", "missing-record".
result<void> read_into_index(Database& database, EventIndex& index, const LogEnd& end, Position events_in_memory);

} // namespace eventloom
