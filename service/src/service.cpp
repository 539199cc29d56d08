#include <eventloom/service/service.hpp>

namespace eventloom {

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
    projections_.start();
    return sagas_.start();
}

void Service::stop()
{
    sagas_.stop();
    projections_.stop();
}

result<void> Service::settle(Time deadline)
{
    const bool settled = sagas_.settle(deadline);
    if (auto error = sagas_.error()) return std::move(*error);
    if (not settled) {
        return fail(Failure::unavailable, "not-settled",
                    "waited for the sagas and found some of them still at work; "
                    "they go on when the service runs again");
    }
    return projections_.wait_for(store_->head(), deadline);
}

} // namespace eventloom
