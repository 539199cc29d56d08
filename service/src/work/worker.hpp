// A worker process: it leases jobs of one queue from the service that runs, calls the program's handlers, and answers.
//
//     Worker worker{runtime, handler, {.directory = "var/mail", .queue = "mail", .name = "host-7/4711", .workers = 8}};
//     worker.run([&](Duration span) { return console.wait(span).has_value(); });
//
// It waits for a service that is away, also with an answer in its hands. Threads: it has some of its own; run() from one.
#pragma once

#include "work/job_protocol.hpp"

#include <eventloom/framework/runtime.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

namespace eventloom::work {

struct WorkerOptions {
    std::string directory; // where the service's door is
    std::string queue;
    std::string name;     // for people
    unsigned workers = 1; // jobs at the same time
    Duration lease   = std::chrono::seconds{30};
};

class Worker {
public:
    Worker(const Runtime& runtime, QueueHandler handler, WorkerOptions options);
    ~Worker();

    // Works until `wait`, which is called again and again, says false. Then it asks the handlers to stop, and gives back what
    // they do not end soon. Failure::invalid "no-such-queue": the service does not know it; "worker-has-no-log": a handler needs
    // the log, and its job goes back as it was; and what the service refuses.
    result<void> run(const std::function<bool(Duration span)>& wait);

private:
    struct Held;
    using HeldPtr = std::shared_ptr<Held>;

    template <class Answer, class Request>
    result<Answer> ask(std::string_view path, const Request& request, Duration waits) const;
    void work();
    void perform(LeasedJob job);
    std::optional<Error> end(const Held& held, const result<JobDone>& answer);
    result<void> tell(const JobLease& lease, const result<JobDone>& answer) const;
    void keep_leases();
    bool pause(Duration span) const;
    void refuse_work(Error why);
    bool is_refused() const;
    void was_reached();
    void was_not_reached(const Error& error);
    std::vector<HeldPtr> held() const;
    void give_back();

    const Runtime runtime_;
    const QueueHandler handler_;
    const WorkerOptions options_;
    mutable std::mutex mutex_; // over what follows
    std::map<JobLease, HeldPtr> held_;
    std::optional<Error> refused_; // nothing will change that
    bool is_away_ = false;         // the service; it was said
    std::atomic<bool> stopping_{false};
};

} // namespace eventloom::work
