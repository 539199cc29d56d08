// Moments and spans of time, as exact as the log keeps them, and their texts as people and programs write and read them.
//
//     const Time recorded_at = clock.now();        // UTC, in microseconds
//     const Duration lag     = now - recorded_at;
//
//     to_string(event.recorded_at);                // "2011-12-09T12:50:00.000000Z"
//     time_text(std::chrono::sys_days{...});       // "2011-12-09"; of seconds "2011-12-09T12:50:00Z"
//     parse_time("2011-12-09 12:50");              // std::optional<Time>
//
// runtime.hpp has the clocks. Threads: values and pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <ratio>
#include <string>
#include <string_view>

namespace eventloom {

// UTC, since 1970.
using Time     = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

std::string to_string(Time time);

// As exact as its unit is. Outside the years 0 to 9999, for which there is no such text, it is the number of units since 1970.
template <class Unit>
std::string time_text(std::chrono::sys_time<Unit> time)
{
    constexpr double first_second = -62'167'219'200; // of the year 0
    constexpr double end          = 253'402'300'800; // of the year 9999
    const std::chrono::duration<double> seconds{time.time_since_epoch()};
    if (seconds.count() < first_second || seconds.count() >= end)
        return std::to_string(time.time_since_epoch().count());
    const auto text = to_string(std::chrono::floor<Duration>(time));
    if constexpr (std::ratio_greater_equal_v<typename Unit::period, std::chrono::days::period>) {
        return text.substr(0, std::string_view{"2011-12-09"}.size());
    } else if constexpr (std::ratio_greater_equal_v<typename Unit::period, std::chrono::seconds::period>) {
        return text.substr(0, std::string_view{"2011-12-09T12:50:00"}.size()) + "Z";
    } else {
        return text;
    }
}

// UTC: a date, and with it hours and minutes, seconds, and up to six digits of a second, as far as they are given. A T or a
// blank stands between date and time; a Z may stand at the end, or an offset from UTC such as +01:00, which is taken off. Nothing
// when the text is anything else.
std::optional<Time> parse_time(std::string_view text);

} // namespace eventloom
