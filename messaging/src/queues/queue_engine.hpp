// The engine of the queues: follows the jobs of the log in its table, gives those that are next to workers, and records what
// becomes of them.
//
// A claim is in memory (`claims_`) and keeps two workers of this process apart. What keeps a job from being completed twice is
// the version of its stream, which each end of an attempt expects (docs/decisions/0025). Two orders of work, each with its lock:
// tasks of the table, one at a time, which wait for the disk (`tables_`); and choosing, which looks at memory only (`mutex_`).
#pragma once

#include "claim.hpp"
#include "job_table.hpp"
#include "occurrences.hpp"
#include "queue_state.hpp"

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/messaging/queues.hpp>

#include <deque>
#include <unordered_map>

namespace eventloom::queues {

struct HashOfId {
    std::size_t operator()(const Uuid& id) const;
};

// A job that recurs.
struct Schedule {
    std::string name;
    std::string queue;
    Recurrence when;
    std::function<detail::NewJob(Time occurrence)> make;
    Missed missed = Missed::once;
    // From start() on.
    std::optional<Occurrences> moments = std::nullopt;
    Time last                          = {}; // all occurrences up to here have their job, or have none
};

class QueueEngine : public std::enable_shared_from_this<QueueEngine> {
public:
    QueueEngine(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus, std::string directory);

    void add(QueueDefinition definition);
    void recur(Schedule schedule);
    result<void> open();
    result<void> start();
    void stop();
    bool settle(Time deadline);
    std::optional<Error> error() const;
    result<Position> position() const;
    bool empty() const { return queues_.empty(); } // queues are added before anything else is asked

    // enqueueing.cpp
    void enqueue(detail::NewJob job, EnqueueDone done);
    result<detail::PreparedJob> prepare(detail::NewJob job) const;
    const QueueDefinition* definition_of(std::string_view queue) const;
    result<const QueueDefinition*> find_queue(std::string_view queue) const;
    // A job by its stored name; `queue` empty: in any of the queues.
    struct FoundType {
        const QueueDefinition* queue = nullptr;
        const EventType* type        = nullptr;
        std::size_t place            = 0; // in the list
    };
    result<FoundType> find_type(std::string_view type, std::string_view queue) const;

    // recurring.cpp
    result<std::vector<RecurringJob>> recurring() const;

    // operators.cpp
    result<void> cancel(const Uuid& id, const std::string& because);
    result<void> retry(const Uuid& id, const std::string& because);
    result<void> discard(const Uuid& id, const std::string& because);
    result<void> promote(const Uuid& id, const std::string& because);
    result<void> edit(const Uuid& id, std::uint32_t schema_version, const std::string& data,
                      const std::string& because);
    result<QueueLimits> limit(const std::string& queue, const QueueLimits& limits, const std::string& because);
    result<void> pause(const std::string& queue, Time until, const std::string& because);
    result<void> resume(const std::string& queue, const std::string& because);
    result<void> check_may_lose_history(std::string_view stream) const;

    // showing.cpp
    result<RecordedEvent> first_event(const Uuid& id) const;
    result<std::vector<QueueStatus>> list_queues() const;
    result<QueueStatus> status(std::string_view queue) const;
    result<std::vector<JobStatus>> list_jobs(const JobFilter& filter, std::size_t limit) const;
    result<JobDetails> show(const Uuid& id) const;
    result<std::string> why(const Uuid& id) const;

    // leasing.cpp, for workers in other processes
    void pull(PullJobs wanted, PullDone done);
    result<std::vector<Lease>> extend(const std::vector<HeldLease>& held);
    void finish(const Lease& lease, result<JobDone> answer, EndDone done);
    void work_only_elsewhere() { works_here_ = false; }

    // working.cpp, for claims
    void report_progress(Claim& claim, Progressed progress);

private:
    using ClaimPtr = std::shared_ptr<Claim>;
    using Claims   = std::vector<ClaimPtr>;
    using Changes  = std::vector<JobChange>;

