// Two parts of the measurement of sagas that wait, each in a process of its own (phases.hpp). Threads: one.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace bench {

// Begins so many sagas that wait for days, and ends.
nlohmann::json begin_waiting_sagas(const std::string& directory, std::uint64_t sagas);
// Starts again with them, and with one that has something to do.
nlohmann::json go_on_with_waiting_sagas(const std::string& directory, std::uint64_t sagas);

} // namespace bench
