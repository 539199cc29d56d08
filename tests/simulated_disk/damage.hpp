// What becomes of a store whose files are not as they were written. Threads: one.
#pragma once

#include "simulated_disk/store_machine.hpp"
#include "simulated_disk/store_model.hpp"

namespace eventloom::testing {

enum class Outcome : std::uint8_t {
    refused,    // it does not open, and says why
    reported,   // verify names it
    harmless,   // everything is there and answered rightly
    unnoticed,  // something is missing or answered wrongly, and nobody says so
    wrong_data, // a reader was given an event that nobody appended
};
inline constexpr std::size_t outcomes = 5;

// Opens what the machine's disk holds, reads all of it, and asks what `requests`, which were all answered, would be answered.
Outcome outcome_of_opening(StoreMachine& machine, const StoreModel& model, const std::vector<AppendRequest>& requests);

} // namespace eventloom::testing
