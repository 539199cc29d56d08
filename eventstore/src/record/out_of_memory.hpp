// What becomes of an allocation that fails: an error, not an exception that leaves a public function.
//
//     return within_memory("find an event", [&] { return store.find_event(id); });
//
// Only what Eventloom allocates itself: one that fails inside LevelDB leaves LevelDB with locks that are never given back.
#pragma once

#include <eventloom/framework/result.hpp>

#include <new>

namespace eventloom {

// The error that `make` gives; where there is no memory for its words, one of the same kind that needs none.
template <class Make>
Error error_within_memory(Failure kind, Make&& make) noexcept
{
    try {
        return make();
    } catch (const std::bad_alloc&) {
        return {kind, "out-of-memory", "out of memory"}; // both fit into a string that allocates nothing
    }
}

inline Error out_of_memory(std::string_view asked) noexcept
{
    return error_within_memory(Failure::unavailable, [&]() -> Error {
        return {Failure::unavailable, "out-of-memory",
                std::string{asked} + " and found no memory left; nothing was changed; try again when there is some"};
    });
}

template <class Call>
auto within_memory(std::string_view asked, Call&& call) -> decltype(call())
{
    try {
        return call();
    } catch (const std::bad_alloc&) {
        return out_of_memory(asked);
    }
}

} // namespace eventloom
