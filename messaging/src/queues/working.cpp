// What becomes of a claim: the job is read, its handler called, and the end of the attempt recorded.
#include "attempt_rules.hpp"
#include "queue_engine.hpp"

#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/framework/stream_limits.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom::queues {

namespace {

constexpr std::size_t longest_reason = 4'096;
constexpr std::size_t longest_result = 64u << 10;
constexpr Duration between_reports   = std::chrono::seconds{1};
// When a job is offered again of which the table has not heard the news, or that was given back.
constexpr Duration asked_again_after = std::chrono::seconds{1};
// The same of one of which nothing can be read, or recorded: somebody has to look at it.
constexpr Duration much_later = std::chrono::hours{1};

} // namespace

NewEvent QueueEngine::event_of(const JobFact& fact, const Job& job, const Uuid& id, const RecordedEvent* first) const
{
    NewEvent event             = encoded<JobFacts>(fact);
    event.id                   = runtime_.ids.next();
    event.metadata.correlation = first != nullptr ? first->metadata.correlation : id;
    event.metadata.causation   = derived_uuid({"job", to_string(id)});
    // So that whoever enqueues with the same key sees it at once.
    if (std::holds_alternative<Retried>(fact) && not job.terms.unique_tag.empty()) {
        event.metadata.tags.push_back(job.terms.unique_tag);
    }
    return event;
}

StreamAppend QueueEngine::append_of(const Claim& claim, const JobFact& fact) const
{
    return {stream_of_job(claim.job),
            ExpectedVersion::after(claim.recorded),
            {event_of(fact, claim.read, claim.job, &claim.first)}};
}

void QueueEngine::append(AppendRequest request, std::function<void(QueueEngine&, const result<Appended>&)> then)
{
    ++appends_;
    store_.append(std::move(request), [weak = weak_from_this(), then = std::move(then)](result<Appended> appended) {
        const auto self = weak.lock();
        if (not self) return;
        self->post([then, appended = std::move(appended)](QueueEngine& engine) {
            if (not engine.stopped_) then(engine, appended);
            --engine.appends_;
        });
    });
}

// On a thread of the queue.
void QueueEngine::perform(const Claims& claims)
{
    Claims begun;
    for (const auto& claim : claims) {
        if (stopping_ || stopped_ || not may_be_begun(claim)) {
            handler_returned(claim);
            continue;
        }
        const bool is_last    = claim->number >= attempts_of(claim->read, claim->queue.definition.options);
        const bool is_suspect = claim->read.place <= suspects_to_;
        const bool is_marked  = (is_last || is_suspect) && not claim->read.tried.begun; // it goes by itself then
        is_marked ? mark_begun(claim) : begun.push_back(claim);
    }
    if (not begun.empty()) run(begun);
}

// False: it is not, and was let go.
bool QueueEngine::may_be_begun(const ClaimPtr& claim)
{
    const auto may_begin = read(*claim);
    if (not may_begin && is_of_the_log(may_begin.error())) give_up(may_begin.error());
    if (not may_begin) {
        write_to(runtime_.log, LogLevel::error, "job-unreadable", {{"job", to_string(claim->job)}}, may_begin.error());
        let_go(claim, much_later);
        return false;
    }
    if (not may_begin.value()) {
        let_go(claim, is_lost(claim->job) ? much_later : asked_again_after);
        return false;
    }
    if (claim->read.expires > runtime_.clock.now()) return true;
    let_go(claim, asked_again_after);
    expire(claim->job);
    return false;
}

// False: it is not to be begun any more, which the table has not heard yet.
result<bool> QueueEngine::read(Claim& claim) const
{
    const auto cursor = store_.read({.scope = Scope::stream(stream_of_job(claim.job))});
    Job job;
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) break;
        if (event->version == 0) claim.first = *event;
        BOOST_OUTCOME_TRY(job, folded(std::move(job), *event));
        take_edit(claim.first, *event);
    }
    if (job.recorded == 0 || not job.is_open() || is_lost(claim.job)) return false;
    const std::lock_guard lock{claim.mutex};
    claim.number   = job.tried.ended + 1;
    claim.recorded = job.recorded;
    claim.read     = std::move(job);
    return claim.stage == Claim::Stage::taken;
}

