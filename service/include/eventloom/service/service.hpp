// A whole service in one data directory: the log, the command bus, the event bus, the read models and the sagas.
//
//     BOOST_OUTCOME_TRY(auto service, Service::open(runtime, {.directory = "var/shop"}));
//     BOOST_OUTCOME_TRY(auto orders, service->projections().add(order_summaries()));
//     service->sagas().add(fulfilment());
//     BOOST_OUTCOME_TRY(service->start());
//     service->commands().send(OrderId{"1042"}, Place{...});
//
// Everything is embedded: only one process at a time may have the directory open. Threads: see the header of each part.
#pragma once

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/detail/engine.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/messaging/detail/followers.hpp>
#include <eventloom/privacy/detail/personal_keys.hpp>
#include <eventloom/projections/detail/projections.hpp>
#include <eventloom/sagas/sagas.hpp>
#include <eventloom/service/detail/open_service.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace eventloom {

class Groups;
class Queues;
class Subscriptions;
class Topics;

struct ServiceOptions {
    std::string directory; // log/, snapshots/, projections/, sagas/, queues/, topics/ and keys/ are made beneath it
    Durability durability  = Durability::synced;
    bool create_if_missing = true;
    bool snapshots         = true; // of aggregates with a policy; false: their streams are read from the beginning
    // For the keys of personal data. Empty: the file in EVENTLOOM_MASTER_KEY, or else keys/master.key.
    std::string master_key_file = {};
    Secrets* secrets            = nullptr; // nullptr: system_secrets()
    // What keeps the log (eventstore/engines.hpp). nullptr: default_engine().
    EngineKind* engine = nullptr;
    // So long after the last attempt `serve` discards the dead letters of queues and subscriptions, and says so in its log. 0: they
    // stay until somebody discards them. Those of projections and sagas stay: rows and instances would lack their events for good.
    std::chrono::seconds dead_letters_live{0};
    // How much memory the parts use, and how much they do at once. `snapshots` of the commands is set by the service.
    CommandBusOptions commands     = {};
    EventBusOptions events         = {};
    SagasOptions sagas             = {};
    ProjectionsOptions projections = {};
};

// LevelDB, in log/ of the data directory.
EngineKind& default_engine();

// What forget() has done with a person's data.
struct Forgotten {
    SubjectStatus before;
    SubjectStatus after;
    // Names of the projections that handle events with personal data. Their rows may contain some until they are rebuilt.
    std::vector<std::string> projections;
    bool changed_something = false; // false: the subject was already forgotten, and nothing was left to do
};

class Service {
public:
    // Failure::invalid "other-event-form": the program would misread events that the store holds (event_forms.hpp).
    static result<std::unique_ptr<Service>> open(const Runtime& runtime, const ServiceOptions& options);
    ~Service();

    const Runtime& runtime() const { return runtime_; }
    const std::string& directory() const { return directory_; }
    // The log as the engine keeps it: personal data are sealed. For copies and for maintenance.
    EventStore& store() { return *engine_.store; }
    const Engine& engine() const { return engine_; }
    const EngineKind& engine_kind() const { return engine_kind_; }
    // The same log with personal data as plaintext, where the keys exist: to read or append events.
    EventStore& plaintext_store() { return *plaintext_store_; }
    PersonalKeys& personal_keys() { return keys_; }
    // nullptr: switched off.
    const SnapshotStore* snapshots() const { return snapshots_.get(); }
    CommandBus& commands() { return commands_; }
    EventBus& events() { return events_; }
    Projections& projections() { return projections_; }
    Sagas& sagas() { return sagas_; }
    // Consumer groups (messaging/groups.hpp). start() does not start them: `serve` does, with groups().start().
    Groups& groups() { return *groups_; }
    // Work queues (messaging/queues.hpp). Jobs are enqueued at any time; `serve` starts the workers, with queues().start().
    Queues& queues() { return *queues_; }
    // Messages that are not events (messaging/topics.hpp). They are published at any time; `serve` has them go by their age, with
    // topics().start().
    Topics& topics() { return *topics_; }
    // Subscriptions with a name (messaging/subscriptions.hpp). `serve` starts them, with subscriptions().start().
    Subscriptions& subscriptions() { return *subscriptions_; }

