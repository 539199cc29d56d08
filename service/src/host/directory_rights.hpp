// Who may read a data directory: its own user alone, as everything in it is made. One that an earlier version has made, or
// that was copied or unpacked, may be open to others.
#pragma once

#include <eventloom/framework/result.hpp>

#include <cstdint>
#include <string>

namespace eventloom {

// Whether anybody else reaches something in it. Looks at the directory and at what lies in it, not further down: what is
// closed there closes all beneath it.
bool is_open_to_others(const std::string& directory);

// How many files and directories are open to others, in it and beneath it.
std::uint64_t count_open_to_others(const std::string& directory);

// Takes the rights of others, and says from how many. What somebody removes meanwhile is passed over.
// Failure::storage  "rights-not-taken".
result<std::uint64_t> take_rights_of_others(const std::string& directory);

// The sentence for whoever opens such a directory.
Error open_to_others(const std::string& directory);

} // namespace eventloom
