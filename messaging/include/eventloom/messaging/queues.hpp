// Work queues: jobs are enqueued durably, each is worked on by one worker at a time, and completed once.
//
//     Queues& queues = service.queues();
//     queues.add<Mailing>({.workers = 8}, [&](const SendMail& mail, el::JobContext& context) -> el::result<void> {
//         return provider.send(mail.to, mail.subject, context.id());  // the id is the key for the outside: the same in each attempt
//     });
//     BOOST_OUTCOME_TRY(queues.start());                              // in a service: service.start()
//     BOOST_OUTCOME_TRY(const auto mail, queues.enqueue<Mailing>(SendMail{"ada@example.org", "Welcome"}, {.priority = 7}));
//     queues.show(mail.id);
//
// jobs.hpp has the list of jobs and the options of a job, detail/job_context.hpp what a handler is given and may answer,
// detail/queue_options.hpp the options of a queue. A job is acknowledged when it is synced, and not lost from then on. It may be
// begun more than once (a worker dies, an attempt fails), but is completed once, together with the events and jobs that its
// handler answers. The table of jobs is a fold of the log, and may be lost.
// Threads: call add before start; the others from any thread, but those that wait (all but enqueue and send with `done`)
// not from a task of the executor.
#pragma once

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/messaging/detail/job_handlers.hpp>
#include <eventloom/messaging/detail/job_leases.hpp>
#include <eventloom/messaging/detail/queue_options.hpp>
#include <eventloom/messaging/detail/recurring.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

using EnqueueDone = std::function<void(result<EnqueuedJob>)>;

struct JobStatus {
    Uuid id;
    std::string queue;
    std::string type;
    JobState state    = JobState::waiting;
    unsigned priority = 0;
    std::string key;
    unsigned attempts = 0;     // that have failed
    std::optional<Error> last; // of these, or why it is a dead letter
    std::optional<Time> due;   // set while it is scheduled: when it may begin
    std::optional<Time> expires;
    Time enqueued{};
    Time changed{};
    bool is_edited = false;
};

struct JobHistoryEntry {
    Time at{};
    std::string what; // "enqueued", "attempt-failed", "completed", ...
    std::string detail;
};

struct JobDetails {
    JobStatus job;
    std::string data_json; // the job itself; "null" when this program does not know it
    std::string result;    // of one that is completed
    std::string progress;  // "3 of 12 pages"; empty: none was reported
    std::string why;       // why it waits; empty: it does not
    std::vector<std::string> labels;
    std::vector<JobHistoryEntry> history;
};

// All that have each of the properties that are given.
struct JobFilter {
    std::string queue             = {};
    std::optional<JobState> state = std::nullopt;
    std::string type              = {};
    std::string key               = {};
};

struct QueueStatus {
    std::string name;
    unsigned workers              = 0; // of this process; 0: it does not work on this queue
    std::size_t workers_elsewhere = 0; // in other processes: they wait for jobs, or have one
    std::size_t running           = 0;
    std::map<JobState, std::uint64_t> jobs; // the others; a state that none is in is left out
    std::optional<Time> paused_until;       // Time::max(): until somebody resumes it
    QueueLimits limits;                     // that somebody has set
};

namespace detail {

struct Description;

// A job that is ready to be appended.
struct PreparedJob {
    Uuid id;
    StreamAppend append;
    std::string unique_tag; // empty: it is not unique
};

} // namespace detail

namespace queues {
class QueueEngine;
} // namespace queues

class Queues {
public:
    Queues(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus, std::string directory);
    ~Queues();

    // What works on the jobs of a queue: a lambda for each of them, (const Job&, el::JobContext&) or (const Job&), that says
    // `-> el::result<void>` or `-> el::result<el::JobDone>`. A queue that is added twice is an error of start() and open():
    // Failure::invalid "queue-added-twice"; so is a name that is none: "invalid-queue-name".
    template <job_queue Queue, class... Handlers>
    void add(QueueOptions options, Handlers... handlers)
    {
        if constexpr (detail::can_work_on<Queue, Handlers...>()) {
            add_queue(std::string{Queue::queue}, detail::fact_list<typename Queue::Jobs>, options,
                      detail::handler_of_jobs<Queue>(std::move(handlers)...));
        }
    }