    // All of these that follow the log, as one notion (messaging/detail/followers.hpp).
    Followers& followers() { return followers_; }
    std::chrono::seconds dead_letters_live() const { return dead_letters_live_; }

    // Projections and sagas follow the log from here on. Does nothing when they already do. From any thread.
    result<void> start();

    // Faults of the machine, not of handlers, that stop something: a closed log, or stopped sagas, read models, groups or queues.
    std::vector<Error> faults();
    // Sagas and read models that an event has stopped, and that no new start brings back: "not-followed".
    std::vector<Error> stopped_by_events();

    // Stops everything, and returns when nothing runs any more. The destructor does the same.
    void stop();

    // Blocks until no saga can continue now (each has ended, is stuck or waits, also for a limit or a provider that is down), and
    // the read models are up to date.
    // Failure::unavailable "not-settled" at `deadline`; "projections-behind" when only a read model is late; "not-followed" when a
    // fault of the machine or an event has stopped a part: the events of the command are in the log all the same.
    result<void> settle(Time deadline);

    // The same, until every saga has ended or is stuck. Waits also for retries that are due later, and for calls that wait for a limit or
    // a provider. Calls `go_on` now and then; if it returns an error, the wait ends with that error.
    result<void> finish(Time deadline, const std::function<result<void>()>& go_on);

    // The same for one instance. It may have completed or not: sagas().find(saga, key) gives its status.
    result<void> finish_saga(std::string_view saga, std::string_view key, Time deadline,
                             const std::function<result<void>()>& go_on);

    // For a saga that may wait for days: until this instance, and those that it runs, have taken up all that is in the log now
    // and can do nothing more now, and the read models are up to date (Sagas::is_settled). An instance that has not begun has
    // nothing to do. sagas().find(saga, key) says what it waits for.
    // Failure::invalid "no-such-saga", and the errors of settle().
    result<void> settle_saga(std::string_view saga, std::string_view key, Time deadline,
                             const std::function<result<void>()>& go_on = done);

    // Destroys the key of a person's data, and all plaintext copies in snapshots and in memory; they are made again when
    // needed. The events stay. Rows of projections go when these are rebuilt. A second call continues an interrupted one, or
    // does nothing.  Failure::invalid "no-such-subject", and the errors of PersonalKeys::forget.
    result<Forgotten> forget(const std::string& subject, bool key_is_lost = false);

    // Waits only for the read models, or for the named ones, until they have reached `position`.
    result<void> wait_for(Position position, Time deadline, const std::function<result<void>()>& go_on,
                          std::span<const std::string> names = {});

private:
    Service(const Runtime& runtime, const ServiceOptions& options, EngineKind& kind, Engine engine,
            std::unique_ptr<SnapshotStore> snapshots);

    Time slice_until(Time deadline) const;
    result<void> wait_for_saga(const std::function<result<bool>()>& is_over, Time deadline,
                               const std::function<result<void>()>& go_on);
    result<void> remove_unused_snapshots() const;

    const Runtime runtime_;
    const std::string directory_;
    const EngineKind& engine_kind_;
    const Engine engine_;
    PersonalKeys keys_;
    const std::unique_ptr<EventStore> plaintext_store_;
    const std::unique_ptr<SnapshotStore> snapshots_; // nullptr: switched off
    CommandBus commands_;
    EventBus events_;
    Projections projections_;
    Sagas sagas_;
    const std::unique_ptr<Groups> groups_;
    const std::unique_ptr<Queues> queues_;
    const std::unique_ptr<Topics> topics_;
    const std::unique_ptr<Subscriptions> subscriptions_;
    Followers followers_;
    const std::chrono::seconds dead_letters_live_;
    std::mutex starting_;
    bool started_ = false;
};

} // namespace eventloom
