// Which process has a data directory open.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <string>

namespace eventloom {

class EngineKind;

// Adds to a "held-by-another-process" error the process that has the log of `directory` open, if the system knows it.
Error with_holder(Error error, const Runtime& runtime, const EngineKind& engine, const std::string& directory);

} // namespace eventloom
