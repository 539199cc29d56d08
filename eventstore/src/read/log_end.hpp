// Where the log ends.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/storage/database.hpp>

namespace eventloom {

// The end of the log, as the next record must know it.
struct LogEnd {
    Position position                  = 0;
    std::uint64_t checksum_of_position = 0; // of the record that holds the last event
    std::uint64_t checksum             = 0; // of the last record, which may hold commands alone
    Time recorded_at{};
    std::uint32_t ordinal = 0; // of the last record: how many of commands alone stand after the last event
};

// Reads it from the log's last records.
result<LogEnd> find_end(const Database& database);

// The notice when the log ends with an event from the future: a clock was ahead.
std::optional<std::string> end_is_ahead(const Database& database, Time now);

// Where the log ends when its last record cannot be read.
Position last_key(const Database& database);

} // namespace eventloom
