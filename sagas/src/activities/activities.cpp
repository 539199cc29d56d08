// What callers of activities see: the handle of a call, and what waits and runs.
#include "activities/activities.hpp"

#include "activities/activities_state.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

class Activities::Handle final : public CallHandle {
public:
    // The call is the queue's: what its functions hold may hold this.
    Handle(const std::shared_ptr<State>& state, const std::shared_ptr<PendingCall>& call) : state_{state}, call_{call}
    {
        const std::lock_guard lock{state->mutex};
        listed_ = state->calls.emplace(call->call.owner, call);
    }
    ~Handle() override
    {
        withdraw();
        const auto state = state_.lock();
        if (not state) return;
        const std::lock_guard lock{state->mutex};
        state->calls.erase(listed_);
    }
    Handle(const Handle&)            = delete;
    Handle& operator=(const Handle&) = delete;

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
        return call->place == PendingCall::Place::waiting;
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
    State::Calls::iterator listed_;
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
            call && (call->place == PendingCall::Place::waiting || call->place == PendingCall::Place::begun ||
                     call->place == PendingCall::Place::asked);
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
