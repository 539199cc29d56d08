// Jobs for workers in other processes: each is leased for a time, the lease is extended while the worker lives, and ends with the
// attempt.
//
//     queues.pull({.queue = "mail", .worker = "host-7/4711", .most = 1, .lease = 30s, .until = now + 5s}, [](auto jobs) { ... });
//     const auto lost = queues.extend({{job.lease, std::nullopt}});      // now and then: the worker is still there
//     queues.finish(job.lease, el::job_done("sent"), [](el::result<void> ended) { ... });
//
// A lease is an event in the job's stream ("job-leased"), so that it outlives the service; its fence is the version of that
// event. Whatever takes the job away (the end of the lease, a person, the end of its time) is an event, too; who comes late is
// refused. The command `work QUEUE` is such a worker. Threads: values.
// For queues.hpp: include that.
#pragma once

#include <eventloom/messaging/detail/job_context.hpp>
#include <eventloom/messaging/detail/leases.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace eventloom {

struct LeasedJob {
    Lease lease;
    unsigned attempt = 1;
    Time deadline    = Time::max(); // of the attempt
    RecordedEvent first;            // the job itself, for its handler
};

struct PullJobs {
    std::string queue;
    std::string worker; // for people: which process has the job. At most 128 bytes
    std::size_t most = 1;
    Duration lease   = std::chrono::seconds{30}; // from 100 milliseconds to an hour
    Time until{};                                // if nothing may begin, how long to wait for it
    // Whether the worker still waits. It is asked before a job is leased, with a lock held, so it is quick.
    std::function<bool()> still_there = [] { return true; };
};
using PullDone = std::function<void(result<std::vector<LeasedJob>>)>;

// What a worker needs to call the handlers of a queue itself.
struct QueueHandler {
    unsigned workers = 1; // that the program has declared
    AnyJobHandler handler;
};

} // namespace eventloom
