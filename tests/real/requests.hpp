// What the writer program appends: the request with this number of this writer is the same whoever makes it, so that a test
// can look for its events and send it again.
#pragma once

#include <eventloom/framework/event_store.hpp>

namespace eventloom::testing {

// A writer has a stream of its own, to which each request adds one to three events at the expected version; some requests add
// to a stream that all share too, and some carry a command.
AppendRequest request_of(std::uint64_t writer, std::uint64_t number);

// How many requests of one writer may be in flight; writers with an even number have one at a time.
inline constexpr std::uint64_t in_flight_max = 16;

} // namespace eventloom::testing
