// The number of events a second in the last ten seconds, or since the first of them.
//
//     pace.went_by(512, clock.now());
//     pace.per_second(clock.now());
//
// Threads: any.
#pragma once

#include <eventloom/framework/runtime.hpp>

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>

namespace eventloom {

class Pace {
public:
    void went_by(std::uint64_t events, Time now);
    double per_second(Time now) const;

private:
    static constexpr std::int64_t seconds_kept = 10;

    struct Second {
        std::int64_t number  = -seconds_kept; // since 1970
        std::uint64_t events = 0;
    };

    mutable std::mutex mutex_;
    std::array<Second, seconds_kept> seconds_; // by number modulo
    std::optional<std::int64_t> first_;
};

} // namespace eventloom
