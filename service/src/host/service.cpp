#include <eventloom/service/service.hpp>

#include "followers/service_followers.hpp"
#include "workers/program_of_worker.hpp"

#include <eventloom/framework/event_forms.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/messaging/groups.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/messaging/subscriptions.hpp>
#include <eventloom/messaging/topics.hpp>
#include <eventloom/storage/database.hpp>

#include <fmt/core.h>

#include <cstdlib>

namespace eventloom {

namespace {

constexpr Duration waiting_slice = std::chrono::milliseconds{100};

Error not_settled()
{
    return {Failure::unavailable, "not-settled",
            "waited for the sagas and found some of them not finished; they continue when the service runs again"};
}

CommandBusOptions command_options_of(const ServiceOptions& options, SnapshotStore* snapshots)
{
    CommandBusOptions commands = options.commands;
    commands.snapshots         = snapshots;
    return commands;
}

PersonalKeysOptions keys_of(const ServiceOptions& options)
{
    std::string file = options.master_key_file;
    if (const char* named = std::getenv("EVENTLOOM_MASTER_KEY"); file.empty() && named != nullptr) file = named;
    return {.directory = options.directory + "/keys", .master_key_file = file, .secrets = options.secrets};
}

// Of the machine: not of an event, which would fail so every time.
bool is_fault(const Error& error)
{
    return error.kind == Failure::storage || error.kind == Failure::unknown || error.code == "store-closed-by-fault";
}

// The caller's own event is in the log already; only the parts that follow the log have stopped.
Error not_followed(const Error& error)
{
    const auto* const then = is_fault(error) ? "they follow it when the service is started again"
                                             : "`followers list` shows which of them stopped";
    return {Failure::unavailable, "not-followed",
            fmt::format("waited for read models and sagas to follow the log and found that they have stopped: {}; the "
                        "command is in the log: do not repeat it; {}",
                        error.sentence, then)};
}

// What waiting itself says; all else is what has stopped a projection.
bool is_of_waiting(const Error& error)
{
    return error.code == "projections-behind" || error.code == "projection-paused";
}

} // namespace

Service::Service(const Runtime& runtime, const ServiceOptions& options, EngineKind& kind, Engine engine,
                 std::unique_ptr<SnapshotStore> snapshots)
    : runtime_{runtime}, directory_{options.directory}, engine_kind_{kind}, engine_{std::move(engine)},
      keys_{runtime, keys_of(options)}, plaintext_store_{seal_personal_data(*engine_.store, keys_)},
      snapshots_{std::move(snapshots)},
      commands_{runtime, *plaintext_store_, command_options_of(options, snapshots_.get())},
      events_{runtime, *plaintext_store_, options.events},
      projections_{runtime, *plaintext_store_, events_, directory_ + "/projections", options.projections},
      sagas_{runtime, *plaintext_store_, commands_, events_, directory_ + "/sagas", options.sagas},
      groups_{std::make_unique<Groups>(runtime, *plaintext_store_, directory_ + "/groups")},
      queues_{std::make_unique<Queues>(runtime, *plaintext_store_, commands_, events_, directory_ + "/queues")},
      topics_{std::make_unique<Topics>(runtime, *plaintext_store_, commands_, kind, directory_ + "/topics",
                                       options.durability)},
      subscriptions_{
          std::make_unique<Subscriptions>(runtime, *plaintext_store_, commands_, events_, *queues_, topics_.get())},
      dead_letters_live_{options.dead_letters_live}
{
    const EventStore& log = *plaintext_store_;
    followers_.add(projection_followers(projections_, log));
    followers_.add(saga_followers(sagas_, engine_, log, runtime_.clock));
    followers_.add(group_followers(*groups_, log, runtime_.clock));
    followers_.add(queue_followers(*queues_, log, runtime_.clock));
    followers_.add(subscription_followers(*subscriptions_));
}

Service::~Service()
{
    stop();
}

result<std::unique_ptr<Service>> Service::open(const Runtime& runtime, const ServiceOptions& options)
{
    EngineKind& kind = options.engine == nullptr ? default_engine() : *options.engine;
    BOOST_OUTCOME_TRY(auto engine, kind.open(runtime, {.directory         = options.directory,
                                                       .durability        = options.durability,
                                                       .create_if_missing = options.create_if_missing}));
    BOOST_OUTCOME_TRY(keep_event_forms(*engine.store));
    if (work::is_for_work(options.directory)) engine.store = work::store_of_worker(engine.store);
    std::unique_ptr<SnapshotStore> snapshots;
    if (options.snapshots) {
        BOOST_OUTCOME_TRY(snapshots, kind.open_snapshots(runtime, options.directory));
    }
    return std::unique_ptr<Service>{new Service{runtime, options, kind, std::move(engine), std::move(snapshots)}};
}

result<void> Service::start()
{
    const std::lock_guard lock{starting_};
    if (started_) return done();
    projections_.start();
    BOOST_OUTCOME_TRY(sagas_.start());
    started_ = true;
    write_to(runtime_.log, LogLevel::info, "service-started",
             {{"directory", directory_}, {"position", engine_.store->head()}});
    return done();
}

void Service::stop()
{
    const std::lock_guard lock{starting_};
    subscriptions_->stop();
    topics_->stop();
    queues_->stop();
    groups_->stop();
    sagas_.stop();
    projections_.stop();
    if (std::exchange(started_, false)) {
        write_to(runtime_.log, LogLevel::info, "service-stopped",
                 {{"directory", directory_}, {"position", engine_.store->head()}});
    }
}

std::vector<Error> Service::faults()
{
    std::vector<Error> faults;
    if (auto fault = engine_.upkeep->fault()) faults.push_back(std::move(*fault));
    if (auto error = sagas_.error(); error && is_fault(*error)) faults.push_back(std::move(*error));
    if (auto error = queues_->error(); error && is_fault(*error)) faults.push_back(std::move(*error));
    for (auto& status : projections_.status()) {
        if (status.error && is_fault(*status.error)) faults.push_back(std::move(*status.error));
    }
    for (auto& status : groups_->status()) {
        if (status.error && is_fault(*status.error)) faults.push_back(std::move(*status.error));
    }
    for (auto& error : topics_->faults()) faults.push_back(std::move(error));
    for (auto& error : subscriptions_->faults()) {
        if (is_fault(error)) faults.push_back(std::move(error));
    }
    return faults;
}

std::vector<Error> Service::stopped_by_events()
{
    std::vector<Error> stopped;
    const auto add = [&](const std::string& what, const Error& error) {
        stopped.emplace_back(Failure::unavailable, "not-followed",
                             fmt::format("{} follow the log no more: {}", what, error.sentence));
    };
    if (const auto error = sagas_.error(); error && not is_fault(*error)) add("the sagas", *error);
    for (const auto& status : projections_.status()) {
        const bool has_failed = status.state == ProjectionState::failed && not is_fault(*status.error);
        if (has_failed) add("the rows of " + status.name, *status.error);
    }
    return stopped;
}

result<void> Service::settle(Time deadline)
{
    const bool settled = sagas_.settle(deadline);
    if (auto error = sagas_.error()) return not_followed(*error);
    if (not settled) return not_settled();
    auto reached = projections_.wait_for(engine_.store->head(), deadline);
    return reached || is_of_waiting(reached.error()) ? std::move(reached) : not_followed(reached.error());
}

result<void> Service::finish(Time deadline, const std::function<result<void>()>& go_on)
{
    while (not sagas_.finish(slice_until(deadline))) {
        if (auto error = sagas_.error()) return not_followed(*error);
        if (runtime_.clock.now() >= deadline) return not_settled();
        BOOST_OUTCOME_TRY(go_on());
    }
    return wait_for(engine_.store->head(), deadline, go_on);
}

result<void> Service::finish_saga(std::string_view saga, std::string_view key, Time deadline,
                                  const std::function<result<void>()>& go_on)
{
    return wait_for_saga(
        [&]() -> result<bool> {
            const auto found = sagas_.find(saga, key);
            if (not found || not found.value()) return false;
            const auto status = found.value()->status;
            return status != SagaStatus::running && status != SagaStatus::compensating;
        },
        deadline, go_on);
}

result<void> Service::settle_saga(std::string_view saga, std::string_view key, Time deadline,
                                  const std::function<result<void>()>& go_on)
{
    const Position head = engine_.store->head();
    return wait_for_saga([&] { return sagas_.is_settled(saga, key, head); }, deadline, go_on);
}

result<void> Service::wait_for_saga(const std::function<result<bool>()>& is_over, Time deadline,
                                    const std::function<result<void>()>& go_on)
{
    result<bool> found = false;
    const auto is_said = [&] {
        found = is_over();
        return not found || found.value();
    };
    while (not runtime_.executor.wait_until(is_said, slice_until(deadline))) {
        if (auto error = sagas_.error()) return not_followed(*error);
        if (runtime_.clock.now() >= deadline) return not_settled();
        BOOST_OUTCOME_TRY(go_on());
    }
    if (not found) return std::move(found.error());
    return wait_for(engine_.store->head(), deadline, go_on);
}

result<Forgotten> Service::forget(const std::string& subject, bool key_is_lost)
{
    Forgotten forgotten{.before = {}, .after = {}, .projections = projections_.hearing_personal_data()};
    BOOST_OUTCOME_TRY(forgotten.before, keys_.status(subject));
    BOOST_OUTCOME_TRY(forgotten.after, keys_.forget(subject, key_is_lost));
    if (forgotten.after.erasure_is_complete) return forgotten;
    // By then all deliveries with plaintext are done; later deliveries have erased fields.
    BOOST_OUTCOME_TRY(events_.forget_recent());
    BOOST_OUTCOME_TRY(commands_.forget_states());
    BOOST_OUTCOME_TRY(remove_unused_snapshots());
    BOOST_OUTCOME_TRY(keys_.finish_forgetting(subject));
    forgotten.after.erasure_is_complete = true;
    forgotten.changed_something         = true;
    return forgotten;
}

// A service that runs without snapshots may have some of an earlier run.
result<void> Service::remove_unused_snapshots() const
{
    return snapshots_ ? done() : remove_database(runtime_, directory_ + "/snapshots");
}

result<void> Service::wait_for(Position position, Time deadline, const std::function<result<void>()>& go_on,
                               std::span<const std::string> names)
{
    for (;;) {
        auto reached = projections_.wait_for(position, slice_until(deadline), names);
        if (reached) return reached;
        const bool is_on_its_way = reached.error().code == "projections-behind" && runtime_.clock.now() < deadline;
        if (not is_on_its_way) {
            // Who names projections reads them.
            const bool is_own = is_of_waiting(reached.error()) || not names.empty();
            return is_own ? std::move(reached) : not_followed(reached.error());
        }
        BOOST_OUTCOME_TRY(go_on());
    }
}

// Waiting is asked whether to go on at such moments.
Time Service::slice_until(Time deadline) const
{
    return std::min(deadline, runtime_.clock.now() + waiting_slice);
}

} // namespace eventloom
