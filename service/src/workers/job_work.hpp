// What a worker process does for a queue: its jobs are leased, and what their handlers answer is told.
#pragma once

#include "workers/worker.hpp"

#include <eventloom/messaging/detail/job_leases.hpp>

namespace eventloom::work {

// As which worker it asks, and for how long.
struct AskedAs {
    std::string name; // for people
    Duration lease{};
};

std::unique_ptr<const Work> jobs_of(std::string queue, QueueHandler handler, AskedAs as);

} // namespace eventloom::work
