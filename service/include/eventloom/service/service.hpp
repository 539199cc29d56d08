// A whole service in one data directory: the log, the command bus, the event bus, the read models and the sagas.
//
//     BOOST_OUTCOME_TRY(auto service, Service::open(runtime, {.directory = "var/shop"}));
//     BOOST_OUTCOME_TRY(auto orders, service->projections().add(order_summaries()));
//     service->sagas().add(fulfilment());
//     BOOST_OUTCOME_TRY(service->start());
//     service->commands().send(OrderId{"1042"}, Place{...});
//
// Everything is embedded: one process has the directory at a time. Threads: as the parts say.
#pragma once

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/eventstore/snapshot_stores.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/projections/projections.hpp>
#include <eventloom/sagas/sagas.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace eventloom {

class ConsumerGroups;

struct ServiceOptions {
    std::string directory; // log/, snapshots/, projections/ and sagas/ are made beneath it
    Durability durability  = Durability::synced;
    bool create_if_missing = true;
    bool snapshots         = true; // of aggregates that say so; false: their streams are read from the beginning
};

class Service {
public:
    static result<std::unique_ptr<Service>> open(const Runtime& runtime, const ServiceOptions& options);
    ~Service();

    const Runtime& runtime() const { return runtime_; }
    const std::string& directory() const { return directory_; }
    LevelDbStore& store() { return *store_; }
    CommandBus& commands() { return commands_; }
    EventBus& events() { return events_; }
    Projections& projections() { return projections_; }
    Sagas& sagas() { return sagas_; }

    // Projections and sagas follow the log from here on. Does nothing when they do already. From any thread.
    result<void> start();

    // Nothing runs any more when it returns. The destructor does the same.
    void stop();

    // Blocks until nothing can go on at this moment: sagas have settled, and the read models show it.
    // Failure::unavailable "not-settled" at `deadline`; else why something stopped.
    result<void> settle(Time deadline);

    // Blocks until every saga has ended or is stuck, retries included, and the read models show it. `go_on` is asked now and
    // then, and ends it with the error that it answers.
    result<void> finish(Time deadline, const std::function<result<void>()>& go_on);

    // The same for one instance of a saga.
    result<void> finish_saga(std::string_view saga, std::string_view key, Time deadline,
                             const std::function<result<void>()>& go_on);

    // The same for the read models alone, up to `position`.
    result<void> wait_for(Position position, Time deadline, const std::function<result<void>()>& go_on);

private:
    Service(const Runtime& runtime, std::string directory, std::unique_ptr<LevelDbStore> store,
            std::unique_ptr<SnapshotStore> snapshots);

    Time slice_until(Time deadline) const;

    const Runtime runtime_;
    const std::string directory_;
    const std::unique_ptr<LevelDbStore> store_;
    const std::unique_ptr<SnapshotStore> snapshots_; // none: switched off
    CommandBus commands_;
    EventBus events_;
    Projections projections_;
    Sagas sagas_;
    std::mutex starting_;
    bool started_ = false;
};

// A program's open service, with whatever else it needs.
class OpenService {
public:
    virtual ~OpenService()     = default;
    virtual Service& service() = 0;
    // Those in groups/ of the data directory, when the program has them open: their checkpoints belong to a backup.
    virtual ConsumerGroups* consumer_groups() { return nullptr; }
};

// How a program opens its service in a data directory: with its projections, sagas and activities added, not started.
using OpenServiceIn = std::function<result<std::unique_ptr<OpenService>>(
    const Runtime& runtime, const std::string& directory, bool create_if_missing)>;

} // namespace eventloom
