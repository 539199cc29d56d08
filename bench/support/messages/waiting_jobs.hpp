// Two parts of the measurement of jobs that wait, each in a process of its own (phases.hpp). Threads: one.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace bench {

// Enqueues so many jobs of all priorities, one in ten of them for a day to come, and ends.
nlohmann::json enqueue_waiting_jobs(const std::string& directory, std::uint64_t jobs);
// Works on them for some seconds. Each job that is completed enqueues another of its priority in the same append, so that as
// many wait at the end as at the beginning.
nlohmann::json work_on_waiting_jobs(const std::string& directory, std::uint64_t jobs);

} // namespace bench
