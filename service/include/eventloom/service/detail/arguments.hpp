// Checks of what is typed. A CommandLine itself checks for every option that words are not empty and that numbers are
// numbers; these check more.
//
//     command.add_option("order", order, "Which one").required().check(el::identifier());
//     command.add_option("pieces", pieces, "How many").check(el::whole_number(1, 1'000'000));
//     command.add_option("--decline-rate", rate, "How many of them").check(el::rate());
//     command.add_option("--within", span, "For how long").check(el::span_of_time());   // std::string; parse_span(span)
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

// Returns what is wrong with a word, or an empty text when it is right. It may change the word before it is read.
struct Check {
    std::function<std::string(std::string& word)> why_not;
    std::string shown = {}; // what help shows for the word: {country,month}
};

// Only decimal digits, for options that are unsigned numbers. Neither -1 nor 010, which is 8 for some programs.
Check whole_number(std::uint64_t least = 0, std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

// A number from 0 to `most`.
Check rate(double most = 1);

// A whole number with a unit, from one second to a thousand years: 90d, 12h, 30m, 45s.
Check span_of_time();
std::optional<Duration> parse_span(std::string_view text);

// 2011-12-09T12:50:00, which is UTC, or 2011-12-09T12:50:00+01:00.
Check point_in_time();

// One of these words.
Check one_of(std::vector<std::string> words);

// Refuses an empty word: mostly it is a shell variable that was not set, and it would mean something else than no word.
Check not_empty();

// An identifier: not empty, and not only blanks.
Check identifier();

} // namespace eventloom
