// What workers in other processes say at the door of a service, and what they are answered. The bytes are those of the codec of
// values; a request that cannot be read is refused.
//
//     POST /jobs/pull    a PullRequest    -> LeasedJobs
//     POST /jobs/extend  an ExtendRequest -> LostLeases
//     POST /jobs/finish  a FinishRequest  -> nothing
//
// The service and its workers are the same program, of the same version. Threads: pure functions.
#pragma once

#include <eventloom/messaging/detail/job_leases.hpp>

#include <string>
#include <string_view>

namespace eventloom::work {

inline constexpr std::string_view pull_path   = "/jobs/pull";
inline constexpr std::string_view extend_path = "/jobs/extend";
inline constexpr std::string_view finish_path = "/jobs/finish";

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
struct ExtendRequest {
    std::vector<HeldLease> held;
};
struct LostLeases {
    std::vector<JobLease> lost;
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
struct AnsweredError {
    std::uint8_t kind = 0; // of Failure
    std::string code;
    std::string sentence;
};
struct FinishRequest {
    JobLease lease;
    std::optional<AnsweredJob> done; // neither: it is wrong
    std::optional<AnsweredError> error;
};

FinishRequest finish_request(const JobLease& lease, result<JobDone> answer);
struct AnsweredLease {
    JobLease lease;
    result<JobDone> answer;
};
// Failure::invalid  "wrong-worker-request".
result<AnsweredLease> answer_in(FinishRequest request);

template <class Message>
std::string to_bytes(const Message& message);
// Failure::invalid  "wrong-worker-request".
template <class Message>
result<Message> message_in(std::string_view bytes);

} // namespace eventloom::work
