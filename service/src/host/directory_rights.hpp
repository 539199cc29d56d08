// The rights of a data directory: everything in it is made for its own user only. A directory that an earlier version has
// made, or that was copied or unpacked, may be open to others.
#pragma once

#include <eventloom/framework/result.hpp>

#include <cstdint>
#include <string>

namespace eventloom {

// Whether other users can reach something in it. Looks only at the directory and its entries: a closed directory closes
// everything below it.
bool is_open_to_others(const std::string& directory);

// How many files and directories are open to others, in it and beneath it.
std::uint64_t count_open_to_others(const std::string& directory);

// Removes the rights of other users, and returns from how many files. Skips files that are removed at the same time.
// Failure::storage  "rights-not-taken".
result<std::uint64_t> take_rights_of_others(const std::string& directory);

// The warning when such a directory is opened.
Error open_to_others(const std::string& directory);

} // namespace eventloom
