// In the place of postgres_jobs.cpp, where CMake has not found libpq.
#include "job_queues.hpp"

#include "support/measuring/measure.hpp"

namespace bench {

std::unique_ptr<JobQueueYardstick> open_postgres_jobs(const std::string& /*directory*/,
                                                      std::uint64_t /*claimed_together*/)
{
    say("libpq-dev was not installed when this was built: PostgreSQL is left out");
    return nullptr;
}

} // namespace bench
