// What may be asked of a stream, drawn from a seed. Threads: one.
#pragma once

#include "simulated_disk/drawn.hpp"

#include <eventloom/framework/runtime.hpp>
#include <eventloom/framework/stream_limits.hpp>

namespace eventloom::testing {

// An event for the settings of a stream of `length` events: mostly limits, now and then that it is deleted, rarely its end.
NewEvent drawn_settings(Drawn& drawn, IdSource& ids, std::uint64_t length);

} // namespace eventloom::testing
