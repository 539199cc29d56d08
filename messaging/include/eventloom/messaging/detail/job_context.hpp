// What a handler of a job is given, and what it answers.
//
//     [&](const WriteStatement& job, el::JobContext& context) -> el::result<el::JobDone> {
//         for (int page = 1; page <= 12; ++page) {
//             if (context.stop().stop_requested()) return el::job_given_back();
//             context.progress(page, 12, "pages");
//         }
//         return el::job_done("statement-17.pdf").append(job.account, el::ExpectedVersion::any(), Written{"statement-17.pdf"});
//     }
//
// It answers a result: the job is completed. An error that is refused or invalid makes it a dead letter at once; every other
// error is a fault, and the job is tried again, as the queue says. What it throws is a fault. The events and jobs that it
// answers are in one append with the end of the job: all of them are there, once, or none.
// A handler of batches takes several jobs together, and answers for each:
//
//     [&](const std::vector<SendMail>& mails, const el::JobContexts& contexts) -> el::JobAnswers {
//         return provider.send_all(mails);                                // as many answers as mails, in their order
//     }
//
// Threads: a handler runs on a thread of its queue, and may block. The context is the handler's own, until it returns.
// For queues.hpp: include that.
#pragma once

#include <eventloom/messaging/detail/effects.hpp>

#include <functional>
#include <stop_token>

namespace eventloom {

class JobContext {
public:
    virtual ~JobContext() = default;

    // The same in each attempt: hand it over as the key of what is asked of the outside, which then recognises repetition.
    virtual const Uuid& id() const   = 0;
    virtual unsigned attempt() const = 0; // 1, 2, ...
    // After it the attempt counts as failed, and what the handler answers counts no more. Time::max(): none.
    virtual Time deadline() const = 0;
    // Asks to stop: the service stops, the time is over, or the job was cancelled.
    virtual std::stop_token stop() const = 0;
    // For people who watch. At most one report a second is recorded; those between are left out.
    virtual void progress(std::uint64_t done, std::uint64_t of, std::string what) = 0;
};

class JobDone : public AnswersEffects<JobDone> {
public:
    enum class Kind : std::uint8_t { completed, again, given_back };
    Kind kind = Kind::completed;
    std::string result; // text, for whoever asks for the job; at most 64 KiB
    Time again_at{};
};

inline JobDone job_done(std::string result = {})
{
    JobDone done;
    done.result = std::move(result);
    return done;
}
// It goes on at this time, or soon after it. That is no failed attempt.
inline JobDone job_again_at(Time time)
{
    JobDone done;
    done.kind     = JobDone::Kind::again;
    done.again_at = time;
    return done;
}
// As if it had never been begun: nothing is recorded, and it is next again.
inline JobDone job_given_back()
{
    JobDone done;
    done.kind = JobDone::Kind::given_back;
    return done;
}

// Of the jobs of a batch, in their order. Each has its own outcome.
using JobContexts = std::vector<JobContext*>;
using JobAnswers  = std::vector<result<JobDone>>;
using JobEvents   = std::vector<const RecordedEvent*>; // the first of each job's stream

// Handlers without their types.
struct AnyJobHandler {
    // As many answers as there are jobs.
    std::function<JobAnswers(const JobEvents& jobs, const JobContexts& contexts)> handle;
    std::vector<std::string> batched; // stored names of jobs that have a handler of batches
};

} // namespace eventloom
