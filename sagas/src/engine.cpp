#include "engine.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/framework/stream_limits.hpp>

#include <algorithm>
#include <limits>

namespace eventloom {

SagaEngine::SagaEngine(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus,
                       std::string directory, SagasOptions options)
    : runtime_{runtime}, store_{store}, commands_{commands}, bus_{bus}, directory_{std::move(directory)}, options_{
                                                                                                              options}
{
}

void SagaEngine::add(Saga saga)
{
    ensure(stopped(), "a saga was added after start()");
    const auto key = std::pair{saga->name, saga->version};
    ensure(definitions_.emplace(key, std::move(saga)).second, "one version of a saga was added twice");
}

void SagaEngine::add_activity(std::type_index request, AnyActivity activity)
{
    ensure(stopped(), "an activity was added after start()");
    ensure(activities_.emplace(request, std::move(activity)).second, "one request has two activities");
}

Saga SagaEngine::definition_of(const std::string& saga, std::uint32_t version) const
{
    const auto found = definitions_.find({saga, version});
    return found == definitions_.end() ? nullptr : found->second;
}

// The versions of a name come in their order.
Saga SagaEngine::newest_definition_of(const std::string& saga) const
{
    const auto after = definitions_.upper_bound({saga, std::numeric_limits<std::uint32_t>::max()});
    if (after == definitions_.begin() || std::prev(after)->first.first != saga) return nullptr;
    return std::prev(after)->second;
}

result<InstanceTable*> SagaEngine::table() const
{
    const std::lock_guard lock{mutex_};
    if (table_) return table_.get();
    return fail(Failure::unavailable, "sagas-not-open",
                "asked for sagas before the engine was opened; call start() or open() first");
}

result<void> SagaEngine::open()
{
    const std::lock_guard one_at_a_time{starting_};
    return open_table();
}

result<void> SagaEngine::open_table()
{
    if (table()) return done();
    BOOST_OUTCOME_TRY(auto opened, InstanceTable::open(runtime_, directory_));
    const std::lock_guard lock{mutex_};
    table_ = std::move(opened);
    return done();
}

result<void> SagaEngine::start()
{
    const std::lock_guard one_at_a_time{starting_};
    if (not stopped()) return done();
    BOOST_OUTCOME_TRY(open_table());
    std::map<std::string, Saga> newest; // the versions of a name come in their order, so the last one stays
    for (const auto& [name_and_version, saga] : definitions_) newest[saga->name] = saga;
    for (const auto& [name, saga] : newest) {
        BOOST_OUTCOME_TRY(commands_.take_category(name, typeid(instance::Instance), "the saga " + name));
        BOOST_OUTCOME_TRY(const auto begun, table_->checkpoint(name));
        BOOST_OUTCOME_TRY(check_log("started the saga " + name, begun));
    }
    BOOST_OUTCOME_TRY(check_log("started sagas whose steps were recorded up to an event", table_->reached()));
    BOOST_OUTCOME_TRY(auto unfinished, table_->open_instances());
    stopped_ = false;
    for (auto& key : unfinished) enqueue(std::move(key));
    for (const auto& [name, saga] : newest) {
        BOOST_OUTCOME_TRY(follow(saga));
    }
    return done();
}

result<void> SagaEngine::check_log(const std::string& doing, Position reached) const
{
    return check_checkpoint(store_, reached, doing,
                            "remove the directory " + directory_ + ", which is made again from the log");
}

result<void> SagaEngine::follow(const Saga& saga)
{
    BOOST_OUTCOME_TRY(const auto checkpoint, table_->checkpoint(saga->name));
    auto subscription = bus_.subscribe({.name  = saga->name,
                                        .scope = Scope::category(saga->begin_category),
                                        .types = saga->begin_types,
                                        .after = checkpoint},
                                       [this, saga](const Delivery& delivery) { return begin(saga, delivery); });
    const std::lock_guard lock{mutex_};
    subscriptions_.push_back(std::move(subscription));
    return done();
}

result<std::map<std::string, Position>> SagaEngine::not_begun() const
{
    BOOST_OUTCOME_TRY(auto* const table, this->table());
    std::map<std::string, Position> firsts;
    for (const auto& [name_and_version, saga] : definitions_) {
        if (saga != newest_definition_of(saga->name)) continue;
        BOOST_OUTCOME_TRY(const auto checkpoint, table->checkpoint(saga->name));
        for (const auto& type : saga->begin_types) {
            const auto cursor = store_.read({.scope = Scope::type(type), .from = checkpoint + 1});
            for (;;) {
                BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
                if (event == nullptr) break;
                if (category_of(event->stream) != saga->begin_category) continue;
                const auto [first, is_new] = firsts.emplace(saga->name, event->position);
                if (not is_new) first->second = std::min(first->second, event->position);
                break;
            }
        }
    }
    return firsts;
}

void SagaEngine::stop()
{
    const std::lock_guard one_at_a_time{starting_};
    if (stopped_.exchange(true)) return;
    std::vector<std::shared_ptr<Subscription>> ended;
    {
        const std::lock_guard lock{mutex_};
        ended.swap(subscriptions_);
    }
    for (const auto& subscription : ended) subscription->stop(); // without the lock, which handlers take
    // Calls that have not answered are not waited for: their answers find a stopped engine, and they are made again.
    runtime_.executor.wait_until([this] { return running_.load() == 0; }, Time::max());
    const std::lock_guard lock{mutex_};
    queue_.clear();
    in_hand_ = 0;
    timers_  = 0;
}

std::optional<Error> SagaEngine::error() const
{
    const std::lock_guard lock{mutex_};
    for (const auto& subscription : subscriptions_) {
        if (auto error = subscription->error()) return error;
    }
    return error_;
}

bool SagaEngine::settle(Time deadline, bool with_timers)
{
    const auto idle = [&](std::uint64_t& moves) {
        const std::lock_guard lock{mutex_};
        moves = moves_;
        return queue_.empty() && in_hand_ == 0 && (not with_timers || timers_ == 0);
    };
    const auto settled = [&] {
        if (error()) return true;
        std::uint64_t before = 0;
        std::uint64_t after  = 0;
        if (not idle(before)) return false;
        const bool all_read = has_read_all();
        // Nothing moved while the subscriptions were looked at, so both were true at one moment.
        return all_read && idle(after) && before == after;
    };
    return runtime_.executor.wait_until(settled, deadline) && not error();
}

bool SagaEngine::has_read_all() const
{
    const Position head = store_.head();
    const std::lock_guard lock{mutex_};
    return std::all_of(subscriptions_.begin(), subscriptions_.end(),
                       [&](const auto& subscription) { return subscription->position() >= head; });
}

// ---- beginning

result<void> SagaEngine::begin(const Saga& saga, const Delivery& delivery)
{
    for (const RecordedEvent& event : delivery.events) {
        if (stopped()) return done(); // what was begun is begun again, to no effect
        BOOST_OUTCOME_TRY(begin_instance(saga, event));
    }
    if (delivery.events.empty() || stopped()) return done();
    return table_->keep_checkpoint(saga->name, delivery.position);
}

// The stored state that the event begins with; nothing when what an upcast has made of it begins none.
result<std::optional<std::string>> SagaEngine::state_begun_by(const SagaDefinition& saga, const RecordedEvent& event)
{
    return call_user_code("el::begins of the saga", saga.name, [&]() -> result<std::optional<std::string>> {
        BOOST_OUTCOME_TRY(const auto state, saga.begin(event));
        if (not state) return std::optional<std::string>{};
        std::string stored;
        saga.encode(state, stored);
        return std::optional{std::move(stored)};
    });
}

result<void> SagaEngine::begin_instance(const Saga& saga, const RecordedEvent& event)
{
    const auto hyphen = event.stream.find('-');
    const InstanceKey key{saga->name, hyphen == std::string::npos ? event.stream : event.stream.substr(hyphen + 1)};

    // An instance whose history was deleted has ended: expecting "no stream" would succeed, and begin it again.
    BOOST_OUTCOME_TRY(const auto recorded, store_.stream_length(key.stream()));
    if (recorded > 0) {
        BOOST_OUTCOME_TRY(const auto status, stream_status(store_, key.stream()));
        if (status.tombstoned || status.is_deleted(recorded)) return done();
    }

    auto state = state_begun_by(*saga, event);
    if (state && not state.value()) return done();
    instance::Started started{.version     = saga->version,
                              .state       = state ? *state.value() : std::string{},
                              .begun_by    = to_string(event.id),
                              .correlation = to_string(event.metadata.correlation),
                              .at          = runtime_.clock.now(),
                              .shape       = saga->shape};
    std::vector<Fact> facts{std::move(started)};
    if (not state) facts.push_back(stuck_at(instance::no_state_yet, state.error()));
    auto begun = record(key, {}, facts);
    if (not begun) {
        // Begun before a crash, or by an earlier begin event of the same stream: it is not begun again.
        if (begun.error().code == "stream-tombstoned") return done();
        if (begun.error().code != "wrong-expected-version") return std::move(begun.error());
        BOOST_OUTCOME_TRY(auto known, table_->find(key));
        if (known) return done();
        BOOST_OUTCOME_TRY(auto standing, refreshed(key, {}));
        BOOST_OUTCOME_TRY(table_->keep(key, standing));
        if (not is_open(standing)) return done();
    }
    if (state) enqueue(key);
    return done();
}

result<instance::Instance> SagaEngine::refreshed(const InstanceKey& key, instance::Instance instance) const
{
    const auto cursor = store_.read({.scope = Scope::stream(key.stream()), .from = instance.recorded});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return instance;
        BOOST_OUTCOME_TRY(instance, evolved(std::move(instance), *event));
    }
}

