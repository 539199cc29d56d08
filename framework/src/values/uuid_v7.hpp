// Makes UUIDs of version 7 (RFC 9562, 5.7): milliseconds, then a counter, then random bits; each greater than the last.
#pragma once

#include <eventloom/framework/runtime.hpp>

#include <algorithm>

namespace eventloom {

class UuidV7 {
public:
    // `random` is any 64 fresh bits.
    Uuid make(Time now, std::uint64_t random)
    {
        // An id has 48 bits for a time since 1970; an earlier one, or one after the calendar's end, is clamped.
        const auto milliseconds = static_cast<std::uint64_t>(std::clamp<std::int64_t>(
            std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count(), 0, end_of_9999));
        // A clock that stands or goes back must not make ids go back: the counter goes on instead.
        if (milliseconds > milliseconds_) {
            milliseconds_ = milliseconds;
            counter_      = 0;
        } else if (++counter_ == counter_end) {
            ++milliseconds_;
            counter_ = 0;
        }
        Uuid id;
        for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(milliseconds_ >> (40 - 8 * i));
        id.bytes[6] = static_cast<std::uint8_t>(0x70 | counter_ >> 8);
        id.bytes[7] = static_cast<std::uint8_t>(counter_);
        for (int i = 0; i < 8; ++i) id.bytes[8 + i] = static_cast<std::uint8_t>(random >> (8 * i));
        id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
        return id;
    }

private:
    static constexpr std::uint32_t counter_end = 1u << 12;
    static constexpr std::int64_t end_of_9999  = 253'402'300'799'999;
    std::uint64_t milliseconds_                = 0;
    std::uint32_t counter_                     = 0;
};

} // namespace eventloom
