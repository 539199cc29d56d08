// A run of a store: appends of every kind, several in flight, each answer held against the model.
//
//     StoreMachine machine{seed};
//     machine.disk().fail({.operation = Operation::sync, .number = 7});
//     StoreRun run{machine, {.seed = 1, .appends = 40}};
//     run.go();                              // to its end, or a little beyond the first failure
//     CHECK(run.wrong() == "");
//     machine.disk().power_cut(Tail::dropped);
//     CHECK(recover(machine, run.acknowledged(), run.in_doubt()) == "");
//
// Threads: one.
#pragma once

#include "simulated_disk/drawn_appends.hpp"
#include "simulated_disk/store_machine.hpp"

namespace eventloom::testing {

struct RunOptions {
    std::uint64_t seed         = 1;
    DirectoryModel model       = DirectoryModel::ordered;
    std::size_t appends        = 60;
    std::size_t data_bytes_max = 200;
    std::size_t lives          = 2; // it is closed and opened again between them
};

class StoreRun {
public:
    StoreRun(StoreMachine& machine, const RunOptions& options);

    void go();

    // All requests so far, in the order of their submission; the first `answered` of them have their answer.
    const std::vector<AppendRequest>& requests() const { return requests_; }
    std::size_t answered() const { return answered_; }

    const StoreModel& acknowledged() const { return model_; }
    // What was answered "outcome unknown", or not at all.
    std::vector<AppendRequest> in_doubt() const;
    // An answer that was not the expected one; or an acknowledgement by a store that had said it was closed.
    const std::string& wrong() const { return wrong_; }
    // A failure was answered: from then on nothing may be acknowledged until the store is opened again.
    bool was_closed() const { return closed_; }

private:
    void live(std::size_t appends);
    void take_answer(const result<Appended>& answer);

    StoreMachine& machine_;
    const RunOptions options_;
    Drawn drawn_;
    DrawnAppends appends_;
    StoreModel model_;
    std::vector<AppendRequest> requests_;
    std::vector<AppendRequest> unknown_;
    std::size_t answered_ = 0;
    bool closed_          = false;
    std::string wrong_;
};

// Opens what the machine's disk holds, and says what is wrong with it: with what was acknowledged, with an append in doubt,
// with what verify finds, with sending again what is in doubt, or with appending more. "" when nothing is.
std::string recover(StoreMachine& machine, StoreModel acknowledged, const std::vector<AppendRequest>& in_doubt);

} // namespace eventloom::testing