// ---- moving from place to place

void SagaEngine::post(std::function<void(SagaEngine&)> task)
{
    runtime_.executor.post([weak = weak_from_this(), task = std::move(task)] {
        const auto engine = weak.lock();
        if (not engine) return;
        ++engine->running_;
        if (not engine->stopped()) task(*engine);
        --engine->running_;
    });
}

void SagaEngine::enqueue(InstanceKey key)
{
    {
        const std::lock_guard lock{mutex_};
        queue_.push_back(std::move(key));
        ++moves_;
    }
    dispatch();
}

void SagaEngine::dispatch()
{
    for (;;) {
        InstanceKey key;
        {
            const std::lock_guard lock{mutex_};
            if (queue_.empty() || in_hand_ >= options_.driven_at_once) return;
            key = std::move(queue_.front());
            queue_.pop_front();
            ++in_hand_;
            ++moves_;
        }
        post([key](SagaEngine& engine) { engine.drive(key); });
    }
}

void SagaEngine::let_go()
{
    {
        const std::lock_guard lock{mutex_};
        if (in_hand_ > 0) --in_hand_;
        ++moves_;
    }
    dispatch();
    runtime_.executor.wake();
}

void SagaEngine::wait_for_timer(const InstanceKey& key, Time due)
{
    {
        const std::lock_guard lock{mutex_};
        ++timers_;
    }
    runtime_.executor.post_at(due, [weak = weak_from_this(), key] {
        const auto engine = weak.lock();
        if (not engine || engine->stopped()) return;
        {
            const std::lock_guard lock{engine->mutex_};
            if (engine->timers_ > 0) --engine->timers_;
        }
        engine->enqueue(key);
    });
    let_go();
}

