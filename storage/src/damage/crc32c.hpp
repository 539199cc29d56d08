// The checksum of LevelDB's files: CRC-32C (Castagnoli), and the form in which LevelDB stores it.
#pragma once

#include <cstdint>
#include <string_view>

namespace eventloom {

// By the processor's own instruction where it has one: some ten times as fast as LevelDB's.
std::uint32_t crc32c(std::string_view bytes);

// What LevelDB's util/crc32c.h makes of a stored checksum: `bytes` are the four that hold it.
std::uint32_t unmasked_crc32c(std::string_view bytes);

} // namespace eventloom
