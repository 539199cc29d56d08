// The sizes of a record's parts, and ids in it: for the code that writes records and the code that reads them.
#pragma once

#include <eventloom/framework/binary_archive.hpp>
#include <eventloom/framework/id.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace eventloom {

inline constexpr std::uint8_t record_version = 2;
// Before a record of that version: what is gone of it.
inline constexpr std::uint8_t scavenged_version = 3;
inline constexpr std::size_t wrapper_bytes      = 8;
inline constexpr std::size_t id_bytes           = 16;
inline constexpr std::size_t head_bytes         = 40;
inline constexpr std::size_t entry_bytes        = 12;
inline constexpr std::size_t checksum_bytes     = 8;

inline void put(BinaryWriter& out, const Uuid& id)
{
    out.raw({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
}

inline void take(BinaryReader& in, Uuid& id)
{
    const auto bytes = in.raw(id.bytes.size());
    std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
}

} // namespace eventloom