// The thread is kept meanwhile: there are as many as jobs may begin.
void QueueEngine::mark_begun(const ClaimPtr& claim)
{
    AppendRequest request;
    {
        const std::lock_guard lock{claim->mutex};
        request.streams.push_back(append_of(*claim, Begun{claim->number, runtime_.clock.now()}));
        ++claim->recorded;
    }
    append(std::move(request), [claim](QueueEngine& self, const result<Appended>& appended) {
        if (not appended) {
            if (is_of_the_log(appended.error())) self.give_up(appended.error());
            self.let_go(claim, asked_again_after);
            return self.handler_returned(claim);
        }
        const std::lock_guard lock{self.mutex_};
        const auto pool = self.pools_.find(claim->queue.definition.name);
        if (pool == self.pools_.end()) return;
        pool->second->post([weak = self.weak_from_this(), claim] {
            const auto engine = weak.lock();
            if (not engine) return;
            claim->read.tried.begun = true;
            engine->run({claim});
        });
    });
}

void QueueEngine::run(const Claims& claims)
{
    Claims running;
    JobEvents events;
    JobContexts contexts;
    for (const auto& claim : claims) {
        // A mark that it was begun would count as an attempt, so that one is taken back.
        if (not begin_attempt(claim, runtime_.clock.now()) || stopping_) {
            handler_returned(claim);
            handled(claim, job_given_back());
            continue;
        }
        running.push_back(claim);
        events.push_back(&claim->first);
        contexts.push_back(claim.get());
    }
    if (running.empty()) return;
    const auto& handler = running.front()->queue.definition.handler;
    auto answers        = call_user_code("the handler of the job", running.front()->read.type,
                                         [&]() -> result<JobAnswers> { return handler.handle(events, contexts); });
    for (std::size_t i = 0; i < running.size(); ++i) {
        // First: when the end is recorded, and heard of, the key is free for the next job at once.
        handler_returned(running[i]);
        handled(running[i], answers ? std::move(answers.value()[i]) : result<JobDone>{answers.error()});
    }
}

// False: it has been taken away already.
bool QueueEngine::begin_attempt(const ClaimPtr& claim, Time begun)
{
    const auto time = claim->read.terms.attempt_ms != 0 ? std::chrono::milliseconds{claim->read.terms.attempt_ms}
                                                        : claim->queue.definition.options.attempt_time;
    {
        const std::lock_guard lock{claim->mutex};
        if (claim->stage != Claim::Stage::taken) return false;
        claim->stage = Claim::Stage::running;
    }
    if (time.count() == 0) return true;
    claim->ends = begun + time;
    post_at(claim->ends, [weak = std::weak_ptr{claim}](QueueEngine& self) {
        if (const auto running = weak.lock()) self.time_is_over(running);
    });
    return true;
}

void QueueEngine::time_is_over(const ClaimPtr& claim)
{
    const Error error{Failure::unavailable, "attempt-timed-out",
                      fmt::format("worked on the job {} and found no end of it within its time; see why it is slow, or "
                                  "give it more time",
                                  to_string(claim->job))};
    fault(claim, error);
    claim->stopping.request_stop();
}

