// What an answer, or a fault, means for a job: whether it is tried again, when, and in which words that is recorded.
//
// Threads: pure functions.
#pragma once

#include "attempts.hpp"
#include "job.hpp"

#include <eventloom/messaging/detail/queue_options.hpp>

namespace eventloom::queues {

using attempts::is_final;
using attempts::is_of_the_log;
using attempts::shortened;
unsigned attempts_of(const Job& job, const QueueOptions& options);
Duration wait_before(const Uuid& id, unsigned attempt, const QueueOptions& options);
// Also if it was deleted, which it says.
Error no_such_job(const EventStore& store, const Uuid& id);
// The job, or that there is none.
result<Job> job_in(const EventStore& store, const Uuid& id);
// The error of whoever answers for a job that is not his any more.
Error job_taken_away(const Uuid& id);

} // namespace eventloom::queues