    // A job that recurs (detail/recurring.hpp). `make` gives the job of an occurrence, (el::Time) -> Job; or it is the same job each time.
    // Errors of start(): Failure::invalid "invalid-schedule", "schedule-added-twice", "no-such-time-zone", "no-such-queue".
    template <job_queue Queue, class Make>
        requires std::is_invocable_v<const Make&, Time>
    void recur(std::string name, Recurrence when, Make make, RecurOptions options = {})
    {
        add_recurring(
            std::move(name), std::string{Queue::queue}, std::move(when),
            [make = std::move(make), job = std::move(options.job)](Time occurrence) {
                return new_job<Queue>(make(occurrence), job);
            },
            options.missed);
    }
    template <job_queue Queue, job_of<Queue> Job>
    void recur(std::string name, Recurrence when, Job job, RecurOptions options = {})
    {
        recur<Queue>(
            std::move(name), std::move(when), [job = std::move(job)](Time) { return job; }, std::move(options));
    }

    // Returns when the job is durable.
    // Failure::invalid  "invalid-job-options", "invalid-queue-name", and what an append says ("event-too-large", "invalid-tag").
    template <job_queue Queue, job_of<Queue> Job>
    result<EnqueuedJob> enqueue(const Job& job, JobOptions options = {})
    {
        return enqueue_now(new_job<Queue>(job, std::move(options)));
    }
    // The same without waiting: thousands may be in flight, and share the writes of the disk. `done` is called once, on the
    // caller's thread or on one of the store's choice; it may enqueue again, but must not wait.
    template <job_queue Queue, job_of<Queue> Job>
    void enqueue(const Job& job, JobOptions options, EnqueueDone done)
    {
        enqueue_later(new_job<Queue>(job, std::move(options)), std::move(done));
    }

    // Sends a command, and enqueues a job in the append of its events: both, or none. The job is enqueued also when the command
    // gives no event. A command that is sent again with its id enqueues nothing more. The job cannot be unique.
    // Failure::invalid "unique-job-beside-command"; and what the command bus says.
    template <job_queue Queue, aggregate State, decided_by<State> Command, job_of<Queue> Job>
    void send(const id<State>& to, Command command, SendOptions options, const Job& job, JobOptions job_options,
              CommandDone done)
    {
        send_with(detail::command_type<State, Command>, to.stream(),
                  std::make_shared<const Command>(std::move(command)), std::move(options),
                  new_job<Queue>(job, std::move(job_options)), std::move(done));
    }
    template <job_queue Queue, aggregate State, decided_by<State> Command, job_of<Queue> Job>
    result<Receipt> send(const id<State>& to, Command command, SendOptions options, const Job& job,
                         JobOptions job_options = {})
    {
        return send_and_wait(detail::command_type<State, Command>, to.stream(),
                             std::make_shared<const Command>(std::move(command)), std::move(options),
                             new_job<Queue>(job, std::move(job_options)));
    }

    // A job that is given by its stored name. `fill` fills in the struct, whose description it is given.
    // Failure::invalid  "no-such-queue", "no-such-job-type".
    using FillJob = std::function<result<void>(const detail::Description& type, void* job)>;
    result<EnqueuedJob> enqueue(std::string_view type, const FillJob& fill, JobOptions options,
                                std::string_view queue = {});

    // For rooms that append a job with events of their own. The job cannot be unique.
    // Failure::invalid  "invalid-job-options", "invalid-queue-name".
    result<detail::PreparedJob> prepare(detail::NewJob job) const;

    // No queue was added.
    bool empty() const;

    // Opens the table, makes it up to date with the log, and begins to work on the queues that were added.
    result<void> start(); // Failure::invalid "category-taken": an aggregate is called "job".
    // Opens the table, and makes it up to date with the log: to look at jobs.
    result<void> open();
    // Asks all handlers to stop, and returns when none runs any more. What they have not done is done after the next start.
    void stop();

    // For workers in other processes (detail/job_leases.hpp). Those that wait for jobs get them when the workers of this process are
    // busy. Failure::invalid "invalid-pull", "no-such-queue"; Failure::unavailable "queues-not-open".
    void pull(PullJobs wanted, PullDone done);
    // Each lease goes on for its whole length from now. Returns those that are over: their jobs are in other hands, or ended.
    // Failure::unavailable "queues-not-open".
    result<std::vector<Lease>> extend(const std::vector<HeldLease>& held);
    // The end of an attempt, as the handler answered it; `done` is called when it is durable. Told again of a completion that was
    // recorded, it succeeds. Failure::refused "job-taken-away"; Failure::unavailable "queues-not-open"; and what a handler's
    // answer is refused with ("wrong-expected-version"), which is recorded as a failed attempt.
    void finish(const Lease& lease, result<JobDone> answer, std::function<void(result<void>)> done);
    // Failure::invalid  "no-such-queue".
    result<QueueHandler> handler_of(std::string_view queue) const;
    // Call before start(): only workers in other processes work on the jobs.
    void work_only_elsewhere();

