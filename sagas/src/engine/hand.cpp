// How an instance comes into hand (active.hpp), and leaves it.
#include "engine/engine.hpp"

#include <eventloom/framework/stream_limits.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

std::shared_ptr<Work> Active::work_for(const Task& task) const
{
    const auto found = std::find_if(works.begin(), works.end(), [&](const auto& work) { return work->task == task; });
    return found == works.end() ? nullptr : *found;
}

void Active::drop(const Work& work)
{
    std::erase_if(works, [&](const auto& one) { return one.get() == &work; });
}

void Active::drop_all()
{
    for (const auto& work : works) {
        if (work->is_called()) static_cast<void>(work->call->withdraw());
    }
    works.clear();
}

void Active::add(instance::Fact fact)
{
    if (std::holds_alternative<instance::Resumed>(fact)) may_have_missed = true;
    instance = evolved(std::move(instance), fact);
    unrecorded.push_back(std::move(fact));
}

void Active::forget()
{
    is_loaded = false;
    instance  = {};
    unrecorded.clear();
    saga.reset();
    state.reset();
    asked = {};
    drop_all();
    seen_to.clear();
    answers_until.reset();
    may_have_missed = false;
    heard_anew      = 0;
}

std::string call_of_run(const RunAction& run, TaskKind kind)
{
    return (kind == TaskKind::act ? "saga " : "undo of saga ") + run.stream();
}

std::string stream_of_run(const std::string& call)
{
    for (const std::string_view word : {"saga ", "undo of saga "}) {
        if (call.starts_with(word)) return call.substr(word.size());
    }
    return {};
}

void SagaEngine::post(std::function<void(SagaEngine&)> task)
{
    runtime_.executor.post([weak = weak_from_this(), task = std::move(task)] {
        const auto engine = weak.lock();
        if (not engine) return;
        ++engine->running_;
        if (not engine->stopped()) task(*engine);
        --engine->running_;
    });
}

void SagaEngine::post_for(const std::shared_ptr<Active>& active, std::function<void(SagaEngine&)> task)
{
    post([run = active->run, task = std::move(task)](SagaEngine& engine) {
        if (engine.run_.load() == run) task(engine);
    });
}

void SagaEngine::tell(const InstanceKey& key, Input input)
{
    std::shared_ptr<Active> active;
    {
        const std::lock_guard lock{mutex_};
        auto& place = active_[key];
        if (not place) place = std::make_shared<Active>(key, run_.load());
        place->inbox.push_back(std::move(input));
        ++moves_;
        if (place->is_busy) return;
        place->is_busy = true;
        ++busy_;
        active = place;
    }
    post_for(active, [active](SagaEngine& engine) { engine.take_next(active); });
}

void SagaEngine::note_call(Active& active, const Uuid& call)
{
    const std::lock_guard lock{mutex_};
    calls_.emplace(call, active.key);
    active.calls.push_back(call);
}

// The next input; without one the instance is put down, unless it waits for an answer.
void SagaEngine::take_next(const std::shared_ptr<Active>& active)
{
    Input input;
    {
        const std::lock_guard lock{mutex_};
        ++moves_;
        if (active->inbox.empty()) {
            active->is_busy = false;
            --busy_;
            if (active->works.empty()) {
                for (const Uuid& call : active->calls) calls_.erase(call);
                active_.erase(active->key);
            }
        } else {
            input = std::move(active->inbox.front());
            active->inbox.pop_front();
        }
    }
    if (not input) return; // whoever waits for this is asked after the task
    if (not active->is_loaded) {
        auto loaded = load(*active);
        if (not loaded) return give_up(std::move(loaded.error()));
    }
    input(active);
}

// As its row and its stream have it. What cannot be gone on with is stuck, with the reason.
result<void> SagaEngine::load(Active& active) const
{
    BOOST_OUTCOME_TRY(auto held, table_->hold(active.key));
    auto& row        = held.row;
    active.place     = std::move(held.place);
    active.is_loaded = true;
    instance::Instance known;
    if (row) known = std::move(row->instance);
    auto read = refreshed(active.key, known);
    if (not read && read.error().code == "saga-history-lost") {
        BOOST_OUTCOME_TRY(const auto status, stream_status(store_, active.key.stream()));
        BOOST_OUTCOME_TRY(const auto length, store_.stream_length(active.key.stream()));
        if (not row && status.is_deleted(length)) return done(); // it has ended
        known.recorded  = length;
        active.instance = std::move(known);
        if (active.instance.status != SagaStatus::stuck) {
            active.add(instance::Stuck{{}, read.error().code, read.error().sentence, runtime_.clock.now()});
        }
        return done();
    }
    BOOST_OUTCOME_TRY(active.instance, std::move(read));
    active.asked.is_taken_up = active.is_known();
    if (not is_open(active.instance) || has_no_state_yet(active.instance)) {
        // An ended or stuck one may be looked at, and be retried.
        active.saga = definition_of(active.key.saga, active.instance.began.version);
        if (active.saga) {
            if (auto state = read_state(*active.saga, active.instance)) active.state = std::move(state.value());
        }
        return done();
    }
    auto found = find_definition(active);
    if (not found) {
        active.add(instance::Stuck{{}, found.error().code, found.error().sentence, runtime_.clock.now()});
    }
    return done();
}

