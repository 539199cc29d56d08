// Copies the input of a pipe to a file, so that it can be read several times. Threads: one.
#pragma once

#include <eventloom/service/output.hpp>

#include <string>

namespace eventloom {

// Whether there is something at `path` that is neither a file nor a directory.
bool is_a_pipe(const std::string& path);

// Reads it to its end.  Failure::storage "input-not-kept", and the errors of console.go_on().
result<void> keep_input(const std::string& pipe, const std::string& file, const Console& console);

} // namespace eventloom