void QueueEngine::handled(const ClaimPtr& claim, result<JobDone> done, EndDone told)
{
    const Time now = runtime_.clock.now();
    {
        std::unique_lock lock{claim->mutex};
        if (claim->stage != Claim::Stage::running) {
            lock.unlock();
            return answered_late(*claim, told);
        }
    }
    const bool is_stopped_fault = stopping_ && not done && not is_final(done.error());
    if (is_stopped_fault || (done && done.value().kind == JobDone::Kind::given_back)) {
        if (claim->read.tried.begun) return end(claim, Postponed{now, now}, {}, std::move(told));
        return let_go(claim, asked_again_after);
    }
    if (not done) return fault(claim, done.error(), std::move(told));
    if (done.value().kind == JobDone::Kind::again) {
        return end(claim, Postponed{done.value().again_at, now}, {}, std::move(told));
    }
    auto beside = appends_of(*claim, done.value());
    if (not beside) return fault(claim, beside.error(), std::move(told));
    end(claim, Completed{claim->number, shortened(std::move(done.value().result), longest_result), now},
        std::move(beside.value()), std::move(told));
}

void QueueEngine::answered_late(const Claim& claim, const EndDone& told) const
{
    write_to(runtime_.log, LogLevel::info, "job-answered-late", {{"job", to_string(claim.job)}});
    if (told) told(job_taken_away(claim.job));
}

result<std::vector<StreamAppend>> QueueEngine::appends_of(const Claim& claim, JobDone& done) const
{
    auto appends = std::move(done.streams);
    for (auto& append : appends) {
        for (NewEvent& event : append.events) {
            event.id                   = runtime_.ids.next();
            event.metadata.correlation = claim.first.metadata.correlation;
            event.metadata.causation   = claim.first.id;
        }
    }
    for (auto& job : done.jobs) {
        if (job.options.unique) {
            return fail(Failure::invalid, "unique-job-in-handler",
                        "answered a further job that is to be unique; enqueue it in the handler, with "
                        "Queues::enqueue, and an id that follows from this job's");
        }
        job.options.causation = claim.first.id;
        if (job.options.correlation.is_nil()) job.options.correlation = claim.first.metadata.correlation;
        BOOST_OUTCOME_TRY(auto prepared, prepare(std::move(job)));
        appends.push_back(std::move(prepared.append));
    }
    return appends;
}

JobFact QueueEngine::fact_of_fault(const Job& job, const QueueOptions& options, const Uuid& id, unsigned attempt,
                                   const Error& error) const
{
    const Time now    = runtime_.clock.now();
    const auto reason = shortened(error.sentence, longest_reason);
    const auto code   = shortened(error.code, 128);
    if (is_final(error) || attempt >= attempts_of(job, options)) return Died{attempt, code, reason, now};
    return AttemptFailed{attempt, code, reason, now + wait_before(id, attempt, options), now};
}

void QueueEngine::fault(const ClaimPtr& claim, const Error& error, EndDone told)
{
    end(claim, fact_of_fault(claim->read, claim->queue.definition.options, claim->job, claim->number, error), {},
        std::move(told));
}

void QueueEngine::end(const ClaimPtr& claim, JobFact fact, std::vector<StreamAppend> beside, EndDone told)
{
    AppendRequest request;
    {
        std::unique_lock lock{claim->mutex};
        if (claim->stage != Claim::Stage::running) { // somebody was faster
            lock.unlock();
            if (told) told(job_taken_away(claim->job));
            return;
        }
        claim->stage = Claim::Stage::ending;
        request.streams.push_back(append_of(*claim, fact));
        ++claim->recorded;
    }
    std::move(beside.begin(), beside.end(), std::back_inserter(request.streams));
    append(std::move(request), [claim, fact = std::move(fact),
                                told = std::move(told)](QueueEngine& self, const result<Appended>& appended) {
        if (not appended) self.not_ended(claim, appended.error());
        if (appended) self.report(*claim, fact);
        if (told) told(appended ? result<void>{done()} : result<void>{appended.error()});
    });
}

