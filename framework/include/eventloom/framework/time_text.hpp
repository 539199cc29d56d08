// Times as people and programs write and read them.
//
//     to_string(event.recorded_at);                // "2011-12-09T12:50:00.000000Z"
//     parse_time("2011-12-09 12:50");              // std::optional<Time>
//
// Threads: pure functions.
#pragma once

#include <eventloom/framework/runtime.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace eventloom {

std::string to_string(Time time);

// UTC: a date, and with it hours and minutes, seconds, and up to six digits of a second, as far as they are given. A T or a
// blank stands between date and time, and a Z may stand at the end. Nothing when the text is anything else.
std::optional<Time> parse_time(std::string_view text);

} // namespace eventloom
