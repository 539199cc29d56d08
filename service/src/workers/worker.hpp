// A worker process: it leases what is to be done from the service that runs, calls the program's handlers, and answers. What that
// is says its Work: the jobs of a queue (job_work.hpp), or events of a consumer group (group_work.hpp).
//
//     Worker worker{runtime, jobs_of("mail", handler, as), {.directory = "var/mail", .threads = 8, .lease = 30s}};
//     worker.run([&](Duration span) { return console.wait(span).has_value(); });
//
// It waits for a service that is away, also with an answer in its hands. Threads: it has some of its own; run() from one.
#pragma once

#include "workers/job_protocol.hpp"
#include "workers/messages.hpp"

#include <eventloom/framework/runtime.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

namespace eventloom::work {

// Something in the hands of a worker: one job, or one batch of events. Threads: perform() on one, the others on any.
class Task {
public:
    explicit Task(const Lease& of) : lease{of} {}
    virtual ~Task() = default;

    // Calls the handlers, and returns the request that says how it ended. `is_held` says whether the lease goes on, and asks the
    // service if that is not known; it is of no use to go on when it does not.
    virtual std::string perform(const std::function<bool()>& is_held) = 0;
    // The request that gives back what the handlers have not done yet.
    virtual std::string given_back() const = 0;
    // What has changed since the last call.
    virtual std::optional<ReportedProgress> take_report() = 0;
    // "the job 0192f0c1-...": for the log.
    virtual std::string name() const = 0;
    virtual Error taken_away() const = 0;

    const Lease lease;
    // After perform(): why no worker process can do it. It is given back then, whatever perform() has returned.
    std::optional<Error> cannot;
    std::stop_source stopping;
    std::atomic<bool> is_lost{false}; // or given back: nothing more is answered
    std::atomic<Time> held_until{};   // by what the service has said
};
using TaskPtr = std::shared_ptr<Task>;

class Work {
public:
    virtual ~Work()                 = default;
    virtual WorkPaths paths() const = 0;
    // Of a thread of the worker, counted from 0.
    virtual std::string pull_request(unsigned thread, Duration wait) const       = 0;
    virtual result<std::vector<TaskPtr>> tasks_in(std::string_view answer) const = 0;
};

struct WorkerOptions {
    std::string directory; // where the service's door is
    unsigned threads = 1;  // each has one task at a time
    Duration lease   = std::chrono::seconds{30};
};

class Worker {
public:
    Worker(const Runtime& runtime, std::unique_ptr<const Work> work, WorkerOptions options);
    ~Worker();

    // Works until `wait`, which is called again and again, says false. Then it asks the handlers to stop, and gives back what
    // they do not end soon. Failure::invalid "no-such-queue", "no-such-group": the service does not know it; "worker-has-no-log": a
    // handler needs the log, and what it was given goes back; and what the service refuses.
    result<void> run(const std::function<bool(Duration span)>& wait);

private:
    result<std::string> ask(std::string_view path, const std::string& request, Duration waits) const;
    void work(unsigned thread);
    result<std::vector<TaskPtr>> pull(unsigned thread);
    void perform(const TaskPtr& task);
    std::optional<Error> end(const Task& task, const std::string& request);
    result<void> tell(const std::string& request) const;
    void keep_leases();
    bool extend(const std::vector<TaskPtr>& tasks);
    bool is_held(const TaskPtr& task);
    bool pause(Duration span) const;
    void was_reached();
    void was_not_reached(const Error& error);
    std::vector<TaskPtr> held() const;
    void give_back();
    void refuse(Error why);
    bool is_refused() const;

    const Runtime runtime_;
    const std::unique_ptr<const Work> work_;
    const WorkerOptions options_;
    mutable std::mutex mutex_; // over what follows
    std::map<Lease, TaskPtr> held_;
    std::optional<Error> refused_; // nothing will change that
    bool is_away_ = false;         // the service; it was said
    std::atomic<bool> stopping_{false};
};

} // namespace eventloom::work
