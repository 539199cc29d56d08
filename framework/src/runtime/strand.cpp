#include "runtime/run_task.hpp"

#include <eventloom/framework/runtime.hpp>

#include <deque>
#include <mutex>

namespace eventloom {

struct Strand::Queue : std::enable_shared_from_this<Strand::Queue> {
    explicit Queue(Executor& used) : executor{used} {}

    void post(std::function<void()> task)
    {
        {
            const std::lock_guard lock{mutex};
            tasks.push_back(std::move(task));
            if (running) return;
            running = true;
        }
        schedule();
    }

    void schedule()
    {
        executor.post([self = shared_from_this()] { self->run_one(); });
    }

    // One task a turn: a busy strand leaves room for others between its tasks.
    void run_one()
    {
        std::function<void()> task;
        {
            const std::lock_guard lock{mutex};
            task = std::move(tasks.front());
            tasks.pop_front();
        }
        run_task(task);
        task = nullptr; // destroys what it holds before a caller can see the strand idle
        {
            const std::lock_guard lock{mutex};
            if (tasks.empty()) {
                running = false;
                return;
            }
        }
        schedule();
    }

    Executor& executor;
    std::mutex mutex;
    std::deque<std::function<void()>> tasks;
    bool running = false;
};

Strand::Strand(Executor& executor) : queue_{std::make_shared<Queue>(executor)} {}

void Strand::post(std::function<void()> task) const
{
    queue_->post(std::move(task));
}

} // namespace eventloom
