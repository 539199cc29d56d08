// What an answer, or a fault, means for a job: whether it is tried again, when, and in which words that is recorded.
//
// Threads: pure functions.
#pragma once

#include "job.hpp"

#include <eventloom/messaging/queue_options.hpp>

namespace eventloom::queues {

// At most so many bytes, of whole characters.
std::string shortened(std::string text, std::size_t most);
// The job will not be done by trying again.
bool is_final(const Error& error);
// The log takes nothing more: not a matter of this job.
bool is_of_the_log(const Error& error);
unsigned attempts_of(const Job& job, const QueueOptions& options);
// Twice as long each time. A fourth of it depends on the job and the attempt, not on luck, so that a run can be repeated.
Duration wait_before(const Uuid& id, unsigned attempt, const QueueOptions& options);
// The error of whoever answers for a job that is not his any more.
Error job_taken_away(const Uuid& id);

} // namespace eventloom::queues
