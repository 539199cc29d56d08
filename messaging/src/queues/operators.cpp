// What people and programs do to jobs and queues.
#include "attempt_rules.hpp"
#include "queue_engine.hpp"

#include <eventloom/framework/pauses.hpp>
#include <fmt/core.h>

namespace eventloom::queues {

namespace {

constexpr unsigned most_conflicts = 100;

result<JobFact> not_dead(const Uuid& id, const Job& job, std::string_view what)
{
    return refuse("job-not-dead", fmt::format("asked to {} the job {} and found it {}; only a dead letter can be", what,
                                              to_string(id), job.is_open() ? "open" : to_string(job.state)));
}

} // namespace

result<void> QueueEngine::record(const Uuid& id, const DecideFact& decide)
{
    for (unsigned attempt = 1;; ++attempt) {
        const Position head = store_.head();
        BOOST_OUTCOME_TRY(const auto job, job_in(store_, id));
        BOOST_OUTCOME_TRY(auto fact, decide(job));
        AppendRequest request;
        request.streams.push_back(
            {stream_of_job(id), ExpectedVersion::after(job.recorded), {event_of(fact, job, id, nullptr)}});
        if (std::holds_alternative<Retried>(fact) && not job.terms.unique_tag.empty()) {
            request.condition =
                AppendCondition{.fails_if_matched = {{{.tags = {job.terms.unique_tag}}}}, .after = head};
        }
        const auto appended = store_.append(request);
        if (appended) return done();
        if (appended.error().kind != Failure::conflict || attempt == most_conflicts) return appended.error();
    }
}

result<void> QueueEngine::cancel(const Uuid& id, const std::string& because)
{
    return record(id, [&](const Job& job) -> result<JobFact> {
        if (job.is_open()) return JobFact{Cancelled{because, runtime_.clock.now()}};
        return refuse("job-ended",
                      fmt::format("asked to cancel the job {} and found it {}", to_string(id), to_string(job.state)));
    });
}

result<void> QueueEngine::retry(const Uuid& id, const std::string& because)
{
    return record(id, [&](const Job& job) -> result<JobFact> {
        if (job.state != JobState::dead) return not_dead(id, job, "retry");
        if (not job.terms.unique_tag.empty()) {
            const auto cursor =
                store_.read({.scope = Scope::tag(job.terms.unique_tag), .direction = Direction::backwards, .limit = 1});
            BOOST_OUTCOME_TRY(const RecordedEvent* last, cursor->next());
            if (last != nullptr && last->stream != stream_of_job(id)) {
                return refuse(
                    "unique-job-stands",
                    fmt::format("asked to retry the job {} and found that {} was enqueued since with the same "
                                "unique key; discard this one",
                                to_string(id), last->stream));
            }
        }
        return JobFact{Retried{because, runtime_.clock.now()}};
    });
}

result<void> QueueEngine::discard(const Uuid& id, const std::string& because)
{
    return record(id, [&](const Job& job) -> result<JobFact> {
        if (job.state != JobState::dead) return not_dead(id, job, "discard");
        return JobFact{Discarded{because, runtime_.clock.now()}};
    });
}

// The job itself stays the first event of its stream.
result<void> QueueEngine::edit(const Uuid& id, std::uint32_t schema_version, const std::string& data,
                               const std::string& because)
{
    return record(id, [&](const Job& job) -> result<JobFact> {
        if (job.state != JobState::dead) return not_dead(id, job, "edit");
        BOOST_OUTCOME_TRY(const auto found, find_type(job.type, job.queue));
        if (not found.type->is_personal) return JobFact{Edited{schema_version, data, because, runtime_.clock.now()}};
        return refuse("personal-event",
                      fmt::format("asked to edit the job {} and found one with personal data; what is edited would be "
                                  "kept in plain text, so such a job is not edited",
                                  to_string(id)));
    });
}

// A job that is open would forget what was done; the last pause of a queue holds.
result<void> QueueEngine::check_may_lose_history(std::string_view stream) const
{
    if (queue_of_stream(stream)) {
        return fail(
            Failure::refused, "stream-of-a-queue",
            fmt::format("asked to take away history of the stream {} and found that it keeps whether a queue is "
                        "paused; it stays",
                        stream));
    }
    const auto id = job_of_stream(stream);
    if (not id) return done();
    const auto job = read_job(store_, *id);
    if (not job) return job.error().code == "job-history-lost" ? done() : result<void>{job.error()};
    if (job.value().recorded == 0 || not job.value().is_open()) return done();
    return fail(
        Failure::refused, "job-not-ended",
        fmt::format("asked to take away history of the stream {} and found that it is of a job that is open; it would "
                    "not be worked on any more: let it end, or cancel it first",
                    stream));
}

result<void> QueueEngine::record_of_queue(const std::string& queue, const DecideOfQueue& decide)
{
    BOOST_OUTCOME_TRY(check_queue_name(queue));
    const auto stream = stream_of_queue(queue);
    for (unsigned attempt = 1;; ++attempt) {
        // Before it is decided: what somebody says meanwhile makes the append fail.
        const auto newest =
            store_.read({.scope = Scope::stream(stream), .direction = Direction::backwards, .limit = 1});
        BOOST_OUTCOME_TRY(const RecordedEvent* last, newest->next());
        const auto expected = last == nullptr ? ExpectedVersion::no_stream() : ExpectedVersion::exactly(last->version);
        BOOST_OUTCOME_TRY(const auto fact, decide());
        NewEvent event = encoded<JobFacts>(fact);
        event.id       = runtime_.ids.next();
        AppendRequest request;
        request.streams.push_back({stream, expected, {std::move(event)}});
        const auto appended = store_.append(request);
        if (appended) return done();
        if (appended.error().kind != Failure::conflict || attempt == most_conflicts) return appended.error();
    }
}

// One that the program has, or that has jobs: not one that a slip of the finger makes.
result<void> QueueEngine::check_is_there(const std::string& queue) const
{
    BOOST_OUTCOME_TRY(check_queue_name(queue));
    if (definition_of(queue) != nullptr) return done();
    BOOST_OUTCOME_TRY(status(queue));
    return done();
}

result<void> QueueEngine::look_back(const std::string& queue, const std::function<bool(const JobFact&)>& look) const
{
    const auto cursor =
        store_.read({.scope = Scope::stream(stream_of_queue(queue)), .direction = Direction::backwards});
    bool is_found = false;
    while (not is_found) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) break;
        BOOST_OUTCOME_TRY(
            detail::with_facts<JobFacts>(*event, "job", [&](const auto& fact) { is_found = look(JobFact{fact}); }));
    }
    return done();
}

