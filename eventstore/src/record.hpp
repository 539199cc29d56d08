// One event as bytes, and back. docs/format.md, "Records".
#pragma once

#include <eventloom/framework/event_store.hpp>

#include <string>
#include <string_view>

namespace eventloom {

inline constexpr std::uint32_t store_format_version = 1;

// A record's own checksum, and that of the record before it: so each record vouches for all before it.
struct Chain {
    std::uint64_t before = 0;
    std::uint64_t own    = 0;
};

// Puts the record of `event` into `out` and gives its checksum.
std::uint64_t encode_record(const RecordedEvent& event, std::uint64_t checksum_before, std::string& out);

// Failure::corrupt "damaged-record": the bytes are not those that were written at `position`.
result<Chain> decode_record(std::string_view bytes, Position position, RecordedEvent& event);

std::string encode_command(const CommandRecord& record);
result<CommandRecord> decode_command(std::string_view bytes, const Uuid& id);

Error damaged_record(Position position, std::string_view found);
Error missing_record(Position position);

} // namespace eventloom