// Its end is not in the log. What follows from it is there with it, so that may be why.
void QueueEngine::not_ended(const ClaimPtr& claim, const Error& error)
{
    if (is_of_the_log(error)) return give_up(error);
    const auto length = store_.stream_length(stream_of_job(claim->job));
    if (not length) return give_up(length.error());
    bool is_ours = false;
    {
        const std::lock_guard lock{claim->mutex};
        is_ours = claim->stage == Claim::Stage::ending && length.value() + 1 == claim->recorded;
        if (is_ours) {
            --claim->recorded;
            claim->stage = Claim::Stage::running;
        }
    }
    const auto status = stream_status(store_, stream_of_job(claim->job));
    if (not status) return give_up(status.error());
    const bool is_of_this_stream = status.value().tombstoned;
    if (is_ours && not is_of_this_stream) {
        // Another stream was not as expected: decided again. Anything else is wrong in what was answered.
        const bool again = error.kind == Failure::conflict;
        return fault(claim, again ? Error{Failure::unavailable, error.code, error.sentence} : error);
    }
    if (is_of_this_stream) {
        write_to(runtime_.log, LogLevel::error, "job-unreadable", {{"job", to_string(claim->job)}}, error);
        const std::lock_guard lock{mutex_};
        lost_.insert(claim->job);
    } else {
        write_to(runtime_.log, LogLevel::info, "job-taken-away", {{"job", to_string(claim->job)}}, error);
    }
    let_go(claim, is_of_this_stream ? much_later : Duration{0});
}

bool QueueEngine::is_lost(const Uuid& id) const
{
    const std::lock_guard lock{mutex_};
    return lost_.contains(id);
}

void QueueEngine::report(const Claim& claim, const JobFact& fact) const
{
    const LogFields fields{{"job", to_string(claim.job)}, {"queue", claim.queue.definition.name}};
    if (const auto* died = std::get_if<Died>(&fact)) {
        write_to(runtime_.log, LogLevel::warning, "job-dead", fields, {Failure::refused, died->code, died->reason});
    }
}

void QueueEngine::expire(const Uuid& id)
{
    post([id](QueueEngine& self) {
        const auto job = read_job(self.store_, id);
        if (not job || not job.value().is_open() || job.value().expires > self.runtime_.clock.now()) return;
        const Time now = self.runtime_.clock.now();
        JobFact fact   = Expired{now};
        if (not job.value().terms.drop_when_expired) {
            fact = Died{job.value().tried.ended, "job-expired",
                        "The job was not begun before " + to_string(job.value().expires) + ".", now};
        }
        AppendRequest request;
        request.streams.push_back({stream_of_job(id),
                                   ExpectedVersion::after(job.value().recorded),
                                   {self.event_of(fact, job.value(), id, nullptr)}});
        self.append(std::move(request), [id](QueueEngine& engine, const result<Appended>& appended) {
            if (not appended && is_of_the_log(appended.error())) return engine.give_up(appended.error());
            if (appended) {
                write_to(engine.runtime_.log, LogLevel::warning, "job-expired", {{"job", to_string(id)}});
            }
        });
    });
}

void QueueEngine::report_progress(Claim& claim, Progressed progress)
{
    const Time now = runtime_.clock.now();
    AppendRequest request;
    {
        const std::lock_guard lock{claim.mutex};
        if (claim.stage != Claim::Stage::running || stopping_) return;
        if (claim.last_progress != Time::min() && now < claim.last_progress + between_reports) return;
        claim.last_progress = now;
        progress.at         = now;
        progress.what       = shortened(std::move(progress.what), 256);
        request.streams.push_back(append_of(claim, std::move(progress)));
        ++claim.recorded;
    }
    append(std::move(request), [](QueueEngine& self, const result<Appended>& appended) {
        // In a conflict the end of the attempt will be one, too.
        if (not appended && is_of_the_log(appended.error())) self.give_up(appended.error());
    });
}

void Claim::progress(std::uint64_t done, std::uint64_t of, std::string what)
{
    if (const auto self = engine.lock()) self->report_progress(*this, Progressed{done, of, std::move(what), {}});
}

} // namespace eventloom::queues