result<void> SagaEngine::find_definition(Active& active) const
{
    if (not active.is_known()) return done();
    if (active.instance.began.version == 0) return history_lost(active.key);
    active.saga = definition_of(active.key.saga, active.instance.began.version);
    if (not active.saga) {
        return fail(Failure::invalid, "unknown-saga-version",
                    fmt::format("it began under version {} of the saga, which this program does not have; add that "
                                "version to the program, then retry it",
                                active.instance.began.version));
    }
    BOOST_OUTCOME_TRY(active.state, read_state(*active.saga, active.instance));
    return done();
}

// What it waits for, when nothing more follows now.
void SagaEngine::keep(Active& active, const Next& next)
{
    const Time pause = active.asked.saga_paused_until;
    const bool holds = is_open(active.instance) && pause > runtime_.clock.now(); // it goes on when the whole saga does
    InstanceRow row{.instance          = active.instance,
                    .due               = next.attempt,
                    .waits_for_attempt = next.attempt.has_value(),
                    .is_at_work = holds || runs_others(active) || not active.works.empty() || not next.tasks.empty(),
                    .steps      = {}};
    if (next.wake && (not row.due || *next.wake < *row.due)) {
        row.due               = next.wake;
        row.waits_for_attempt = false;
    }
    if (active.answers_until) row.due = row.due ? std::min(*row.due, *active.answers_until) : *active.answers_until;
    // First the row, then the timer: one that is too late to be held in memory is found by whoever reads the next ones.
    const DueInstance due{active.key, row.due.value_or(Time{}), row.waits_for_attempt};
    const bool is_due = row.due.has_value();
    const auto kept   = table_->keep(active.key, active.place, std::move(row));
    if (not kept) return give_up(kept.error());
    if (is_due) {
        timers_.set(due);
        wake_at_next_time();
    } else {
        timers_.remove(active.key);
    }
    // Whoever has ended the pause meanwhile may not have seen this row.
    if (holds && paused_until(active.key.saga) != pause) tell(active.key, [this](const auto& again) { go_on(again); });
}

void SagaEngine::wake_at_next_time()
{
    const auto next = timers_.next();
    if (not next) return;
    {
        const std::lock_guard lock{mutex_};
        if (wakes_at_ && *wakes_at_ <= *next) return;
        wakes_at_ = next;
    }
    runtime_.executor.post_at(*next, [weak = weak_from_this(), at = *next] {
        const auto engine = weak.lock();
        if (not engine) return;
        {
            const std::lock_guard lock{engine->mutex_};
            if (engine->wakes_at_ == at) engine->wakes_at_.reset();
        }
        engine->post([at](SagaEngine& self) { self.times_have_come(at); });
    });
}

// `at` has come also when the clock has been set back meanwhile.
void SagaEngine::times_have_come(Time at)
{
    const Time now = std::max(runtime_.clock.now(), at);
    for (const InstanceKey& key : timers_.take_due(now)) {
        tell(key, [this](const auto& active) { go_on(active); });
    }
    if (const auto horizon = timers_.horizon(); horizon && horizon->first <= now) {
        if (auto read = read_timers(); not read) give_up(std::move(read.error()));
    }
    wake_at_next_time();
}

// The next ones that the table has: it is gone through once, from where the last ones ended.
result<void> SagaEngine::read_timers()
{
    constexpr std::size_t at_once = 10'000;
    const auto after              = timers_.begin_reading();
    if (not after) return done(); // another thread reads them
    const auto due = table_->due_next(at_once, *after);
    timers_.end_reading(due ? due.value() : std::vector<DueInstance>{}, due && due.value().size() == at_once);
    if (not due) return due.error();
    wake_at_next_time();
    return done();
}

} // namespace eventloom
