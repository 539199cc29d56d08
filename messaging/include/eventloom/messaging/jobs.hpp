// Jobs: work that is to be done later, by somebody else, and is completed once. A queue is a struct that names itself and lists
// its jobs, which are plain structs with stored names, as events are:
//
//     struct SendMail { std::string to; std::string subject; };
//
//     struct Mailing {
//         static constexpr auto queue = "mail";
//         using Jobs = el::jobs<el::job<"send-mail", SendMail>>;
//     };
//
// and in one source file with <eventloom/framework/event_codec.hpp>:
//
//     template const el::EventTypes& el::event_types<Mailing::Jobs>();
//
// queues.hpp enqueues jobs and works on them. A job that must change keeps its earlier forms, as an event does. Threads: values.
#pragma once

#include <eventloom/framework/detail/event.hpp>
#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/id.hpp>
#include <eventloom/framework/time.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// One job: its stored name, its struct, and the structs that it was before, oldest first.
template <text Name, class Job, class... Earlier>
using job = event<Name, Job, Earlier...>;

template <class... Entries>
struct jobs {
    static constexpr std::string_view category = "job"; // a job is the stream job-ID
    using Events                               = events<Entries...>;
};

// clang-format off
template <class Queue>
concept job_queue = requires {
    { std::string_view{Queue::queue} };
    typename Queue::Jobs::Events::variant;
};
// clang-format on

// A struct in the list of a queue.
template <class Job, class Queue>
concept job_of = Queue::Jobs::Events::template has<Job>;

// While an earlier job of the queue with the same unique key counts, none is enqueued: the answer names the earlier one.
struct UniqueJob {
    std::string key;
    // So long after it was enqueued it counts, whatever becomes of it. 0: until it has ended. A dead letter has ended.
    std::chrono::milliseconds period{0};
};

enum class WhenExpired : std::uint8_t {
    dead_letter, // with the code "job-expired"
    drop,        // the job ends as expired, and is counted
};

// Of one job. What is not given is as the queue says.
struct JobOptions {
    unsigned priority               = 5;            // 0 to 9; a higher one goes first
    std::optional<Time> not_before  = std::nullopt; // it does not begin before this
    std::optional<Time> expires     = std::nullopt; // it does not begin after this
    WhenExpired when_expired        = WhenExpired::dead_letter;
    std::string key                 = {}; // whose limits it is under: an account, a customer. At most 128 bytes
    std::optional<UniqueJob> unique = std::nullopt;
    std::vector<std::string> labels = {};      // for people, and to be found by: they are the tags of the event
    unsigned attempts               = 0;       // at most so many; 0: as the queue says
    std::chrono::milliseconds attempt_time{0}; // for one attempt; 0: as the queue says
    // The job's id. Enqueueing again with the same id gives the same job. nil: a fresh one.
    Uuid id          = {};
    Uuid correlation = {}; // nil: the id
    Uuid causation   = {};
};

// What became of enqueueing.
struct EnqueuedJob {
    Uuid id;
    Position position = 0;     // of the log after the append
    bool stood_before = false; // nothing was written: it is this job already, or a unique one that stands

    std::string stream() const { return "job-" + to_string(id); }
};

// waiting: may begin now; scheduled: its time has not come; dead: a dead letter; discarded: a dead letter that nobody will retry
enum class JobState : std::uint8_t { waiting, scheduled, running, completed, cancelled, expired, dead, discarded };

// "waiting", "scheduled", ...
std::string_view to_string(JobState state);
std::optional<JobState> parse_job_state(std::string_view word);

} // namespace eventloom
