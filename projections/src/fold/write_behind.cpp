#include "fold/write_behind.hpp"

#include <eventloom/framework/detail/ensure.hpp>

#include <mutex>
#include <optional>

namespace eventloom {

struct WriteBehind::Write {
    Write(ReadModel& into, ModelBatch changes, Position up_to)
        : model{into}, batch{std::move(changes)}, checkpoint{up_to}
    {
    }

    // The first caller does it. A task that comes later does not use the read model, which may be destroyed.
    result<void> run()
    {
        const std::lock_guard lock{mutex};
        if (not answer) answer.emplace(model.write(batch, checkpoint));
        return *answer;
    }

    std::mutex mutex; // over what follows
    ReadModel& model;
    ModelBatch batch;
    const Position checkpoint;
    std::optional<result<void>> answer;
};

void WriteBehind::begin(ModelBatch batch, Position checkpoint)
{
    ensure(write_ == nullptr, "a write was begun before the one before it was finished");
    write_ = std::make_shared<Write>(model_, std::move(batch), checkpoint);
    executor_.post([write = write_] { static_cast<void>(write->run()); }); // finish() says how it ended
}

result<void> WriteBehind::finish()
{
    if (not write_) return done();
    auto answer = write_->run();
    if (answer) write_.reset(); // after an error nothing more is written
    return answer;
}

} // namespace eventloom
