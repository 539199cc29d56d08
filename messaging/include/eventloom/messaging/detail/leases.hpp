// A lease: what a worker in another process has in its hands, a job (job_leases.hpp) or events of a consumer group
// (member_leases.hpp), for a time that goes on while the worker says that it is there.
//
//     const auto lost = queues.extend({{lease, std::nullopt}});
//
// Its fence is a number that no other lease of the same job or member has, so that who was given something once cannot pass for
// who has it now. Threads: values.
#pragma once

#include <eventloom/framework/id.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace eventloom {

struct Lease {
    Uuid of; // the job, or the member of a group
    std::uint64_t fence = 0;

    friend auto operator<=>(const Lease&, const Lease&) = default;
};

struct ReportedProgress {
    std::uint64_t done = 0;
    std::uint64_t of   = 0;
    std::string what;
};

struct HeldLease {
    Lease lease;
    std::optional<ReportedProgress> progress; // since the last time
};

} // namespace eventloom
