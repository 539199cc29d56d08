#include "runtime/run_task.hpp"
#include "values/uuid_v7.hpp"

#include <eventloom/framework/runtime.hpp>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace eventloom {

namespace {

class SystemClock final : public Clock {
public:
    // std::chrono's counts nanoseconds in 64 bits, which end in the year 2262.
    Time now() const override
    {
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        return Time{std::chrono::seconds{now.tv_sec} + std::chrono::microseconds{now.tv_nsec / 1'000}};
    }
};

class SystemIds final : public IdSource {
public:
    Uuid next() override
    {
        const std::lock_guard lock{mutex_};
        return uuids_.make(system_clock().now(), random_());
    }

private:
    std::mutex mutex_;
    UuidV7 uuids_;
    std::mt19937_64 random_{std::random_device{}()};
};

// Timers wait on the steady clock, so that a system clock that is set does not delay or hurry them.
using Steady = std::chrono::steady_clock;

Steady::time_point steady_time_of(Time due)
{
    // A deadline of "never" (Time::max) must not overflow.
    constexpr Duration longest = std::chrono::hours{24 * 365};
    const Time now             = system_clock().now();
    if (due <= now) return Steady::now(); // "long ago" must not either
    return Steady::now() + (due > now + longest ? longest : due - now);
}

} // namespace

Clock& system_clock()
{
    static SystemClock clock;
    return clock;
}

IdSource& system_ids()
{
    static SystemIds ids;
    return ids;
}

struct SystemExecutor::State {
    std::mutex mutex;
    std::condition_variable work;     // for the threads: a task, a timer, the end
    std::condition_variable progress; // for those who wait: a task has run
    std::deque<std::function<void()>> ready;
    std::multimap<Steady::time_point, std::function<void()>> timers;
    bool ending            = false;
    unsigned waiting       = 0;
    std::uint64_t happened = 0; // tasks that have run, and calls of wake(): what waiting callers look at
    std::vector<std::thread> threads;

    void move_due_timers()
    {
        const auto now = Steady::now();
        while (not timers.empty() && timers.begin()->first <= now) {
            ready.push_back(std::move(timers.begin()->second));
            timers.erase(timers.begin());
        }
    }

    void note_progress()
    {
        ++happened;
        if (waiting > 0) progress.notify_all();
    }

    void end()
    {
        {
            const std::lock_guard lock{mutex};
            ending = true;
        }
        work.notify_all();
        for (std::thread& thread : threads) thread.join();
    }

    void serve()
    {
        std::unique_lock lock{mutex};
        for (;;) {
            move_due_timers();
            if (not ready.empty()) {
                auto task = std::move(ready.front());
                ready.pop_front();
                lock.unlock();
                run_task(task);
                task = nullptr;
                lock.lock();
                note_progress();
            } else if (ending) {
                return;
            } else if (timers.empty()) {
                work.wait(lock);
            } else {
                const auto due = timers.begin()->first;
                work.wait_until(lock, due);
            }
        }
    }
};

SystemExecutor::SystemExecutor(SystemOptions options) : state_{std::make_unique<State>()}
{
    try {
        use_threads(options.threads);
    } catch (...) { // the system gives no more of them
        state_->end();
        throw;
    }
}

void SystemExecutor::use_threads(unsigned count)
{
    while (state_->threads.size() < count) {
        state_->threads.emplace_back([state = state_.get()] { state->serve(); });
    }
}

SystemExecutor::~SystemExecutor()
{
    state_->end();
}

void SystemExecutor::post(std::function<void()> task)
{
    {
        const std::lock_guard lock{state_->mutex};
        state_->ready.push_back(std::move(task));
    }
    state_->work.notify_one();
}

void SystemExecutor::post_at(Time due, std::function<void()> task)
{
    {
        const std::lock_guard lock{state_->mutex};
        state_->timers.emplace(steady_time_of(due), std::move(task));
    }
    state_->work.notify_one();
}

bool SystemExecutor::wait_until(const std::function<bool()>& done, Time deadline)
{
    const auto until = steady_time_of(deadline);
    std::unique_lock lock{state_->mutex};
    ++state_->waiting;
    bool answer  = false;
    bool in_time = true;
    while (true) {
        const auto seen = state_->happened;
        // Asked without the lock: `done` may take locks of its own, whose holders may be posting here.
        lock.unlock();
        answer = done();
        lock.lock();
        if (answer || not in_time) break;
        in_time = state_->progress.wait_until(lock, until, [&] { return state_->happened != seen; });
    }
    --state_->waiting;
    return answer;
}

void SystemExecutor::wake()
{
    const std::lock_guard lock{state_->mutex};
    state_->note_progress();
}

std::unique_ptr<Executor> SystemExecutor::own_threads(unsigned count)
{
    return std::make_unique<SystemExecutor>(SystemOptions{.threads = count});
}

} // namespace eventloom
