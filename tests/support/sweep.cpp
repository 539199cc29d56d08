#include "support/sweep.hpp"

#include <cstdlib>
#include <ostream>

namespace eventloom::testing {

namespace {

std::string seed_of_sweeps()
{
    const char* seed = std::getenv("EVENTLOOM_SWEEP");
    return seed == nullptr || *seed == '\0' ? "1" : seed;
}

} // namespace

Sweep::Sweep(std::uint64_t one_in, std::uint64_t number)
    : seed_{seed_of_sweeps()}, one_in_{seed_ == "all" ? 1 : one_in}, state_{number}
{
    for (const char letter : seed_) state_ = (state_ ^ static_cast<unsigned char>(letter)) * 0x100000001b3; // FNV-1a
}

bool Sweep::tries_next()
{
    const auto place = points_++ % one_in_;
    if (place == 0) {
        state_ += 0x9e3779b97f4a7c15; // SplitMix64 (Steele, Lea and Flood, 2014)
        auto drawn = (state_ ^ state_ >> 30) * 0xbf58476d1ce4e5b9;
        drawn      = (drawn ^ drawn >> 27) * 0x94d049bb133111eb;
        chosen_    = (drawn ^ drawn >> 31) % one_in_;
    }
    const bool tries = place == chosen_;
    tried_ += tries ? 1 : 0;
    return tries;
}

std::ostream& operator<<(std::ostream& out, const Sweep& sweep)
{
    return out << "EVENTLOOM_SWEEP=" << sweep.seed_ << ": ";
}

} // namespace eventloom::testing
