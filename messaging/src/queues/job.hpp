// A job as its stream tells it: the first event is the job itself, with its options as headers; those after it say what became of
// it.
//
//     Job job;
//     for (const RecordedEvent& event : stream) BOOST_OUTCOME_TRY(job, folded(std::move(job), event));
//     job.is_open();                          // somebody may still work on it
//
// docs/format.md, "Jobs". Threads: values.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/messaging/jobs.hpp>

#include <variant>

namespace eventloom::queues {

// clang-format off
struct Begun         { unsigned attempt = 0; Time at{}; };
struct Leased        { unsigned attempt = 0; std::string worker; std::int64_t lease_ms = 0; Time at{}; };
struct Progressed    { std::uint64_t done = 0; std::uint64_t of = 0; std::string what; Time at{}; };
struct Completed     { unsigned attempt = 0; std::string result; Time at{}; };
struct AttemptFailed { unsigned attempt = 0; std::string code; std::string reason; Time next{}; Time at{}; };
struct Postponed     { Time until{}; Time at{}; };
struct Died          { unsigned attempt = 0; std::string code; std::string reason; Time at{}; };
struct Expired       { Time at{}; };
struct Cancelled     { std::string because; Time at{}; };
struct Retried       { std::string because; Time at{}; };
struct Discarded     { std::string because; Time at{}; };
struct Promoted      { std::string because; Time at{}; };
struct Edited        { std::uint32_t schema_version = 1; std::string data; std::string because; Time at{}; };
// In the stream of a queue, job-queue-NAME.
struct QueuePaused   { Time until{}; std::string because; Time at{}; };
struct QueueResumed  { std::string because; Time at{}; };
struct QueueLimited  { std::optional<std::uint32_t> workers; std::optional<double> per_second; std::string because; Time at{}; };
// A recurring job begins, or recurs at other moments from here on.
struct Recurs        { std::string schedule; std::string when; Time at{}; };
// clang-format on

struct JobFacts {
    static constexpr auto category = "job";
    using Events =
        events<event<"job-begun", Begun>, event<"job-progressed", Progressed>, event<"job-completed", Completed>,
               event<"job-attempt-failed", AttemptFailed>, event<"job-postponed", Postponed>, event<"job-died", Died>,
               event<"job-expired", Expired>, event<"job-cancelled", Cancelled>, event<"job-retried", Retried>,
               event<"job-discarded", Discarded>, event<"job-queue-paused", QueuePaused>,
               event<"job-queue-resumed", QueueResumed>, event<"job-leased", Leased>, event<"job-recurs", Recurs>,
               event<"job-promoted", Promoted>, event<"job-queue-limited", QueueLimited>, event<"job-edited", Edited>>;
};
using JobFact = JobFacts::Events::variant;

// What was said when it was enqueued.
struct JobTerms {
    std::uint32_t priority  = 5;
    std::uint32_t attempts  = 0; // at most; 0: as the queue says
    std::int64_t attempt_ms = 0; // for one attempt; 0: as the queue says
    bool drop_when_expired  = false;
    std::string key;        // empty: none
    std::string unique_tag; // empty: it is not unique
};

struct JobTrial {
    unsigned ended = 0;     // attempts that count
    bool begun     = false; // one was recorded before it began, and has no end
    std::string code;       // of the last failure
    std::string reason;
};

// The last one that it had; after it whatever the job became.
struct JobLeased {
    Version fence = 0; // of the event; 0: none, or it was begun since in the service's own process
    std::string worker;
    std::int64_t ms = 0;
    Time at{};
};

struct JobProgress {
    std::uint64_t done = 0;
    std::uint64_t of   = 0;
    std::string what;
};

struct Job {
    std::string queue; // empty: nothing was folded yet
    std::string type;
    Position place         = 0;                 // of its first event: its place among the others
    std::uint64_t recorded = 0;                 // how many events of its stream were folded
    JobState state         = JobState::waiting; // waiting stands for every open one
    JobTerms terms;
    Time due{};
    Time expires = Time::max();
    JobTrial tried;
    JobLeased lease;
    JobProgress progress;
    std::string result;
    Time enqueued{};
    Time changed{};
    bool is_edited = false;

    bool is_open() const { return state == JobState::waiting; }
};

// Failure::corrupt  "job-history-lost": events before this one are gone; and what with_facts says.
result<Job> folded(Job job, const RecordedEvent& event);

// Gives the first event of a job the data that somebody has edited since, if this event says so.
void take_edit(RecordedEvent& first, const RecordedEvent& event);

// The whole stream as it is now. A job that is not there has no queue.
result<Job> read_job(const class eventloom::EventStore& store, const Uuid& id);

inline std::string stream_of_job(const Uuid& id)
{
    return "job-" + to_string(id);
}
// Nothing: it is not the stream of a job.
std::optional<Uuid> job_of_stream(std::string_view stream);
std::string stream_of_queue(std::string_view queue);
// Nothing: it is not the stream of a queue.
std::optional<std::string_view> queue_of_stream(std::string_view stream);

// Of the first event of a recurring job: the moment for which it is, in microseconds since 1970.
inline constexpr std::string_view occurrence_header = "job-occurrence";
std::optional<Time> occurrence_of(const RecordedEvent& first);

// "job-unique:mail/ada"
std::string unique_tag(std::string_view queue, std::string_view key);

// Failure::invalid  "invalid-queue-name", "invalid-job-options", with what is wrong.
result<void> check_queue_name(std::string_view queue);
result<void> check_options(const JobOptions& options);

// Makes the first event of a job's stream of the encoded job; its id follows from the job's.
void add_options(NewEvent& event, std::string_view queue, const JobOptions& options);

// "job-" as a type is the facts' own.
bool is_name_of_fact(std::string_view type);

} // namespace eventloom::queues
