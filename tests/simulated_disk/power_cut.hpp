// What a file holds when the power comes back.
//
// The system writes pages of 4,096 bytes when it likes, in any order; the disk writes sectors of 512 bytes, each whole or
// not at all. So of bytes that were not synced any part may be there, and between them lies whatever the disk held before.
#pragma once

#include "simulated_disk/drawn.hpp"

#include <string>
#include <string_view>

namespace eventloom::testing {

enum class Tail : std::uint8_t {
    dropped,   // nothing that was not synced
    shortened, // its beginning
    torn,      // any of its pages and sectors; zeros or older bytes in the place of the others
    kept,      // all of it: the process was killed, and the machine lives on
};

// `seen` begins with what was synced.
std::string bytes_after_power_cut(std::string_view seen, std::size_t synced, Tail tail, Drawn& drawn);

// The same for a file that is written in any place: of each page the system's bytes or the platter's.
std::string pages_after_power_cut(std::string_view seen, std::string_view kept, Tail tail, Drawn& drawn);

} // namespace eventloom::testing
