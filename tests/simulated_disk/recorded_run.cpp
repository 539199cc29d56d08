#include "simulated_disk/recorded_run.hpp"

namespace eventloom::testing {

StoreModel RecordedRun::acknowledged_at(const CrashPoint& point) const
{
    StoreModel model;
    for (std::size_t i = 0; i < point.answered; ++i) model.take(requests[i]);
    return model;
}

std::vector<AppendRequest> RecordedRun::in_doubt_at(const CrashPoint& point) const
{
    const auto begin = requests.begin();
    return {begin + static_cast<std::ptrdiff_t>(point.answered), begin + static_cast<std::ptrdiff_t>(point.submitted)};
}

RecordedRun record_run(const RunOptions& options)
{
    StoreMachine machine{options.seed, options.model};
    StoreRun run{machine, options};
    RecordedRun recorded;
    const auto remember = [&] {
        recorded.points.push_back({machine.disk().image(), run.answered(), run.requests().size()});
    };
    machine.disk().before_each_change(remember);
    run.go();
    remember();
    recorded.requests = run.requests();
    recorded.wrong    = run.wrong();
    return recorded;
}

} // namespace eventloom::testing
