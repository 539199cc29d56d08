// Reads the log once for several folds: a task reads on while each fold handles what was read, on a strand of its own.
//
//     LogPass pass{runtime, store};
//     pass.add(orders);                                // LogFold&, from where it stands
//     pass.add(customers);
//     for (const auto& ended : pass.run(head, progress)) ...
//
// Memory is bounded by a few batches; a fold that is slow holds up the reading, one that fails does not. Threads: one.
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

    // Returns when every fold has everything up to `head` in its read model, or has failed; how each of them ended, in
    // the order in which they were added. What the log or `progress` say ends them all. Not from within a task.
    std::vector<result<void>> run(Position head, const LogProgress& progress);

private:
    struct State;
    std::shared_ptr<State> state_;
};

// One fold alone.
result<void> catch_up(const Runtime& runtime, const EventStore& store, LogFold& fold, Position head,
                      const LogProgress& progress);

} // namespace eventloom
