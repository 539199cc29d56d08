// How a queue works: with how many workers, within which limits, and what it does about a fault.
//
//     queues.add<Mailing>({.workers = 8, .per_second = 100, .attempts = 5}, send_mail);
//     queues.add<Statements>({.workers = 8, .in_order_per_key = true}, write_statement);   // an account at a time
//
// Jobs of a higher priority go first. So that those of a lower one are not held up for ever, each tenth job that a queue begins
// is the one that was enqueued first, whatever its priority. Threads: values.
// For queues.hpp: include that.
#pragma once

#include <eventloom/framework/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace eventloom {

struct QueueOptions {
    unsigned workers = 4; // threads on which its handlers run
    std::size_t at_once =
        0; // jobs that are in work, with those whose end is being recorded; 0: as many as there are workers
    double per_second = 0; // jobs that begin in any second; 0: no limit

    // For each key of a job (JobOptions::key). Jobs without a key have none of these limits.
    bool in_order_per_key =
        false; // one at a time, in the order in which they were enqueued; also while one waits to be tried again
    std::size_t at_once_per_key = 0;
    double per_second_per_key   = 0;

    // Jobs that a handler of batches is given together; together they take one worker.
    std::size_t batch = 100;

    unsigned attempts = 10; // at a job; the last one that fails makes it a dead letter
    // The next attempt is made after first_wait, then twice as long each time, up to longest_wait; each of them is shortened by
    // up to a fourth, by the job's id, so that those that failed together do not come back together.
    std::chrono::milliseconds first_wait{1'000};
    std::chrono::milliseconds longest_wait{3'600'000};
    std::chrono::milliseconds attempt_time{0}; // after it an attempt has failed ("attempt-timed-out"); 0: no limit
};

// What somebody has limited since, without changing the program. What is not given is as the program says.
struct QueueLimits {
    std::optional<std::uint32_t> workers = std::nullopt; // of the service's own: not more than it has
    std::optional<double> per_second     = std::nullopt; // 0: no limit

    friend bool operator==(const QueueLimits&, const QueueLimits&) = default;
};

} // namespace eventloom
