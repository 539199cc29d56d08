// Reads the log once for several folds: a task reads while each fold handles what was read, on its own strand.
//
//     LogPass pass{runtime, store};
//     pass.add(orders);                                // LogFold&, from its present position
//     pass.add(customers);
//     for (const auto& ended : pass.run(head, progress)) ...
//
// Memory is limited to a few batches. A slow fold delays the reading; a failed one does not. Threads: one.
#pragma once

#include "fold/log_fold.hpp"

#include <eventloom/framework/runtime.hpp>

#include <memory>
#include <vector>

namespace eventloom {

class LogPass {
public:
    LogPass(const Runtime& runtime, const EventStore& store);
    ~LogPass();

    void add(LogFold& fold);

    // Returns when every fold has everything up to `head` in its read model, or has failed: the result of each, in the order
    // in which they were added. An error of the log or of `progress` ends them all. Do not call it from a task.
    std::vector<result<void>> run(Position head, const LogProgress& progress);

private:
    struct State;
    std::shared_ptr<State> state_;
};

// A pass for one fold.
result<void> catch_up(const Runtime& runtime, const EventStore& store, LogFold& fold, Position head,
                      const LogProgress& progress);

} // namespace eventloom
