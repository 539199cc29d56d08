// What the engine has in memory: which jobs are next, which are in work, and when to look again. All of it with the lock.
#include "queue_engine.hpp"

#include <algorithm>

namespace eventloom::queues {

namespace {

constexpr std::size_t woken_together = 1'024;

} // namespace

void QueueEngine::take_in(const Changes& changes)
{
    for (const JobChange& change : changes) {
        take_in_claim(change);
        const Job& job   = change.now.job;
        const auto found = queues_.find(job.queue);
        if (found != queues_.end()) {
            auto& window = found->second->window(job.terms.priority);
            if (change.now.place != Place::ready) {
                window.remove(job.place);
            } else if (not claims_.contains(change.id)) {
                window.offer(job.place, {change.id, job.terms.key, job.type});
            }
        }
        if (change.woke != change.now.wakes) wakes_.remove({change.woke, change.id});
        if (change.now.wakes != Time::max()) wakes_.offer({change.now.wakes, change.id}, true);
    }
    pump_all();
    wake_at_next_time();
}

// Its end was recorded, or somebody else has written to its stream.
void QueueEngine::take_in_claim(const JobChange& change)
{
    const auto found = claims_.find(change.id);
    if (found == claims_.end()) return;
    const ClaimPtr claim = found->second;
    bool has_ended       = false;
    bool is_lost         = false;
    {
        const std::lock_guard lock{claim->mutex};
        const auto recorded = change.now.job.recorded;
        has_ended           = claim->stage == Claim::Stage::ending && recorded >= claim->recorded;
        is_lost             = claim->stage != Claim::Stage::taken && recorded > claim->recorded;
        if (claim->stage == Claim::Stage::over || not(has_ended || is_lost)) return;
        claim->stage = Claim::Stage::over;
    }
    drop(claim);
    // Functions of the user's may hang on that, so it is not done here.
    if (is_lost) post([claim](QueueEngine&) { claim->stopping.request_stop(); });
}

void QueueEngine::drop(const ClaimPtr& claim)
{
    if (claim->is_out) return;
    claim->is_out = true;
    claims_.erase(claim->job);
    claim->has_returned ? release(claim) : static_cast<void>(++unreturned_);
}

// Nobody has the job any more, and no thread is busy with it.
void QueueEngine::release(const ClaimPtr& claim)
{
    const bool may_free_others = claim->queue.let_go(claim->key, runtime_.clock.now());
    if (not may_free_others) return;
    post_to_table([queue = claim->queue.definition.name, key = claim->key](JobTable& table) {
        return table.release(queue, key, 1);
    });
}

void QueueEngine::handler_returned(const ClaimPtr& claim)
{
    {
        const std::lock_guard lock{mutex_};
        claim->has_returned = true;
        if (claim->has_worker) claim->queue.worker_is_free();
        if (claim->is_out) {
            --unreturned_;
            release(claim);
        }
        pump(claim->queue);
    }
    runtime_.executor.wake();
}

// It was not worked on to an end: it is offered again, as its row says.
void QueueEngine::let_go(const ClaimPtr& claim, Duration offered_after)
{
    {
        const std::lock_guard lock{claim->mutex};
        claim->stage = Claim::Stage::over;
    }
    {
        const std::lock_guard lock{mutex_};
        drop(claim);
    }
    const Time later = runtime_.clock.now() + offered_after;
    post_to_table([id = claim->job, is_later = offered_after.count() > 0, later](JobTable& table) -> result<Changes> {
        if (is_later) return table.delay({id}, later);
        BOOST_OUTCOME_TRY(const auto row, table.find(id));
        if (not row) return Changes{};
        return Changes{{id, row->wakes, *row}};
    });
}

void QueueEngine::pump_all()
{
    for (const auto& [name, queue] : queues_) pump(*queue);
}

void QueueEngine::pump(QueueState& queue)
{
    if (stopping_ || stopped_ || error_) return;
    const auto pool = pools_.find(queue.definition.name);
    while (pool != pools_.end()) {
        auto claims = next_claims(queue);
        if (claims.empty()) break;
        pool->second->post([weak = weak_from_this(), claims = std::move(claims)] {
            if (const auto self = weak.lock()) self->perform(claims);
        });
    }
    serve_pulls(queue);
    put_aside(queue);
    read_more(queue);
}

// One job, or several of one type that have a handler of batches; they have one worker.
QueueEngine::Claims QueueEngine::next_claims(QueueState& queue)
{
    Claims claims;
    std::string type;
    auto claim = next_claim(queue, QueueState::Where::here);
    if (not claim) return claims;
    type = claim->type;
    claims.push_back(std::move(claim));
    if (not queue.takes_batches(type)) return claims;
    while (claims.size() < queue.definition.options.batch) {
        claim = next_claim(queue, QueueState::Where::elsewhere, &type);
        if (not claim) break;
        claim->has_worker = false;
        claims.push_back(std::move(claim));
    }
    return claims;
}

// Nothing: none may begin now. When a time will change that, it is looked again then.
QueueEngine::ClaimPtr QueueEngine::next_claim(QueueState& queue, QueueState::Where where, const std::string* type)
{
    const auto choice = queue.choose(runtime_.clock.now(), where, type);
    if (choice.job) {
        auto claim  = std::make_shared<Claim>(weak_from_this(), queue, choice.job->id, choice.job->key);
        claim->type = choice.job->type;
        claims_.emplace(claim->job, claim);
        return claim;
    }
    if (choice.again == Time::max() || (queue.looks_again && choice.again >= *queue.looks_again)) return nullptr;
    queue.looks_again = choice.again;
    post_at(choice.again, [&queue, again = choice.again](QueueEngine& self) {
        const std::lock_guard lock{self.mutex_};
        if (queue.looks_again == again) queue.looks_again.reset();
        self.pump(queue);
    });
    return nullptr;
}

void QueueEngine::put_aside(QueueState& queue)
{
    auto aside = queue.take_aside();
    if (aside.empty()) return;
    post_to_table([this, &queue, aside = std::move(aside)](JobTable& table) -> result<Changes> {
        BOOST_OUTCOME_TRY(auto changes, table.hold(aside.held));
        const auto add = [&](Changes more) { std::move(more.begin(), more.end(), std::back_inserter(changes)); };
        for (const auto& [id, until] : aside.delayed) {
            BOOST_OUTCOME_TRY(auto delayed, table.delay({id}, until));
            add(std::move(delayed));
        }
        // A key may have become free meanwhile, when they were not held yet.
        std::set<std::string> keys;
        for (const auto& change : changes) {
            if (change.now.place == Place::held) keys.insert(change.now.job.terms.key);
        }
        for (const auto& key : keys) {
            {
                const std::lock_guard lock{mutex_};
                if (not queue.has_room_for(key)) continue;
            }
            BOOST_OUTCOME_TRY(auto released, table.release(queue.definition.name, key, 1));
            add(std::move(released));
        }
        return changes;
    });
}

// Nothing comes into a window meanwhile, for that is done with the table, too.
void QueueEngine::read_more(QueueState& queue)
{
    if (queue.is_read || not queue.wants_more()) return;
    queue.is_read = true;
    post_to_table([this, &queue](JobTable& table) -> result<Changes> {
        for (std::uint32_t priority = 0; priority < priorities; ++priority) {
            std::optional<Position> after;
            std::size_t limit = 0;
            {
                const std::lock_guard lock{mutex_};
                const auto& window = queue.window(priority);
                if (not window.wants_more()) continue;
                after = window.end();
                limit = window.most() / 2;
            }
            BOOST_OUTCOME_TRY(auto entries, table.ready_after(queue.definition.name, priority, after, limit));
            const std::lock_guard lock{mutex_};
            const auto last = entries.empty() ? std::nullopt : std::optional{entries.back().first};
            const bool all  = entries.size() < limit;
            std::erase_if(entries, [&](const auto& entry) { return claims_.contains(entry.second.id); });
            queue.window(priority).fill(std::move(entries), last, all);
        }
        const std::lock_guard lock{mutex_};
        queue.is_read = false;
        return Changes{};
    });
}

void QueueEngine::read_more_wakes()
{
    if (wakes_are_read_ || not wakes_.wants_more()) return;
    wakes_are_read_ = true;
    post_to_table([this](JobTable& table) -> result<Changes> {
        std::optional<WakeKey> after;
        std::size_t limit = 0;
        {
            const std::lock_guard lock{mutex_};
            after = wakes_.end();
            limit = wakes_.most() / 2;
        }
        BOOST_OUTCOME_TRY(auto entries, table.wakes_after(after, limit));
        const std::lock_guard lock{mutex_};
        const auto last = entries.empty() ? std::nullopt : std::optional{entries.back().first};
        const bool all  = entries.size() < limit;
        wakes_.fill(std::move(entries), last, all);
        wakes_are_read_ = false;
        return Changes{};
    });
}

void QueueEngine::wake_at_next_time()
{
    read_more_wakes();
    if (wakes_.empty()) return;
    const Time next = wakes_.first().first.first;
    if (wakes_timer_ && *wakes_timer_ <= next) return;
    wakes_timer_ = next;
    post_at(next, [next](QueueEngine& self) {
        {
            const std::lock_guard lock{self.mutex_};
            if (self.wakes_timer_ == next) self.wakes_timer_.reset();
        }
        self.times_have_come();
    });
}

void QueueEngine::times_have_come()
{
    post_to_table([this](JobTable& table) -> result<Changes> {
        const Time now = runtime_.clock.now();
        std::vector<Uuid> ids;
        {
            const std::lock_guard lock{mutex_};
            while (not wakes_.empty() && wakes_.first().first.first <= now && ids.size() < woken_together) {
                // One that runs may come to its end; if it does not, it is offered again.
                if (not claims_.contains(wakes_.first().first.second)) ids.push_back(wakes_.first().first.second);
                wakes_.remove(WakeKey{wakes_.first().first});
            }
        }
        std::vector<Uuid> expired;
        BOOST_OUTCOME_TRY(auto changes, table.wake(ids, now, expired));
        for (const Uuid& id : expired) expire(id);
        return changes;
    });
}

} // namespace eventloom::queues
