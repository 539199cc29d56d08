// What is said of a store that is not as it was written, each with what to do about it.
#pragma once

#include <eventloom/framework/recorded_event.hpp>
#include <eventloom/framework/result.hpp>

#include <string_view>

namespace eventloom {

// An event of which a scavenge has left the id and the place alone. No other has no type.
inline bool is_gone(const RecordedEvent& event)
{
    return event.type.empty();
}

Error damaged_record(Position position, std::string_view found);
Error missing_record(Position position);
Error damaged_index(std::string_view what);

} // namespace eventloom
