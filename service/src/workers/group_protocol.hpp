// What members of consumer groups in other processes say, beside what all workers do (messages.hpp): they pull events, and say how
// many of them their handler has handled.
// Threads: pure functions.
#pragma once

#include "workers/messages.hpp"

#include <eventloom/messaging/detail/member_leases.hpp>

namespace eventloom::work {

inline constexpr WorkPaths paths_of_groups{"/groups/pull", "/groups/extend", "/groups/finish"};

// It is answered with LeasedEvents.
struct PullEventsRequest {
    std::string group;
    std::string member;
    Uuid id;
    std::int64_t lease_ms = 0;
    std::int64_t wait_ms  = 0;
};
struct FinishEventsRequest {
    std::string group;
    Lease lease;
    std::uint64_t handled = 0;
    std::optional<AnsweredError> failed;
    bool leaves = false;
};

FinishEventsRequest finish_request(std::string group, const Lease& lease, EndedBatch ended);
// Failure::invalid  "wrong-worker-request".
result<EndedBatch> ended_in(FinishEventsRequest request);

} // namespace eventloom::work
