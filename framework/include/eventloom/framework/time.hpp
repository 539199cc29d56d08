// Moments and spans of time, as exact as the log keeps them.
//
//     const Time recorded_at = clock.now();            // UTC, in microseconds
//     const Duration lag     = now - recorded_at;
//
// runtime.hpp has the clocks, time_text.hpp the texts. Threads: values.
#pragma once

#include <chrono>

namespace eventloom {

// UTC, since 1970.
using Time     = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

} // namespace eventloom
