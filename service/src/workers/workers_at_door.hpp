// The service's side of workers in other processes: what they say at the door goes to the queues and the consumer groups.
#pragma once

#include "door/admin_door.hpp"

namespace eventloom {

class Service;

namespace work {

// Answers at once, or when there is something to do; `answer` is called once, on any thread. Threads: any.
void answer_worker(Service& service, WorkerRequest request);

} // namespace work

} // namespace eventloom
