#include <eventloom/framework/runtime.hpp>

namespace eventloom {

namespace {

// For an executor that has no threads to give: its tasks run there.
class SameExecutor final : public Executor {
public:
    explicit SameExecutor(Executor& executor) : executor_{executor} {}

    void post(std::function<void()> task) override { executor_.post(std::move(task)); }
    void post_at(Time due, std::function<void()> task) override { executor_.post_at(due, std::move(task)); }
    bool wait_until(const std::function<bool()>& done, Time deadline) override
    {
        return executor_.wait_until(done, deadline);
    }
    void wake() override { executor_.wake(); }

private:
    Executor& executor_;
};

} // namespace

std::unique_ptr<Executor> Executor::own_threads(unsigned /*count*/)
{
    return std::make_unique<SameExecutor>(*this);
}

} // namespace eventloom
