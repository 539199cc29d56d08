// What a failed attempt at a message means, and when the next one is made.
//
//     if (is_of_the_log(error)) return give_up(error);
//     const auto again = is_final(error) ? Time::max() : now + wait_before(key, attempt, {1s, 1h});
//
// Threads: pure functions.
#pragma once

#include <eventloom/framework/id.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/framework/time.hpp>

#include <algorithm>
#include <chrono>
#include <string>

namespace eventloom::attempts {

// The message will not be handled by trying again.
inline bool is_final(const Error& error)
{
    return error.kind == Failure::refused || error.kind == Failure::invalid || error.kind == Failure::corrupt;
}

// The log takes nothing more: not a matter of this message.
inline bool is_of_the_log(const Error& error)
{
    return error.kind == Failure::storage || error.kind == Failure::unknown || error.kind == Failure::unavailable;
}

struct Waits {
    std::chrono::milliseconds first{1'000};
    std::chrono::milliseconds longest{3'600'000};
};

// Twice as long each time. A fourth of it depends on the message and the attempt, not on luck, so that a run can be repeated.
inline Duration wait_before(const Uuid& message, unsigned attempt, const Waits& waits)
{
    const Duration longest = std::max(waits.longest, std::chrono::milliseconds{0});
    Duration wait          = std::max(waits.first, std::chrono::milliseconds{0});
    for (unsigned i = 1; i < attempt && wait < longest; ++i) wait *= 2;
    wait             = std::min(wait, longest);
    const auto drawn = derived_uuid({"message-wait", to_string(message), std::to_string(attempt)}).bytes[0];
    return wait - wait / 4 * drawn / 255;
}

// A whole character is the last one.
inline std::string shortened(std::string text, std::size_t most)
{
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
    text.resize(most);
    return text + "...";
}

} // namespace eventloom::attempts
