// What workers on jobs say, beside what all workers do (messages.hpp): they pull jobs, and answer what their handlers answered.
// Threads: pure functions.
#pragma once

#include "workers/messages.hpp"
#include <eventloom/messaging/detail/job_leases.hpp>

#include <eventloom/messaging/detail/job_leases.hpp>

namespace eventloom::work {

inline constexpr WorkPaths paths_of_jobs{"/jobs/pull", "/jobs/extend", "/jobs/finish"};

struct PullRequest {
    std::string queue;
    std::string worker;
    std::uint64_t most    = 1;
    std::int64_t lease_ms = 0;
    std::int64_t wait_ms  = 0;
};
struct LeasedJobs {
    std::vector<LeasedJob> jobs;
};

struct AnsweredEvents {
    enum class Expected : std::uint8_t { any, no_stream, stream_exists, exactly };
    std::string stream;
    Expected expected = Expected::any;
    Version version   = 0; // of `exactly`
    std::vector<NewEvent> events;
};
struct AnsweredJob {
    std::uint8_t kind = 0; // of JobDone
    std::string result;
    Time again_at{};
    std::vector<AnsweredEvents> streams;
    std::vector<detail::NewJob> jobs;
};
struct FinishRequest {
    Lease lease;
    std::optional<AnsweredJob> done; // neither: it is wrong
    std::optional<AnsweredError> error;
};

FinishRequest finish_request(const Lease& lease, result<JobDone> answer);
struct AnsweredLease {
    Lease lease;
    result<JobDone> answer;
};
// Failure::invalid  "wrong-worker-request".
result<AnsweredLease> answer_in(FinishRequest request);

} // namespace eventloom::work
