#include "activities/activities_state.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <utility>

namespace eventloom {

namespace {

using Place = PendingCall::Place;

} // namespace

ActivityQueue& Activities::State::queue_of(std::type_index type)
{
    const auto found = queues.find(type);
    ensure(found != queues.end(), "an activity was called that was not added");
    return found->second;
}

void Activities::State::take(const std::shared_ptr<PendingCall>& call)
{
    const std::lock_guard lock{mutex};
    if (stopped) return;
    if (const auto started = start_threads(); not started) {
        call->place = Place::told;
        runtime.executor.post([call, error = started.error()] { call->call.answered(error, false); });
        return;
    }
    queue_of(call->call.type).add(call);
    begin_what_may();
}

result<void> Activities::State::start_threads()
{
    if (pool) return done();
    return call_user_code("the start of the threads for activities", {},
                          [&] { pool = runtime.executor.own_threads(threads); });
}

// The queues take turns, so that a long one leaves room for the others.
void Activities::State::begin_what_may()
{
    while (not stopped && free_threads > 0) {
        ActivityQueue* next = nullptr;
        for (auto& [type, queue] : queues) {
            if (queue.may_begin() && (next == nullptr || queue.turn < next->turn)) next = &queue;
        }
        if (next == nullptr) return;
        begin_next(*next);
    }
}

void Activities::State::begin_next(ActivityQueue& queue)
{
    auto attempt = std::make_shared<ActivityAttempt>(ActivityAttempt{queue, queue.begin(), life, queue.is_stopped()});
    attempt->call->attempt = attempt;
    queue.turn             = ++turns;
    --free_threads;
    if (attempt->is_try) plan_try(queue);
    pool->post([weak = weak_from_this(), attempt = std::move(attempt)] {
        if (const auto self = weak.lock()) self->perform(attempt);
    });
}

void Activities::State::plan_try(ActivityQueue& queue)
{
    const auto number = ++plans;
    queue.plan_try(runtime.clock.now() + queue.tries_again_every(), number);
    later(queue.tries_again_every(), [&queue, number](State& self) {
        queue.try_again(number);
        self.begin_what_may();
    });
}

void Activities::State::later(Duration span, std::function<void(State&)> task)
{
    runtime.executor.post_at(runtime.clock.now() + span, [weak = weak_from_this(), task = std::move(task)] {
        const auto self = weak.lock();
        if (not self) return;
        const std::lock_guard lock{self->mutex};
        task(*self);
    });
}

// On a thread of the pool.
void Activities::State::perform(const std::shared_ptr<ActivityAttempt>& attempt)
{
    ActivityCall& call   = attempt->call->call;
    ActivityQueue& queue = attempt->queue;
    std::function<void()> asked; // at the first attempt only
    {
        const std::lock_guard lock{mutex};
        if (attempt->life != life) { // an executor without threads of its own still had it
            queue.leave_window();
            return begin_what_may();
        }
        if (not note_asked(attempt)) return runtime.executor.wake(); // it waits again
        asked = std::exchange(call.asked, nullptr);
    }
    if (asked) asked();
    asked             = nullptr; // lets go of what it holds
    const auto answer = [weak = weak_from_this(), attempt](result<AnyAnswer> given) {
        if (const auto self = weak.lock()) self->end(attempt, std::move(given), AttemptEnd::answered);
    };
    auto called = call_user_code("the activity that answers", queue.name(),
                                 [&] { queue.activity()(call.request.get(), run_of(attempt), answer); });
    if (not called) answer(std::move(called.error())); // unless it had answered already
    const std::lock_guard lock{mutex};
    ++free_threads;
    begin_what_may();
}

bool Activities::State::note_asked(const std::shared_ptr<ActivityAttempt>& attempt)
{
    PendingCall& call    = *attempt->call;
    ActivityQueue& queue = attempt->queue;
    if (stopped || call.place != Place::begun || (queue.is_stopped() && not attempt->is_try)) {
        queue.skip(*attempt);
        ++free_threads;
        begin_what_may();
        return false;
    }
    call.place     = Place::asked;
    call.was_asked = true;
    call.since     = runtime.clock.now();
    call.progress.clear();
    // Timers keep their span when the clock is set, so that they count the calls of a second better than times would.
    if (const auto window = queue.window()) {
        later(*window, [&queue](State& self) {
            queue.leave_window();
            self.begin_what_may();
        });
    }
    if (const auto time = queue.attempt_time()) end_after(*time, attempt);
    return true;
}

void Activities::State::end_after(Duration time, const std::weak_ptr<ActivityAttempt>& attempt)
{
    runtime.executor.post_at(runtime.clock.now() + time, [weak = weak_from_this(), time, attempt] {
        const auto self    = weak.lock();
        const auto running = attempt.lock();
        if (not self || not running) return;
        self->end(running, attempt_timed_out(running->queue.name(), time), AttemptEnd::timed_out);
    });
}

void Activities::State::end(const std::shared_ptr<ActivityAttempt>& attempt, result<AnyAnswer> answer, AttemptEnd how)
{
    AttemptEnded ended;
    bool waits_again = false;
    {
        const std::lock_guard lock{mutex};
        if (attempt->life != life || attempt->answered) return;
        if (how != AttemptEnd::answered && attempt->over) return;
        ended = attempt->queue.end(*attempt, answer, how, runtime.clock.now());
        if (ended.stopped) plan_try(attempt->queue);
        begin_what_may();
        waits_again = attempt->call->place == Place::waiting;
    }
    if (waits_again) runtime.executor.wake(); // nobody is told
    const LogFields name{{"activity", attempt->queue.name()}};
    if (ended.stopped) write_to(runtime.log, LogLevel::warning, "activity-stopped", name, answer.error());
    if (ended.goes_on) write_to(runtime.log, LogLevel::info, "activity-goes-on", name);
    if (ended.answered) ended.answered(std::move(answer), ended.late);
}

bool Activities::State::take_back(const std::shared_ptr<PendingCall>& call, bool hear_late)
{
    const std::lock_guard lock{mutex};
    call->withdrawn = true;
    if (call->place != Place::waiting && call->place != Place::begun) return call->place == Place::dropped;
    queue_of(call->call.type).remove(*call);
    call->place = hear_late && call->was_asked ? Place::timed_out : Place::dropped;
    return true;
}

void Activities::State::give_up(const std::shared_ptr<PendingCall>& call)
{
    if (take_back(call, true)) return;
    if (const auto attempt = call->attempt.lock()) {
        end(attempt, attempt_timed_out(attempt->queue.name(), std::nullopt), AttemptEnd::given_up);
    }
}

ActivityRun Activities::State::run_of(const std::shared_ptr<ActivityAttempt>& attempt)
{
    return {.key      = attempt->call->call.key,
            .attempt  = attempt->call->call.attempt,
            .progress = [weak = weak_from_this(), weak_attempt = std::weak_ptr{attempt}](std::string_view text) {
                const auto self    = weak.lock();
                const auto running = weak_attempt.lock();
                if (self && running) self->note_progress(*running, text);
            }};
}

// Of an attempt that is over nobody is told anything any more.
void Activities::State::note_progress(const ActivityAttempt& attempt, std::string_view text)
{
    constexpr std::size_t longest_text = 1'000;
    const std::lock_guard lock{mutex};
    PendingCall& call = *attempt.call;
    if (attempt.life != life || attempt.over || call.attempt.lock().get() != &attempt) return;
    call.progress    = repaired_utf8(text.substr(0, longest_text));
    call.progress_at = runtime.clock.now();
}

// With the lock.
ActivityCallState Activities::State::state_of(const PendingCall& call)
{
    const Time now             = runtime.clock.now();
    const ActivityQueue& queue = queue_of(call.call.type);
    ActivityCallState state{.step = call.call.step, .activity = queue.name(), .attempt = call.call.attempt};
    if (call.place == Place::asked) {
        state.since    = call.since;
        state.progress = call.progress;
        if (not call.progress.empty()) state.progress_at = call.progress_at;
        if (queue.is_stopped()) state.waits_for = "the provider is down: this call tries it";
        return state;
    }
    state.waits_for = queue.waits_for(now);
    if (state.waits_for.empty() && free_threads == 0) {
        state.waits_for = fmt::format("{0} of {0} threads are in use", threads);
    }
    return state;
}

} // namespace eventloom
