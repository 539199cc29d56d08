#include "attempt_rules.hpp"

#include <eventloom/framework/event_store.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom::queues {

unsigned attempts_of(const Job& job, const QueueOptions& options)
{
    return std::max(1U, job.terms.attempts != 0 ? job.terms.attempts : options.attempts);
}

Duration wait_before(const Uuid& id, unsigned attempt, const QueueOptions& options)
{
    return attempts::wait_before(id, attempt, {options.first_wait, options.longest_wait});
}

Error no_such_job(const EventStore& store, const Uuid& id)
{
    const auto events = store.stream_length(stream_of_job(id));
    if (not events) return events.error();
    if (events.value() > 0) {
        return {Failure::invalid, "job-deleted",
                fmt::format("asked for the job {} and found that its stream was deleted, and its history with it; "
                            "`streams limits` shows how much of a stream is kept",
                            to_string(id))};
    }
    return {Failure::invalid, "no-such-job",
            fmt::format("asked for the job {} and found none; `jobs list` shows all", to_string(id))};
}

result<Job> job_in(const EventStore& store, const Uuid& id)
{
    BOOST_OUTCOME_TRY(auto job, read_job(store, id));
    if (job.recorded == 0) return no_such_job(store, id);
    return job;
}

Error job_taken_away(const Uuid& id)
{
    return {Failure::refused, "job-taken-away",
            fmt::format(
                "answered for the job {} and found that it is in other hands, or has ended: its lease was over, its "
                "time was, or somebody cancelled it; nothing of the answer was recorded",
                to_string(id))};
}

} // namespace eventloom::queues
