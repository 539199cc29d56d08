// What somebody would work through jobs with instead: a table in SQLite or PostgreSQL, or a stream in Redis. Each keeps a job of
// the same size, and all that it acknowledges is on the disk. A job is done when its completion is.
//
// A failure ends the program: nothing slow may look fast because it did less. Threads: one caller.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace bench {

inline constexpr unsigned job_workers         = 8;
inline constexpr std::uint64_t jobs_in_flight = 1'024;

class JobQueueYardstick {
public:
    virtual ~JobQueueYardstick() = default;

    // Returns when so many more are acknowledged.
    virtual void enqueue(std::uint64_t jobs) = 0;
    // The same, while eight workers complete them; returns when all are completed.
    virtual void enqueue_and_complete(std::uint64_t jobs) = 0;
    // Takes away what waits.
    virtual void clear() = 0;
};

// A worker claims so many at once with UPDATE ... RETURNING, and completes them in one transaction.
std::unique_ptr<JobQueueYardstick> open_sqlite_jobs(const std::string& directory, std::uint64_t claimed_together);
// Eight connections, each of which claims so many at once with FOR UPDATE SKIP LOCKED, and completes them in one statement.
// nullptr: PostgreSQL 15 is left out, and it has been said why.
std::unique_ptr<JobQueueYardstick> open_postgres_jobs(const std::string& directory, std::uint64_t claimed_together);
// A consumer group on a stream, appendfsync always, a hundred jobs a call. nullptr: it is left out, and that has been said.
std::unique_ptr<JobQueueYardstick> open_redis_jobs(const std::string& directory);

} // namespace bench
