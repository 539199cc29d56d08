// What comes from a pipe, kept in a file so that it can be read from its beginning more than once. Threads: one.
#pragma once

#include <eventloom/service/console.hpp>

#include <string>

namespace eventloom {

// Whether there is something at `path` that is no file and no directory.
bool is_a_pipe(const std::string& path);

// Reads it to its end.  Failure::storage "input-not-kept", and what console.go_on() says.
result<void> keep_input(const std::string& pipe, const std::string& file, const Console& console);

} // namespace eventloom