    // Somebody who waits for jobs, and gets them.
    struct Pull {
        PullJobs wanted;
        PullDone done;
        std::vector<LeasedJob> leased;
        std::size_t open = 0; // jobs that are being leased for it
    };
    using PullPtr = std::shared_ptr<Pull>;

    // queue_engine.cpp
    result<void> open_table();
    result<void> catch_up();
    result<void> hear_of_streams(JobTable& table) const;
    // The table, which has heard of all deletions.
    result<JobTable*> table_to_list() const;
    result<void> recover();
    void take_up();
    result<void> hear(const Delivery& delivery);
    void give_up(Error error);
    void report_lost(const Folded& folded) const;
    result<JobTable*> table() const;
    bool is_idle();
    // Runs on the executor, with the table to itself. What it gives is taken into memory.
    using TableTask = std::function<result<Changes>(JobTable&)>;
    void post_to_table(TableTask task);
    void post(std::function<void(QueueEngine&)> task);
    void post_at(Time time, std::function<void(QueueEngine&)> task);

    // memory.cpp, with mutex_
    void take_in(const Changes& changes);
    void take_in_claim(const JobChange& change);
    void drop(const ClaimPtr& claim);
    void release(const ClaimPtr& claim);
    void pump_all();
    void pump(QueueState& queue);
    ClaimPtr next_claim(QueueState& queue, QueueState::Where where, const std::string* type = nullptr);
    Claims next_claims(QueueState& queue);
    void put_aside(QueueState& queue);
    void read_more(QueueState& queue);
    void read_more_wakes();
    void wake_at_next_time();
    void times_have_come();
    // The same, and they take the lock themselves.
    void let_go(const ClaimPtr& claim, Duration offered_after);
    void handler_returned(const ClaimPtr& claim);

    // leasing.cpp; serve_pulls with mutex_, the others without a lock
    void serve_pulls(QueueState& queue);
    void stop_waiting(const PullPtr& pull);
    void post_answer(const PullPtr& pull, result<std::vector<LeasedJob>> jobs) const;
    static Error not_taken();
    void lease(const PullPtr& pull, const ClaimPtr& claim);
    void leased(const PullPtr& pull, const ClaimPtr& claim);
    void extend_lease(Claim& claim);
    void watch_lease(const ClaimPtr& claim);
    void lease_is_over(const ClaimPtr& claim);
    ClaimPtr claim_of(const Lease& lease) const;
    result<void> ended_before(const Lease& lease) const;
    result<ClaimPtr> lease_of(const Uuid& id);
    void take_up_leases();

    // recurring.cpp; take_occurrences and fire one at a time for each schedule
    result<void> check_schedules();
    result<void> begin_schedules();
    result<std::optional<Time>> last_occurrence(const Schedule& schedule) const;
    result<Time> begin_of(const Schedule& schedule);
    std::vector<Time> due_occurrences(const Schedule& schedule, Time now) const;
    void take_occurrences(std::size_t index);
    void fire(std::size_t index, const std::vector<Time>& due, std::size_t at);
    void look_again_at(std::size_t index, Time time);
    void not_fired(std::size_t index, Time occurrence, const Error& error);

    // working.cpp, without a lock
    void perform(const Claims& claims);
    result<bool> read(Claim& claim) const;
    void mark_begun(const ClaimPtr& claim);
    bool may_be_begun(const ClaimPtr& claim);
    void run(const Claims& claims);
    bool begin_attempt(const ClaimPtr& claim, Time begun);
    void time_is_over(const ClaimPtr& claim);
    // `told` waits until the end is recorded.
    void handled(const ClaimPtr& claim, result<JobDone> done, EndDone told = {});
    void answered_late(const Claim& claim, const EndDone& told) const;
    void fault(const ClaimPtr& claim, const Error& error, EndDone told = {});
    // The end of an attempt: one append with what follows from it.
    void end(const ClaimPtr& claim, JobFact fact, std::vector<StreamAppend> beside = {}, EndDone told = {});
    void ended(const ClaimPtr& claim, const result<Appended>& appended);
    void not_ended(const ClaimPtr& claim, const Error& error);
    void expire(const Uuid& id);
    bool is_lost(const Uuid& id) const;
    void append(AppendRequest request, std::function<void(QueueEngine&, const result<Appended>&)> then);
    void report(const Claim& claim, const JobFact& fact) const;
    StreamAppend append_of(const Claim& claim, const JobFact& fact) const;
    JobFact fact_of_fault(const Job& job, const QueueOptions& options, const Uuid& id, unsigned attempt,
                          const Error& error) const;
    result<std::vector<StreamAppend>> appends_of(const Claim& claim, JobDone& done) const;
    NewEvent event_of(const JobFact& fact, const Job& job, const Uuid& id, const RecordedEvent* first) const;

