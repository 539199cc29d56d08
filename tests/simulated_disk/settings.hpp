// What `./dev simulate` asks of a simulation: how many seeds, from which on.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace eventloom::testing {

inline std::uint64_t setting(const char* name, std::uint64_t otherwise)
{
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

struct Seeds {
    std::uint64_t first;
    std::uint64_t last;
};

// EVENTLOOM_SEED and EVENTLOOM_SEEDS: so many, from that one on; a seed alone is run by itself.
inline Seeds seeds_to_run(std::uint64_t otherwise)
{
    const auto first = setting("EVENTLOOM_SEED", 1);
    const auto count = setting("EVENTLOOM_SEEDS", std::getenv("EVENTLOOM_SEED") == nullptr ? otherwise : 1);
    return {first, first + count - 1};
}

} // namespace eventloom::testing
