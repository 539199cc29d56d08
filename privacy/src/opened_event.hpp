// Opens the personal data of an event that was read.
//
//     BOOST_OUTCOME_TRY(open_parts(event, keys));
//
// Threads: as PersonalKeys.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/privacy/detail/personal_keys.hpp>

namespace eventloom {

// The event with its personal data open, or erased where the key was destroyed.
// Failure::corrupt  "personal-data-damaged"; and the errors of PersonalKeys.
result<void> open_parts(RecordedEvent& event, PersonalKeys& keys);

} // namespace eventloom
