// When a write counts as done.
//
//     {.directory = "var/shop", .durability = Durability::synced}
#pragma once

#include <cstdint>

namespace eventloom {

enum class Durability : std::uint8_t {
    synced,   // on the disk when the write returns
    buffered, // with the operating system when the write returns; a power cut may take it
};

} // namespace eventloom
