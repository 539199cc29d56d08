// What is stored of a command that was carried out: in the record of its events, and in the index.
#pragma once

#include <eventloom/framework/binary_archive.hpp>
#include <eventloom/framework/event_store.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace eventloom {

inline constexpr std::uint8_t command_version = 1;

// As the index stores it.
std::string encode_command(const CommandRecord& record);
result<CommandRecord> decode_command(std::string_view bytes, const Uuid& id);

// Within a record: all but its id.
void put_command(BinaryWriter& out, const CommandRecord& command);
void take_command(BinaryReader& in, CommandRecord& command);

} // namespace eventloom