    using DecideFact = std::function<result<JobFact>(const Job&)>;
    result<void> record(const Uuid& id, const DecideFact& decide);
    // What is decided is recorded if nobody has said anything of the queue meanwhile; else it is decided anew.
    using DecideOfQueue = std::function<result<JobFact>()>;
    result<void> record_of_queue(const std::string& queue, const DecideOfQueue& decide);
    result<QueueLimits> with_limits_before(const std::string& queue, QueueLimits limits) const;
    result<void> check_is_there(const std::string& queue) const;
    // What was said of the queue, from the newest on, until `look` says true. The table may not have heard of it yet.
    result<void> look_back(const std::string& queue, const std::function<bool(const JobFact&)>& look) const;
    result<void> check_filter(const JobFilter& filter) const;
    std::size_t workers_elsewhere(const std::string& queue) const;
    struct RowNow {
        JobRow row;
        bool is_heard = false; // by the table, which alone knows its place among the others
    };
    result<RowNow> row_now(const Uuid& id) const;
    std::string why_of_queue(const JobRow& row, Time now) const;
    result<std::string> why_of_job(const JobRow& row, Time now) const;
    result<std::string> turn_of(const JobRow& row, Time now) const;
    JobStatus status_of(const Uuid& id, const JobRow& row) const;
    std::string json_of(const RecordedEvent& first, const std::string& queue) const;
    void enqueue_unique(std::shared_ptr<detail::PreparedJob> job, std::chrono::milliseconds period, EnqueueDone done,
                        unsigned attempts);

    const Runtime runtime_;
    EventStore& store_;
    CommandBus& commands_;
    EventBus& bus_;
    const std::string directory_;
    std::optional<Error> refused_; // the first queue that was added in vain

    std::mutex starting_; // of open(), start() and stop(), and over the two after it
    bool works_here_ = true;
    std::vector<ClaimPtr> leases_found_; // that an earlier process gave
    std::vector<Schedule> schedules_;    // their number is fixed before start()
    mutable std::mutex tables_;          // of tasks of the table, one at a time; before mutex_
    mutable std::mutex mutex_;           // over what follows
    std::unique_ptr<JobTable> table_;    // made once
    std::map<std::string, std::unique_ptr<QueueState>, std::less<>> queues_;
    std::map<std::string, std::unique_ptr<Executor>> pools_;
    std::unordered_map<Uuid, ClaimPtr, HashOfId> claims_;
    std::map<std::string, std::deque<PullPtr>, std::less<>> pulls_; // by queue, in the order in which they came
    std::set<Uuid> lost_;                                           // in this run: nothing can be recorded of them
    std::size_t unreturned_ = 0;                                    // claims whose handler runs although they are out
    Window<WakeKey, bool> wakes_{10'000};
    std::optional<Time> wakes_timer_;
    bool wakes_are_read_ = false;
    std::shared_ptr<EventSubscription> following_;
    std::optional<Error> error_;
    std::atomic<bool> stopped_{true};
    std::atomic<bool> stopping_{false};
    std::atomic<unsigned> runs_{0};     // how often it was started
    std::atomic<std::size_t> tasks_{0}; // posted, and not done
    std::atomic<std::size_t> appends_{0};
    // Jobs up to here may have been in the hands of a process that crashed.
    Position suspects_to_ = 0;
};

} // namespace eventloom::queues
