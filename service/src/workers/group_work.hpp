// What a worker process does for a consumer group: each of its threads is a member, which is given batches of events.
#pragma once

#include "workers/job_work.hpp"

#include <eventloom/messaging/groups.hpp>

namespace eventloom::work {

// `ids`: one for each thread of the worker.
std::unique_ptr<const Work> events_of(std::string group, GroupHandler handle, AskedAs as, std::vector<Uuid> ids);

} // namespace eventloom::work
