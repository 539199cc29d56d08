// Checks of what is typed. That words are not empty, and numbers are numbers, a CommandLine sees to for every option by itself;
// these say more.
//
//     command.add_option("order", order, "Which one").required().check(el::identifier());
//     command.add_option("pieces", pieces, "How many").check(el::whole_number(1, 1'000'000));
//     command.add_option("--decline-rate", rate, "How many of them").check(el::rate());
//     command.add_option("--within", span, "So long").check(el::span_of_time());        // std::string; parse_span(span)
//     command.add_option("--by", by, "Of what").check(el::one_of({"country", "month"}));
//
// Threads: pure functions.
#pragma once

#include <eventloom/framework/runtime.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// Says what is wrong with a word, and nothing when it is right; it may write the word anew before it is read.
struct Check {
    std::function<std::string(std::string& word)> why_not;
    std::string shown = {}; // what help says of the word: {country,month}
};

// Decimal digits alone, for options that are unsigned numbers: neither -1 nor 010, which other programs take for 8.
Check whole_number(std::uint64_t least = 0, std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

// A part of a whole: from 0 to `most`.
Check rate(double most = 1);

// A whole number and its unit, from a second to a thousand years: 90d, 12h, 30m, 45s.
Check span_of_time();
std::optional<Duration> parse_span(std::string_view text);

// One of these words.
Check one_of(std::vector<std::string> words);

// An empty word is mostly a variable of the shell that was not set, and means something else than no word.
Check not_empty();

// What a thing is known by: neither empty nor made of blanks alone.
Check identifier();

} // namespace eventloom
