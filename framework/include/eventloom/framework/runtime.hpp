// The seams between Eventloom and the machine: time, threads, ids and files. No room starts a thread, reads a clock, draws
// a random number or opens a file by itself: it uses the Runtime that it is given.
//
//     SystemExecutor executor{{.threads = 2}};                // production
//     Runtime runtime{system_clock(), executor, system_ids(), system_files()};
//     SimulatedExecutor simulated{7};                         // tests: one thread, virtual time, the same every run
//     Runtime virtual_runtime{simulated, simulated, simulated, disk.env()};
//
// Threads: a Clock, an Executor and an IdSource may be used from any thread.
#pragma once

#include <eventloom/framework/id.hpp>
#include <eventloom/framework/time.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace leveldb {
class Env;
}

namespace eventloom {

class Clock {
public:
    virtual ~Clock()         = default;
    virtual Time now() const = 0;
};

class Executor {
public:
    virtual ~Executor() = default;

    // Runs `task` soon. Tasks may run at the same time as each other; a Strand keeps some of them in order.
    virtual void post(std::function<void()> task) = 0;

    // Runs `task` at `due` or soon after it; a time that has passed means soon.
    virtual void post_at(Time due, std::function<void()> task) = 0;

    // Blocks the caller until `done` answers true, or until `deadline`; says whether `done` did. `done` must be cheap and
    // safe to call from any thread; it is asked again after each task and by wake(). A caller on the simulated executor
    // runs the tasks itself, so waiting never needs a second thread. Not to be called from within a task.
    virtual bool wait_until(const std::function<bool()>& done, Time deadline) = 0;

    // Makes waiting callers ask again: for whoever changes what they wait for outside a task.
    virtual void wake() = 0;

    // An executor with threads of its own, `count` of them, for work that may block; the simulated one gives one that runs
    // its tasks itself. It must be destroyed before this one; its end waits for the tasks that run on its own threads.
    // Throws std::system_error when the system refuses a thread.
    virtual std::unique_ptr<Executor> own_threads(unsigned count);
};

class IdSource {
public:
    virtual ~IdSource() = default;

    // A UUID v7, greater than every one that this source gave before.
    virtual Uuid next() = 0;
};

class Log;

// What a room is handed. All of it outlives whoever holds it.
struct Runtime {
    Clock& clock;
    Executor& executor;
    IdSource& ids;
    leveldb::Env& files;
    Log* log = nullptr; // where the rooms report what happens (log.hpp); nullptr: nowhere
};

// Runs tasks one after the other, in the order in which they were posted, on an executor. Copies share one queue, which
// lives until its last task has run.
class Strand {
public:
    explicit Strand(Executor& executor);
    void post(std::function<void()> task) const;

private:
    struct Queue;
    std::shared_ptr<Queue> queue_;
};

// The real machine: the system's clock, a few threads, random ids. The destructor runs the tasks that were posted and are
// due, drops those that are not due, and joins the threads.
struct SystemOptions {
    unsigned threads = 2; // 0: none until use_threads()
};

class SystemExecutor final : public Executor {
public:
    explicit SystemExecutor(SystemOptions options = {});
    ~SystemExecutor() override;
    // Starts threads until there are as many; more than that stay. Throws std::system_error when the system refuses one.
    void use_threads(unsigned count);
    void post(std::function<void()> task) override;
    void post_at(Time due, std::function<void()> task) override;
    bool wait_until(const std::function<bool()>& done, Time deadline) override;
    void wake() override;
    std::unique_ptr<Executor> own_threads(unsigned count) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// The system's clock, and an id source with a seed from the system. Both live as long as the process.
Clock& system_clock();
IdSource& system_ids();

// One thread, virtual time, ids from a seed: two runs with one seed do the same, to the byte. Tasks run only inside
// run_until_idle(), advance() and wait_until(); which of the tasks that are ready runs next is drawn from the seed, so a
// seed is also a schedule.
class SimulatedExecutor final : public Executor, public Clock, public IdSource {
public:
    explicit SimulatedExecutor(std::uint64_t seed, Time start = Time{std::chrono::days{20'000}});
    ~SimulatedExecutor() override;

    Time now() const override;
    Uuid next() override;
    void post(std::function<void()> task) override;
    void post_at(Time due, std::function<void()> task) override;
    // Virtual time moves on to the next timer when nothing is ready; never past `deadline`.
    bool wait_until(const std::function<bool()>& done, Time deadline) override;
    void wake() override {}

    // Runs one ready task; false when none is ready.
    bool run_one();
    // Runs ready tasks until none is left. Timers that are not due stay.
    void run_until_idle();
    // Runs everything that is ready or falls due within `span`, moving virtual time on by `span`.
    void advance(Duration span);
    // Sets the clock, forwards or back, as an operator does, or a machine that finds the right time. Timers stay: what was to
    // run in an hour runs in an hour, as on the real machine.
    void set_clock(Time now);
    // Forgets every task and timer, as a power cut does.
    void drop_everything();
    // A number below `bound`, from the seed: for tests that make choices of their own. `bound` is at least 1.
    std::uint64_t draw(std::uint64_t bound);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace eventloom
