// What all workers in other processes say at the door of a service, whatever they work on, and what they are answered. The bytes
// are those of the codec of values; a request that cannot be read is refused.
//
//     POST /jobs/pull    a PullRequest (job_protocol.hpp)     POST /groups/pull    a PullEventsRequest (group_protocol.hpp)
//     POST /jobs/extend  an ExtendRequest -> LostLeases       POST /groups/extend  an ExtendRequest -> LostLeases
//     POST /jobs/finish  a FinishRequest                      POST /groups/finish  a FinishEventsRequest
//
// The service and its workers are the same program, of the same version. Threads: pure functions.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/messaging/detail/leases.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace eventloom::work {

struct WorkPaths {
    std::string_view pull;
    std::string_view extend;
    std::string_view finish;
};

struct ExtendRequest {
    std::vector<HeldLease> held;
};
struct LostLeases {
    std::vector<Lease> lost;
};

struct AnsweredError {
    std::uint8_t kind = 0; // of Failure
    std::string code;
    std::string sentence;
};
AnsweredError answered_error(Error error);
// Nothing: it is of no kind that there is.
std::optional<Error> error_in(AnsweredError error);

// Failure::invalid  "wrong-worker-request".
Error wrong_worker_request(std::string_view found);

template <class Message>
std::string to_bytes(const Message& message);
// Failure::invalid  "wrong-worker-request".
template <class Message>
result<Message> message_in(std::string_view bytes);

} // namespace eventloom::work
