// Threads, timers and the lock around the queues (activity_queue.hpp), one for each type of request.
#include "activities/activities.hpp"

#include "activities/activity_queue.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace eventloom {

namespace {

using Place = PendingCall::Place;

} // namespace

// What users gave us is called, and destroyed, without the lock.
struct Activities::State : std::enable_shared_from_this<State> {
    State(const Runtime& used, unsigned count) : runtime{used}, threads{std::max(count, 1U)}, free_threads{threads} {}

    ActivityQueue& queue_of(std::type_index type);
    void take(const std::shared_ptr<PendingCall>& call);
    // False: the call runs, or is over. What an earlier attempt answers may still be heard, as a late answer.
    bool take_back(const std::shared_ptr<PendingCall>& call, bool hear_late);
    void give_up(const std::shared_ptr<PendingCall>& call);

    // With the lock held:
    result<void> start_threads();
    void begin_what_may();
    void begin_next(ActivityQueue& queue);
    void plan_try(ActivityQueue& queue);
    bool note_asked(const std::shared_ptr<ActivityAttempt>& attempt);
    void end_after(Duration time, const std::weak_ptr<ActivityAttempt>& attempt);
    // After a span of time, unless there is nothing left of this by then.
    void later(Duration span, std::function<void(State&)> task);

    void perform(const std::shared_ptr<ActivityAttempt>& attempt);
    void end(const std::shared_ptr<ActivityAttempt>& attempt, result<AnyAnswer> answer, AttemptEnd how);
    ActivityRun run_of(const std::shared_ptr<ActivityAttempt>& attempt);
    void note_progress(const ActivityAttempt& attempt, std::string_view text);
    void forget(const std::shared_ptr<PendingCall>& call);
    ActivityCallState state_of(const PendingCall& call);

    const Runtime runtime;
    const unsigned threads;

    mutable std::mutex mutex; // over what follows
    std::map<std::type_index, ActivityQueue> queues;
    std::multimap<std::string, std::weak_ptr<PendingCall>> calls; // by owner, as long as somebody holds them
    std::unique_ptr<Executor> pool;                               // from the first call on
    unsigned free_threads;
    bool stopped        = false;
    std::uint64_t life  = 0; // ended by stop(): what was begun in an earlier one does not count
    std::uint64_t turns = 0;
    std::uint64_t plans = 0;
};

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

void Activities::State::forget(const std::shared_ptr<PendingCall>& call)
{
    const std::lock_guard lock{mutex};
    const auto [first, last] = calls.equal_range(call->call.owner);
    for (auto one = first; one != last; ++one) {
        const bool is_it = not one->second.owner_before(call) && not call.owner_before(one->second);
        if (is_it) return static_cast<void>(calls.erase(one));
    }
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

class Activities::Handle final : public CallHandle {
public:
    // The call is the queue's: what its functions hold may hold this.
    Handle(const std::shared_ptr<State>& state, const std::shared_ptr<PendingCall>& call) : state_{state}, call_{call}
    {
    }
    ~Handle() override
    {
        withdraw();
        const auto state = state_.lock();
        const auto call  = call_.lock();
        if (state && call) state->forget(call);
    }

    bool withdraw() override
    {
        const auto state = state_.lock();
        const auto call  = call_.lock();
        return state && call && state->take_back(call, false);
    }

    bool waits() const override
    {
        const auto state = state_.lock();
        const auto call  = call_.lock();
        if (not state || not call) return false;
        const std::lock_guard lock{state->mutex};
        return call->place == Place::waiting;
    }

    void give_up() override
    {
        const auto state = state_.lock();
        const auto call  = call_.lock();
        if (state && call) state->give_up(call);
    }

private:
    std::weak_ptr<State> state_;
    std::weak_ptr<PendingCall> call_;
};

Activities::Activities(const Runtime& runtime, unsigned threads) : state_{std::make_shared<State>(runtime, threads)} {}

Activities::~Activities()
{
    stop();
}

bool Activities::add(std::type_index type, std::string_view name, AnyActivity activity, ActivityOptions options)
{
    const std::lock_guard lock{state_->mutex};
    return state_->queues.try_emplace(type, name, std::move(activity), options).second;
}

bool Activities::knows(std::type_index type) const
{
    const std::lock_guard lock{state_->mutex};
    return state_->queues.contains(type);
}

std::string Activities::waiting_for(std::type_index type) const
{
    const Time now = state_->runtime.clock.now();
    const std::lock_guard lock{state_->mutex};
    const ActivityQueue& queue = state_->queue_of(type);
    auto why                   = queue.waits_for(now);
    if (not why.empty() || state_->free_threads > 0 || queue.state(now).waiting == 0) return why;
    return fmt::format("{0} of {0} threads are in use", state_->threads);
}

std::shared_ptr<CallHandle> Activities::call(ActivityCall asked_for)
{
    const auto call = std::make_shared<PendingCall>(PendingCall{.call = std::move(asked_for)});
    auto handle     = std::make_shared<Handle>(state_, call);
    {
        const std::lock_guard lock{state_->mutex};
        state_->calls.emplace(call->call.owner, call);
    }
    state_->take(call);
    return handle;
}

std::vector<ActivityCallState> Activities::calls_of(const std::string& owner) const
{
    std::vector<std::shared_ptr<PendingCall>> held; // let go of without the lock
    std::vector<ActivityCallState> states;
    const std::lock_guard lock{state_->mutex};
    const auto [first, last] = state_->calls.equal_range(owner);
    for (auto one = first; one != last; ++one) {
        const auto& call = held.emplace_back(one->second.lock());
        const bool is_open =
            call && (call->place == Place::waiting || call->place == Place::begun || call->place == Place::asked);
        if (is_open) states.push_back(state_->state_of(*call));
    }
    std::sort(states.begin(), states.end(), [](const auto& a, const auto& b) { return a.step < b.step; });
    return states;
}

void Activities::stop()
{
    std::unique_ptr<Executor> pool;
    {
        const std::lock_guard lock{state_->mutex};
        state_->stopped = true;
        pool            = std::move(state_->pool);
    }
    pool.reset();                                                               // waits for its threads
    std::vector<std::map<std::uint64_t, std::shared_ptr<PendingCall>>> dropped; // destroyed without the lock
    const std::lock_guard lock{state_->mutex};
    for (auto& [type, queue] : state_->queues) dropped.push_back(queue.clear());
    state_->free_threads = state_->threads;
    ++state_->life;
}

result<void> Activities::start()
{
    const std::lock_guard lock{state_->mutex};
    // A step whose call finds no thread would try in vain until its deadline.
    if (not state_->queues.empty()) {
        BOOST_OUTCOME_TRY(state_->start_threads());
    }
    state_->stopped = false;
    return done();
}

std::vector<ActivityState> Activities::state() const
{
    const Time now = state_->runtime.clock.now();
    std::vector<ActivityState> states;
    {
        const std::lock_guard lock{state_->mutex};
        for (const auto& [type, queue] : state_->queues) states.push_back(queue.state(now));
    }
    std::sort(states.begin(), states.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return states;
}

} // namespace eventloom
