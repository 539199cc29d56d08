// How much room the files of a store take.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <cstdint>
#include <string>

namespace eventloom {

// Of the files in a directory, but not those in directories beneath it. A file that LevelDB removes meanwhile counts nothing.
result<std::uint64_t> bytes_in(const Runtime& runtime, const std::string& directory);

// The same without the zeros at the ends of LevelDB's logs, which are room for what is still to be written.
result<std::uint64_t> bytes_written_in(const Runtime& runtime, const std::string& directory);

} // namespace eventloom
