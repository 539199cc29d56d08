#include <eventloom/framework/in_flight.hpp>

#include <mutex>
#include <optional>

namespace eventloom {

struct InFlight::State {
    Executor& executor;
    mutable std::mutex mutex; // over what follows
    std::size_t under_way = 0;
    std::size_t wanted    = 0; // so many may still be under way when whoever waits goes on
    std::optional<Error> failed;

    bool is_over() const
    {
        const std::lock_guard lock{mutex};
        return failed || under_way <= wanted;
    }
};

InFlight::InFlight(Executor& executor, std::size_t at_once)
    : at_once_{at_once}, state_{new State{executor, {}, 0, 0, {}}}
{
}

std::function<void(result<void>)> InFlight::take_off()
{
    const std::lock_guard lock{state_->mutex};
    ++state_->under_way;
    return [state = state_](result<void> answer) {
        {
            const std::lock_guard landing{state->mutex};
            if (not answer && not state->failed) state->failed = std::move(answer.error());
            --state->under_way;
        }
        if (state->is_over()) state->executor.wake();
    };
}

result<void> InFlight::wait_for_room()
{
    return wait_for_at_most(at_once_, at_once_ / 2); // so that it is not woken for each
}

result<void> InFlight::wait_for_all()
{
    return wait_for_at_most(0, 0);
}

result<void> InFlight::wait_for_at_most(std::size_t limit, std::size_t wanted)
{
    const auto outcome = [this]() -> result<void> {
        const std::lock_guard lock{state_->mutex};
        return state_->failed ? result<void>{*state_->failed} : done();
    };
    {
        const std::lock_guard lock{state_->mutex};
        if (state_->failed) return *state_->failed;
        if (state_->under_way <= limit) return done();
        state_->wanted = wanted;
    }
    state_->executor.wait_until([state = state_] { return state->is_over(); }, Time::max());
    return outcome();
}

} // namespace eventloom
