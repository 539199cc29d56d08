// Writes into a read model while the fold goes on: one write at a time, done by a task, or by whoever needs it before that
// task has had its turn.
//
//     WriteBehind writes{runtime.executor, model};
//     writes.begin(std::move(batch), position);
//     ...
//     BOOST_OUTCOME_TRY(writes.finish());     // what was begun is written
//
// So nobody waits for a thread, and one that is idle saves the fold the time of writing. Threads: one.
#pragma once

#include <eventloom/framework/runtime.hpp>
#include <eventloom/projections/read_model.hpp>

#include <memory>

namespace eventloom {

class WriteBehind {
public:
    // Both outlive it.
    WriteBehind(Executor& executor, ReadModel& model) : executor_{executor}, model_{model} {}
    ~WriteBehind() { static_cast<void>(finish()); } // who wants to know has asked before
    WriteBehind(const WriteBehind&)            = delete;
    WriteBehind& operator=(const WriteBehind&) = delete;

    // Not before the write before it is finished.
    void begin(ModelBatch batch, Position checkpoint);
    // What the write said that was begun last; after an error, that error every time.
    result<void> finish();

private:
    struct Write;
    Executor& executor_;
    ReadModel& model_;
    std::shared_ptr<Write> write_; // none: all is written
};

} // namespace eventloom
