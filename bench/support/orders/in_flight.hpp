// One thread with 1,024 appends in flight: it does not wait for its answers, only for room among them.
#pragma once

#include "yardsticks/tested_store.hpp"

namespace bench {

inline constexpr std::size_t appends_in_flight = 1'024;

// Returns when all are acknowledged, and how many there were.
std::uint64_t append_in_flight(eventloom::EventStore& store, std::vector<PreparedAppend>& appends);

} // namespace bench
