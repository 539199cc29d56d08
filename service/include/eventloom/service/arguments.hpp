// Checks of what is typed, beside those of CLI11. That words are not empty, and numbers are numbers, a CommandLine sees to for
// every option by itself; these say more.
//
//     command->add_option("order", order, "Which one")->required()->check(el::identifier());
//     command->add_option("pieces", pieces, "How many")->check(el::whole_number(1, 1'000'000));
//     command->add_option("--decline-rate", rate, "How many of them")->check(el::rate());
//     command->add_option("--within", span, "So long")->check(el::span_of_time());      // std::string; parse_span(span)
//
// Threads: pure functions.
#pragma once

#include <eventloom/framework/runtime.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace eventloom {

// Decimal digits alone, for options that are unsigned numbers. CLI11 would take -1 for the largest number there is, and 010 for 8.
CLI::Validator whole_number(std::uint64_t least = 0, std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

// A part of a whole: from 0 to `most`.
CLI::Validator rate(double most = 1);

// A whole number and its unit, from a second to a thousand years: 90d, 12h, 30m, 45s.
CLI::Validator span_of_time();
std::optional<Duration> parse_span(std::string_view text);

// An empty word is mostly a variable of the shell that was not set, and means something else than no word.
CLI::Validator not_empty();

// What a thing is known by: neither empty nor made of blanks alone.
CLI::Validator identifier();

// Gives every option of the command, and of those below it, the checks that its type asks for.
void check_types(CLI::App& command);

} // namespace eventloom
