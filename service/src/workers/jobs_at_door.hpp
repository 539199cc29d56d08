// The service's side of workers in other processes: what they say at the door goes to the queues, which
// lease the job (messaging/src/queues/leasing.cpp).
#pragma once

#include <eventloom/framework/runtime.hpp>
#include <eventloom/messaging/queues.hpp>

#include "door/admin_door.hpp"

namespace eventloom::work {

// Answers at once, or when a job may begin; `answer` is called once, on any thread. Threads: any.
void answer_worker(Queues& queues, const Clock& clock, WorkerRequest request);

} // namespace eventloom::work
