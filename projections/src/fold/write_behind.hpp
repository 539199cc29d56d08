// Writes into a read model while the fold goes on: one write at a time. A task does it, or the caller of finish() if the task
// has not started yet.
//
//     WriteBehind writes{runtime.executor, model};
//     writes.begin(std::move(batch), position);
//     ...
//     BOOST_OUTCOME_TRY(writes.finish());     // what was begun is written
//
// So the fold never waits for a thread, and an idle thread saves it the time of writing. Threads: one.
#pragma once

#include <eventloom/framework/runtime.hpp>
#include <eventloom/projections/detail/read_model.hpp>

#include <memory>

namespace eventloom {

class WriteBehind {
public:
    // Both must outlive it.
    WriteBehind(Executor& executor, ReadModel& model) : executor_{executor}, model_{model} {}
    ~WriteBehind() { static_cast<void>(finish()); } // who wants to know has asked before
    WriteBehind(const WriteBehind&)            = delete;
    WriteBehind& operator=(const WriteBehind&) = delete;

    // Call it only after the previous write is finished.
    void begin(ModelBatch batch, Position checkpoint);
    // The result of the last write; after an error, always that error.
    result<void> finish();

private:
    struct Write;
    Executor& executor_;
    ReadModel& model_;
    std::shared_ptr<Write> write_; // none: all is written
};

} // namespace eventloom
