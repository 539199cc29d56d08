#include "values/uuid_v7.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/runtime.hpp>

#include <map>
#include <utility>
#include <vector>

namespace eventloom {

namespace {

// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). The standard library's
// distributions may differ from one library to another; a seed must not.
class SplitMix {
public:
    explicit SplitMix(std::uint64_t seed) : state_{seed} {}

    std::uint64_t next()
    {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z               = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z               = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }

private:
    std::uint64_t state_;
};

} // namespace

struct SimulatedExecutor::State {
    SplitMix random;
    Time now;     // by which timers run
    Duration set; // the clock is so far from it
    UuidV7 uuids;
    std::vector<std::function<void()>> ready;
    std::multimap<Time, std::function<void()>> timers;

    void move_due_timers()
    {
        while (not timers.empty() && timers.begin()->first <= now) {
            ready.push_back(std::move(timers.begin()->second));
            timers.erase(timers.begin());
        }
    }
};

SimulatedExecutor::SimulatedExecutor(std::uint64_t seed, Time start)
    : state_{new State{.random = SplitMix{seed}, .now = start, .set = {}, .uuids = {}, .ready = {}, .timers = {}}}
{
}

SimulatedExecutor::~SimulatedExecutor() = default;

Time SimulatedExecutor::now() const
{
    return state_->now + state_->set;
}

void SimulatedExecutor::set_clock(Time now)
{
    state_->set = now - state_->now;
}

Uuid SimulatedExecutor::next()
{
    return state_->uuids.make(now(), state_->random.next());
}

void SimulatedExecutor::post(std::function<void()> task)
{
    state_->ready.push_back(std::move(task));
}

void SimulatedExecutor::post_at(Time due, std::function<void()> task)
{
    state_->timers.emplace(due - state_->set, std::move(task));
}

bool SimulatedExecutor::run_one()
{
    state_->move_due_timers();
    if (state_->ready.empty()) return false;
    const auto chosen = static_cast<std::ptrdiff_t>(draw(state_->ready.size()));
    const auto task   = std::move(state_->ready[static_cast<std::size_t>(chosen)]);
    state_->ready.erase(state_->ready.begin() + chosen);
    task();
    return true;
}

void SimulatedExecutor::run_until_idle()
{
    while (run_one()) {
    }
}

void SimulatedExecutor::advance(Duration span)
{
    const Time end = state_->now + span;
    run_until_idle();
    while (not state_->timers.empty() && state_->timers.begin()->first <= end) {
        state_->now = std::max(state_->now, state_->timers.begin()->first);
        run_until_idle();
    }
    state_->now = end;
}

bool SimulatedExecutor::wait_until(const std::function<bool()>& done, Time deadline)
{
    // "Never" stays never.
    const Time until = deadline == Time::max() ? deadline : deadline - state_->set;
    while (not done()) {
        if (run_one()) continue;
        if (state_->timers.empty() || state_->timers.begin()->first > until) {
            state_->now = std::max(state_->now, std::min(until, state_->now + std::chrono::hours{24 * 365}));
            return done();
        }
        state_->now = std::max(state_->now, state_->timers.begin()->first);
    }
    return true;
}

void SimulatedExecutor::drop_everything()
{
    // What a task holds may post again while it goes.
    while (not state_->ready.empty() || not state_->timers.empty()) {
        const auto ready  = std::exchange(state_->ready, {});
        const auto timers = std::exchange(state_->timers, {});
    }
}

std::uint64_t SimulatedExecutor::draw(std::uint64_t bound)
{
    ensure(bound > 0, "a number below zero was drawn");
    return state_->random.next() % bound;
}

} // namespace eventloom