    // Whether a stream may lose its history: not the one of a job that is open, nor that of a queue.
    // Failure::refused "job-not-ended", "stream-of-a-queue".
    result<void> check_may_lose_history(std::string_view stream) const;

    // Blocks until no job can begin or goes on now. Returns false at `deadline`.
    bool settle(Time deadline);

    // Of one job. Failure::invalid "no-such-job".
    result<JobDetails> show(const Uuid& id) const;
    result<std::string> why(const Uuid& id) const;
    // The first event of its stream, with the data that its handler is given.
    result<RecordedEvent> first_event(const Uuid& id) const;
    // By queue, state and id. Failure::invalid "no-such-queue"; "no-such-job-type": neither the program nor a job has it.
    result<std::vector<JobStatus>> list(const JobFilter& filter = {}, std::size_t limit = 1'000) const;
    // In the order in which they were added.
    result<std::vector<RecurringJob>> recurring() const;
    // By name: those that were added, and those that have jobs.
    result<std::vector<QueueStatus>> list_queues() const;
    // One of these. Failure::invalid "no-such-queue".
    result<QueueStatus> status(std::string_view queue) const;

    // What a person may do. Each is recorded with its reason. Failure::invalid "no-such-job".
    // A job that is being worked on is asked to stop; it cannot be completed any more.  Failure::refused "job-ended".
    result<void> cancel(const Uuid& id, std::string_view because);
    // A dead letter is worked on again, with all its attempts, and without its time to expire.
    // Failure::refused "job-not-dead"; of a unique one "unique-job-stands": another with its key was enqueued since.
    result<void> retry(const Uuid& id, std::string_view because);
    // Nobody will retry the dead letter.  Failure::refused "job-not-dead".
    result<void> discard(const Uuid& id, std::string_view because);
    // The handler is given these bytes, of this form of its type, when the dead letter is retried. The log keeps both.
    // Failure::invalid "no-such-job-type": this program does not know it. Failure::refused "job-not-dead"; "personal-event": a job
    // with personal data is not edited, as it would be kept in plain text.
    result<void> edit(const Uuid& id, std::uint32_t schema_version, std::string_view data, std::string_view because);
    // A job that waits for a time, its own or that of its next attempt, waits no more.  Failure::refused "job-not-scheduled".
    result<void> promote(const Uuid& id, std::string_view because);
    // From now on, also after a restart. A limit that is not given stays as it was; without any, all of them end. Returns those that hold.
    // Failure::invalid "limit-above-workers", "invalid-limit", "no-such-queue".
    result<QueueLimits> limit(std::string_view queue, const QueueLimits& limits, std::string_view because);
    // No job of the queue begins until then; those that run go on. `until`: it ends by itself.
    // Failure::invalid "time-has-passed"; "no-such-queue": the program does not have it, and it has no job.
    result<void> pause(std::string_view queue, std::string_view because, Time until = Time::max());
    result<void> resume(std::string_view queue, std::string_view because); // Failure::refused "queue-not-paused"

    // Up to which event of the log their table has jobs. Failure::unavailable "queues-not-open".
    result<Position> position() const;
    // Why the queues have stopped, if they have.
    std::optional<Error> error() const;

private:
    template <job_queue Queue, class Job>
    static detail::NewJob new_job(const Job& job, JobOptions options)
    {
        using Events = typename Queue::Jobs::Events;
        return {std::string{Queue::queue}, encoded<typename Queue::Jobs>(typename Events::variant{job}),
                std::move(options)};
    }

    void add_recurring(std::string name, std::string queue, Recurrence when,
                       std::function<detail::NewJob(Time occurrence)> make, Missed missed);
    void add_queue(std::string name, detail::FactList jobs, QueueOptions options, AnyJobHandler handler);
    result<EnqueuedJob> enqueue_now(detail::NewJob job);
    void enqueue_later(detail::NewJob job, EnqueueDone done);
    void send_with(const detail::CommandType& type, std::string to, std::shared_ptr<const void> command,
                   SendOptions options, detail::NewJob job, CommandDone done);
    result<Receipt> send_and_wait(const detail::CommandType& type, std::string to, std::shared_ptr<const void> command,
                                  SendOptions options, detail::NewJob job);

    const Runtime runtime_;
    CommandBus& commands_;
    std::shared_ptr<queues::QueueEngine> engine_;
};

} // namespace eventloom