result<void> QueueEngine::pause(const std::string& queue, Time until, const std::string& because)
{
    BOOST_OUTCOME_TRY(check_is_there(queue));
    const Time now = runtime_.clock.now();
    BOOST_OUTCOME_TRY(pauses::check_is_to_come("the queue " + queue, until, now));
    return record_of_queue(queue, [&] { return JobFact{QueuePaused{until, because, now}}; });
}

result<QueueLimits> QueueEngine::limit(const std::string& queue, const QueueLimits& limits, const std::string& because)
{
    BOOST_OUTCOME_TRY(check_is_there(queue));
    const auto* definition = definition_of(queue);
    if (definition != nullptr && limits.workers.value_or(0) > definition->options.workers) {
        return fail(
            Failure::invalid, "limit-above-workers",
            fmt::format("asked for {} workers of the queue {} and found that the program has {}; a limit is not more; "
                        "workers in other processes are not limited by it",
                        *limits.workers, queue, definition->options.workers));
    }
    if (limits.per_second && not(*limits.per_second >= 0 && *limits.per_second <= 1e6)) {
        return fail(
            Failure::invalid, "invalid-limit",
            fmt::format("asked for {} jobs a second of the queue {}; a limit is from 0, which is none, to a million",
                        *limits.per_second, queue));
    }
    QueueLimits wanted;
    BOOST_OUTCOME_TRY(record_of_queue(queue, [&]() -> result<JobFact> {
        BOOST_OUTCOME_TRY(wanted, with_limits_before(queue, limits));
        return JobFact{QueueLimited{wanted.workers, wanted.per_second, because, runtime_.clock.now()}};
    }));
    return wanted;
}

// What is not given stays as it is; nothing given takes all away.
result<QueueLimits> QueueEngine::with_limits_before(const std::string& queue, QueueLimits limits) const
{
    if (limits == QueueLimits{}) return limits;
    BOOST_OUTCOME_TRY(look_back(queue, [&](const JobFact& fact) {
        const auto* before = std::get_if<QueueLimited>(&fact);
        if (before == nullptr) return false;
        if (not limits.workers) limits.workers = before->workers;
        if (not limits.per_second) limits.per_second = before->per_second;
        return true;
    }));
    return limits;
}

result<void> QueueEngine::promote(const Uuid& id, const std::string& because)
{
    return record(id, [&](const Job& job) -> result<JobFact> {
        const Time now = runtime_.clock.now();
        if (job.is_open() && job.due > now) return JobFact{Promoted{because, now}};
        return refuse("job-not-scheduled",
                      fmt::format("asked to promote the job {} and found {}", to_string(id),
                                  job.is_open()
                                      ? std::string{"that it does not wait for a time; `jobs why` says for what"}
                                      : "it " + std::string{to_string(job.state)}));
    });
}

result<void> QueueEngine::resume(const std::string& queue, const std::string& because)
{
    return record_of_queue(queue, [&]() -> result<JobFact> {
        const Time now = runtime_.clock.now();
        bool is_paused = false;
        BOOST_OUTCOME_TRY(look_back(queue, [&](const JobFact& fact) {
            const auto* pause = std::get_if<QueuePaused>(&fact);
            if (pause != nullptr) is_paused = pause->until > now;
            return pause != nullptr || std::holds_alternative<QueueResumed>(fact);
        }));
        if (is_paused) return JobFact{QueueResumed{because, now}};
        return refuse("queue-not-paused",
                      fmt::format("asked to resume the queue {} and found that it is not paused", queue));
    });
}

} // namespace eventloom::queues