void SagaEngine::give_up(Error error)
{
    bool is_first = false;
    {
        const std::lock_guard lock{mutex_};
        is_first = not error_;
        if (is_first) error_ = error;
    }
    if (is_first) write_to(runtime_.log, LogLevel::error, "sagas-stopped", {}, error);
    runtime_.executor.wake();
}

void SagaEngine::rest(const InstanceKey& key, const instance::Instance& instance)
{
    if (is_open(instance)) {
        const std::lock_guard lock{mutex_};
        queue_.push_back(key);
    }
    let_go();
}

result<instance::Instance> SagaEngine::record(const InstanceKey& key, const instance::Instance& instance,
                                              const std::vector<Fact>& facts)
{
    auto next = instance;
    std::vector<NewEvent> events;
    for (const Fact& fact : facts) {
        next                       = evolved(std::move(next), fact);
        NewEvent event             = encoded<instance::Instance>(fact);
        event.id                   = runtime_.ids.next();
        event.metadata.correlation = parse_uuid(next.correlation).value_or(Uuid{});
        event.metadata.causation   = parse_uuid(next.begun_by).value_or(Uuid{});
        events.push_back(std::move(event));
    }
    AppendRequest request;
    request.streams.push_back({key.stream(), ExpectedVersion::after(instance.recorded), std::move(events)});
    BOOST_OUTCOME_TRY(const auto appended, store_.append(request));
    report(key, facts); // it is in the log
    BOOST_OUTCOME_TRY(table_->keep(key, next, appended.last_position));
    return next;
}

// ---- an instance that is stuck

result<void> SagaEngine::resume(const InstanceKey& key)
{
    BOOST_OUTCOME_TRY(InstanceTable* const rows, table());
    BOOST_OUTCOME_TRY(auto known, rows->find(key));
    if (not known) {
        return fail(Failure::invalid, "no-such-saga-instance",
                    "asked for the saga " + key.stream() + " and found no such instance; `sagas list` shows all");
    }
    BOOST_OUTCOME_TRY(const auto instance, refreshed(key, std::move(*known)));
    if (instance.status != SagaStatus::stuck) {
        return fail(Failure::refused, "saga-not-stuck",
                    "asked to retry the saga " + key.stream() + " and found it " +
                        std::string{to_string(instance.status)} + "; only one that is stuck can be retried");
    }
    BOOST_OUTCOME_TRY(record(key, instance, {instance::Resumed{runtime_.clock.now()}}));
    if (not stopped()) enqueue(key);
    return done();
}

} // namespace eventloom
