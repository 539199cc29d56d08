// Jobs in the hands of workers in other processes. A lease is recorded before it is given, so that it outlives this process; how
// far it was extended is in memory.
#include "attempt_rules.hpp"
#include "lease_rules.hpp"
#include "queue_engine.hpp"

#include <eventloom/framework/log.hpp>

#include <fmt/core.h>

namespace eventloom::queues {

namespace {

constexpr std::size_t most_leased = 1'000;

result<void> check_pull(const PullJobs& wanted)
{
    BOOST_OUTCOME_TRY(check_lease(wanted.lease, wanted.worker));
    if (wanted.most == 0 || wanted.most > most_leased) {
        return invalid_pull(fmt::format("{} at once", wanted.most), fmt::format("that it is 1 to {}", most_leased));
    }
    return done();
}

} // namespace

void QueueEngine::pull(PullJobs wanted, PullDone done)
{
    if (const auto checked = check_pull(wanted); not checked) return done(checked.error());
    const Time until = wanted.until;
    const auto pull  = std::make_shared<Pull>(Pull{std::move(wanted), std::move(done), {}, 0});
    if (const auto found = find_queue(pull->wanted.queue); not found) return pull->done(found.error());
    {
        const std::lock_guard lock{mutex_};
        if (stopped_ || stopping_ || error_) return post_answer(pull, not_taken());
        pulls_[pull->wanted.queue].push_back(pull);
        pump(*queues_.at(pull->wanted.queue));
    }
    post_at(until, [pull](QueueEngine& self) { self.stop_waiting(pull); });
}

Error QueueEngine::not_taken()
{
    return {Failure::unavailable, "queues-not-open",
            "asked for jobs, or about one, while the queues do not run; ask again when the service runs"};
}

// Not with a lock: it is the caller's code.
void QueueEngine::post_answer(const PullPtr& pull, result<std::vector<LeasedJob>> jobs) const
{
    runtime_.executor.post([pull, jobs = std::move(jobs)]() mutable { pull->done(std::move(jobs)); });
}

void QueueEngine::stop_waiting(const PullPtr& pull)
{
    const std::lock_guard lock{mutex_};
    auto& waiting = pulls_[pull->wanted.queue];
    if (std::erase(waiting, pull) > 0) post_answer(pull, std::vector<LeasedJob>{});
}

// With mutex_. Those who wait get what may begin, each in its turn.
void QueueEngine::serve_pulls(QueueState& queue)
{
    const auto found = pulls_.find(queue.definition.name);
    if (found == pulls_.end()) return;
    auto& waiting = found->second;
    while (not waiting.empty()) {
        const auto pull = waiting.front();
        if (not pull->wanted.still_there()) {
            waiting.pop_front();
            post_answer(pull, std::vector<LeasedJob>{}); // so that nothing waits for it
            continue;
        }
        std::vector<ClaimPtr> claims;
        while (claims.size() < pull->wanted.most) {
            auto claim = next_claim(queue, QueueState::Where::elsewhere);
            if (not claim) break;
            claim->has_returned = true; // no thread of this process is busy with it
            claim->has_worker   = false;
            claim->worker       = pull->wanted.worker;
            claim->lease        = pull->wanted.lease;
            claims.push_back(std::move(claim));
        }
        if (claims.empty()) return;
        waiting.pop_front();
        pull->open = claims.size();
        for (const auto& claim : claims) {
            post([pull, claim](QueueEngine& self) { self.lease(pull, claim); });
        }
    }
}

void QueueEngine::lease(const PullPtr& pull, const ClaimPtr& claim)
{
    if (stopping_ || not may_be_begun(claim)) return leased(pull, nullptr);
    AppendRequest request;
    {
        const std::lock_guard lock{claim->mutex};
        const Leased fact{claim->number, claim->worker,
                          std::chrono::ceil<std::chrono::milliseconds>(claim->lease).count(), runtime_.clock.now()};
        request.streams.push_back(append_of(*claim, fact));
        claim->fence = claim->recorded;
        ++claim->recorded;
    }
    append(std::move(request), [pull, claim](QueueEngine& self, const result<Appended>& appended) {
        if (not appended) {
            if (is_of_the_log(appended.error())) self.give_up(appended.error());
            self.let_go(claim, std::chrono::seconds{1});
            return self.leased(pull, nullptr);
        }
        claim->read.tried.begun = true;
        const bool has_begun    = self.begin_attempt(claim, self.runtime_.clock.now());
        if (has_begun) self.extend_lease(*claim);
        if (has_begun) self.watch_lease(claim);
        self.leased(pull, has_begun ? claim : nullptr);
    });
}

// The answer goes when all of its jobs are leased, or are not to be.
void QueueEngine::leased(const PullPtr& pull, const ClaimPtr& claim)
{
    const std::lock_guard lock{mutex_};
    if (claim) pull->leased.push_back({{claim->job, claim->fence.load()}, claim->number, claim->ends, claim->first});
    if (--pull->open > 0) return;
    if (pull->leased.empty() && pull->wanted.until > runtime_.clock.now() && not stopping_) {
        pulls_[pull->wanted.queue].push_front(pull);
        return pump(*queues_.at(pull->wanted.queue));
    }
    post_answer(pull, std::move(pull->leased));
}

void QueueEngine::extend_lease(Claim& claim)
{
    const std::lock_guard lock{claim.mutex};
    claim.leased_until = runtime_.clock.now() + claim.lease;
}

void QueueEngine::watch_lease(const ClaimPtr& claim)
{
    Time until{};
    {
        const std::lock_guard lock{claim->mutex};
        until = claim->leased_until;
    }
    post_at(until, [weak = std::weak_ptr{claim}](QueueEngine& self) {
        const auto held = weak.lock();
        if (not held) return;
        bool is_over = false;
        {
            const std::lock_guard lock{held->mutex};
            if (held->stage != Claim::Stage::running) return;
            is_over = held->leased_until <= self.runtime_.clock.now();
        }
        is_over ? self.lease_is_over(held) : self.watch_lease(held);
    });
}

void QueueEngine::lease_is_over(const ClaimPtr& claim)
{
    const Error error{
        Failure::unavailable, "lease-ended",
        fmt::format("the worker {} was not heard of within the lease of {}; it has ended, was stopped, or is "
                    "not connected",
                    claim->worker, milliseconds_text(claim->lease))};
    write_to(runtime_.log, LogLevel::warning, "job-lease-ended",
             {{"job", to_string(claim->job)}, {"worker", claim->worker}}, error);
    fault(claim, error);
}

QueueEngine::ClaimPtr QueueEngine::claim_of(const Lease& lease) const
{
    const std::lock_guard lock{mutex_};
    const auto found = claims_.find(lease.of);
    return found != claims_.end() && found->second->fence == lease.fence && lease.fence != 0 ? found->second : nullptr;
}

result<std::vector<Lease>> QueueEngine::extend(const std::vector<HeldLease>& held)
{
    if (stopped_ || stopping_) return not_taken();
    std::vector<Lease> lost;
    for (const auto& one : held) {
        const auto claim = claim_of(one.lease);
        bool is_held     = false;
        if (claim) {
            const std::lock_guard lock{claim->mutex};
            // Time decides, not whether its timer has run: what was late once stays so.
            is_held = claim->stage == Claim::Stage::ending ||
                      (claim->stage == Claim::Stage::running && runtime_.clock.now() < claim->leased_until);
            if (is_held) claim->leased_until = runtime_.clock.now() + claim->lease;
        }
        if (not is_held) {
            lost.push_back(one.lease);
        } else if (one.progress) {
            report_progress(*claim, Progressed{one.progress->done, one.progress->of, one.progress->what, {}});
        }
    }
    return lost;
}

void QueueEngine::finish(const Lease& lease, result<JobDone> answer, EndDone done)
{
    if (stopped_ || stopping_) return done(not_taken());
    const auto claim = claim_of(lease);
    if (not claim) {
        return runtime_.executor.post(
            [self = shared_from_this(), lease, done = std::move(done)] { done(self->ended_before(lease)); });
    }
    bool is_late = false;
    {
        const std::lock_guard lock{claim->mutex};
        is_late = claim->stage == Claim::Stage::running && claim->leased_until <= runtime_.clock.now();
    }
    if (is_late) return done(job_taken_away(lease.of));
    handled(claim, std::move(answer), std::move(done));
}

// A worker that was not told of its success asks again.
result<void> QueueEngine::ended_before(const Lease& lease) const
{
    BOOST_OUTCOME_TRY(const auto job, read_job(store_, lease.of));
    if (lease.fence != 0 && job.state == JobState::completed && job.lease.fence == lease.fence) return done();
    return job_taken_away(lease.of);
}

// Those that an earlier process has leased: their workers may live, and get one whole lease more.
void QueueEngine::take_up_leases()
{
    const Time now = runtime_.clock.now();
    for (const auto& claim : std::exchange(leases_found_, {})) {
        {
            const std::lock_guard lock{mutex_};
            claim->queue.begin_elsewhere(claim->key, now);
            claims_.emplace(claim->job, claim);
        }
        if (not begin_attempt(claim, claim->read.lease.at)) continue;
        extend_lease(*claim);
        watch_lease(claim);
    }
}

// Nothing: the job was not leased, or this program does not know its queue.
result<QueueEngine::ClaimPtr> QueueEngine::lease_of(const Uuid& id)
{
    Job job;
    RecordedEvent first;
    const auto cursor = store_.read({.scope = Scope::stream(stream_of_job(id))});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) break;
        if (event->version == 0) first = *event;
        BOOST_OUTCOME_TRY(job, folded(std::move(job), *event));
        take_edit(first, *event);
    }
    const auto queue = queues_.find(job.queue);
    if (not job.is_open() || not job.tried.begun || job.lease.fence == 0 || queue == queues_.end()) return ClaimPtr{};
    auto claim          = std::make_shared<Claim>(weak_from_this(), *queue->second, id, job.terms.key);
    claim->has_returned = true;
    claim->has_worker   = false;
    claim->worker       = job.lease.worker;
    claim->lease        = std::chrono::milliseconds{job.lease.ms};
    claim->fence        = job.lease.fence;
    claim->first        = std::move(first);
    claim->number       = job.tried.ended + 1;
    claim->recorded     = job.recorded;
    claim->read         = std::move(job);
    return claim;
}

} // namespace eventloom::queues
