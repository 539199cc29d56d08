// Checks of what is typed, beside those of CLI11.
//
//     command->add_option("--limit", limit, "At most so many")->check(el::whole_number());
//     command->add_option("name", name, "Whose")->required()->check(el::not_empty());
//
// Threads: pure functions.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cstdint>

namespace eventloom {

// Decimal digits alone, for options that are unsigned numbers. CLI11 would take -1 for the largest number there is, and 010 for 8.
CLI::Validator whole_number(std::uint64_t least = 0);

// An empty word is mostly a variable of the shell that was not set, and means something else than no word.
CLI::Validator not_empty();

} // namespace eventloom
