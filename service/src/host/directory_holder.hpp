// Who has a data directory open.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <string>

namespace eventloom {

// The error, with the process that holds the log of `directory`, when that is what it speaks of and the system knows.
Error with_holder(Error error, const Runtime& runtime, const std::string& directory);

} // namespace eventloom
