// Numbers drawn from a seed: two that begin with one seed give the same. Threads: one.
#pragma once

#include <cstdint>

namespace eventloom::testing {

class Drawn {
public:
    explicit Drawn(std::uint64_t seed) : state_{seed * 0x9e3779b97f4a7c15 + 1} {}

    // Below `bound`, which is at least 1.
    std::uint64_t below(std::uint64_t bound)
    {
        state_ ^= state_ << 13; // xorshift64 (Marsaglia, 2003)
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return (state_ >> 8) % bound; // the lowest bits are its weakest
    }
    bool one_in(std::uint64_t chances) { return below(chances) == 0; }

private:
    std::uint64_t state_;
};

} // namespace eventloom::testing
