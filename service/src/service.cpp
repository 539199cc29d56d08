#include <eventloom/service/service.hpp>

namespace eventloom {

namespace {

constexpr Duration between_asks = std::chrono::milliseconds{100};

Error not_settled()
{
    return {Failure::unavailable, "not-settled",
            "waited for the sagas and found some of them still at work; they go on when the service runs again"};
}

} // namespace

Service::Service(const Runtime& runtime, std::string directory, std::unique_ptr<LevelDbStore> store,
                 std::unique_ptr<SnapshotStore> snapshots)
    : runtime_{runtime}, directory_{std::move(directory)}, store_{std::move(store)}, snapshots_{std::move(snapshots)},
      commands_{runtime, *store_, {.snapshots = snapshots_.get()}}, events_{runtime, *store_},
      projections_{runtime, *store_, events_, directory_ + "/projections"}, sagas_{runtime, *store_, commands_, events_,
                                                                                   directory_ + "/sagas"}
{
}

Service::~Service()
{
    stop();
}

result<std::unique_ptr<Service>> Service::open(const Runtime& runtime, const ServiceOptions& options)
{
    BOOST_OUTCOME_TRY(auto store, LevelDbStore::open(runtime, {.directory         = options.directory + "/log",
                                                               .durability        = options.durability,
                                                               .create_if_missing = options.create_if_missing}));
    std::unique_ptr<SnapshotStore> snapshots;
    if (options.snapshots) {
        BOOST_OUTCOME_TRY(snapshots, open_leveldb_snapshots(runtime, options.directory + "/snapshots"));
    }
    return std::unique_ptr<Service>{new Service{runtime, options.directory, std::move(store), std::move(snapshots)}};
}

result<void> Service::start()
{
    const std::lock_guard lock{starting_};
    if (started_) return done();
    projections_.start();
    BOOST_OUTCOME_TRY(sagas_.start());
    started_ = true;
    return done();
}

void Service::stop()
{
    const std::lock_guard lock{starting_};
    sagas_.stop();
    projections_.stop();
    started_ = false;
}

result<void> Service::settle(Time deadline)
{
    const bool settled = sagas_.settle(deadline);
    if (auto error = sagas_.error()) return std::move(*error);
    if (not settled) return not_settled();
    return projections_.wait_for(store_->head(), deadline);
}

result<void> Service::finish(Time deadline, const std::function<result<void>()>& go_on)
{
    while (not sagas_.finish(slice_until(deadline))) {
        if (auto error = sagas_.error()) return std::move(*error);
        if (runtime_.clock.now() >= deadline) return not_settled();
        BOOST_OUTCOME_TRY(go_on());
    }
    return wait_for(store_->head(), deadline, go_on);
}

result<void> Service::finish_saga(std::string_view saga, std::string_view key, Time deadline,
                                  const std::function<result<void>()>& go_on)
{
    const auto is_over = [&] {
        const auto found = sagas_.find(saga, key);
        if (not found || not found.value()) return false;
        const auto status = found.value()->status;
        return status != SagaStatus::running && status != SagaStatus::compensating;
    };
    while (not runtime_.executor.wait_until(is_over, slice_until(deadline))) {
        if (auto error = sagas_.error()) return std::move(*error);
        if (runtime_.clock.now() >= deadline) return not_settled();
        BOOST_OUTCOME_TRY(go_on());
    }
    return wait_for(store_->head(), deadline, go_on);
}

result<void> Service::wait_for(Position position, Time deadline, const std::function<result<void>()>& go_on)
{
    for (;;) {
        auto reached = projections_.wait_for(position, slice_until(deadline));
        if (reached || reached.error().code != "projections-behind" || runtime_.clock.now() >= deadline) return reached;
        BOOST_OUTCOME_TRY(go_on());
    }
}

// Waiting is asked whether to go on at such moments.
Time Service::slice_until(Time deadline) const
{
    return std::min(deadline, runtime_.clock.now() + between_asks);
}

} // namespace eventloom
