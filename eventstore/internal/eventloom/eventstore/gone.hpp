// What a scavenge has left of an event.
//
//     if (is_gone(event)) continue;     // its data are in no file any more
//
// Threads: a pure function.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>

namespace eventloom {

// Only id and place are left of it. No other event has no type.
inline bool is_gone(const RecordedEvent& event)
{
    return event.type.empty();
}

} // namespace eventloom
