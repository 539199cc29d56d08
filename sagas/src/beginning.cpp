// How an instance begins: with an event of the log, once.
#include "definition.hpp"
#include "work.hpp"

#include <eventloom/framework/stream_limits.hpp>

#include <algorithm>

namespace eventloom {

namespace {

Error no_begin_event(const InstanceKey& key)
{
    return {Failure::invalid, "no-begin-event",
            "retried the saga " + key.stream() + " and found that its begin event, or its " +
                "definition, is gone; it cannot begin"};
}

// Of a context's event, any stream.
bool is_begin_event(const Saga& saga, const RecordedEvent& event)
{
    const auto& category = saga->begin_event->category;
    return category.empty() || category == category_of(event.stream);
}

} // namespace

result<void> SagaEngine::follow(const Saga& saga)
{
    BOOST_OUTCOME_TRY(const auto checkpoint, table_->checkpoint(saga->name));
    const std::string category{saga->begin_event->category};
    const auto& names = saga->begin_event->names;
    auto subscription = bus_.subscribe({.name  = saga->name,
                                        .scope = category.empty() ? Scope::everything() : Scope::category(category),
                                        .types = {names.begin(), names.end()},
                                        .after = checkpoint},
                                       [this, saga](const Delivery& delivery) { return begin(saga, delivery); });
    const std::lock_guard lock{mutex_};
    subscriptions_.push_back(std::move(subscription));
    return done();
}

result<void> SagaEngine::begin(const Saga& saga, const Delivery& delivery)
{
    for (const RecordedEvent& event : delivery.events) {
        if (stopped()) return done(); // what was begun is begun again, to no effect
        BOOST_OUTCOME_TRY(begin_instance(saga, event));
    }
    if (delivery.events.empty() || stopped()) return done();
    return table_->keep_checkpoint(saga->name, delivery.position);
}

result<void> SagaEngine::begin_instance(const Saga& saga, const RecordedEvent& event)
{
    auto begun = begin_by(*saga, event);
    if (begun.state && not begun.state.value()) return done();
    auto recorded = record_begun(saga, event, begun);
    if (recorded || recorded.error().code != "invalid-stream-name") return recorded;
    // No stream can have the name of that instance: it is stuck, by a name that one can have.
    return record_begun(saga, event, {to_string(event.id), std::move(recorded.error())});
}

result<void> SagaEngine::record_begun(const Saga& saga, const RecordedEvent& event, const Begun& begun)
{
    const InstanceKey key{saga->name, begun.key};
    // An instance whose history was deleted has ended: expecting "no stream" would succeed, and begin it again.
    BOOST_OUTCOME_TRY(const auto recorded, store_.stream_length(key.stream()));
    if (recorded > 0) {
        BOOST_OUTCOME_TRY(const auto status, stream_status(store_, key.stream()));
        if (status.tombstoned || status.is_deleted(recorded)) return done();
    }

    instance::Started started{.version     = saga->version,
                              .state       = begun.state ? *begun.state.value() : std::string{},
                              .begun_by    = to_string(event.id),
                              .correlation = to_string(event.metadata.correlation),
                              .at          = runtime_.clock.now(),
                              .shape       = saga->shape};
    std::vector<Fact> facts{std::move(started)};
    if (not begun.state) facts.push_back(stuck_at(instance::no_state_yet, begun.state.error()));
    auto started_now = record(key, {}, facts);
    if (not started_now) {
        // Begun before a crash, or by an earlier begin event of the same stream: it is not begun again.
        if (started_now.error().code == "stream-tombstoned") return done();
        if (started_now.error().code != "wrong-expected-version") return std::move(started_now.error());
        BOOST_OUTCOME_TRY(auto known, table_->find(key));
        if (known) return done();
        BOOST_OUTCOME_TRY(auto standing, refreshed(key, {}));
        BOOST_OUTCOME_TRY(table_->keep(key, standing));
        if (not is_open(standing)) return done();
    }
    if (begun.state) enqueue(key);
    return done();
}

// Of an instance that was stuck before it had a state: it begins with the event that it was to begin with.
result<void> SagaEngine::begin_again(const std::shared_ptr<Work>& work)
{
    work->step = instance::no_state_yet;
    work->saga = newest_definition_of(work->key.saga);
    BOOST_OUTCOME_TRY(const auto event, store_.find_event(parse_uuid(work->instance.begun_by).value_or(Uuid{})));
    if (not work->saga || not event) {
        park(work, no_begin_event(work->key));
        return done();
    }
    auto state = begin_by(*work->saga, *event).state;
    if (not state || not state.value()) {
        park(work, state ? no_begin_event(work->key) : std::move(state.error()));
        return done();
    }
    conclude(work, instance::Started{.version     = work->saga->version,
                                     .state       = std::move(*state.value()),
                                     .begun_by    = work->instance.begun_by,
                                     .correlation = work->instance.correlation,
                                     .at          = runtime_.clock.now(),
                                     .shape       = work->saga->shape});
    return done();
}

result<std::map<std::string, Position>> SagaEngine::not_begun() const
{
    BOOST_OUTCOME_TRY(auto* const table, this->table());
    std::map<std::string, Position> firsts;
    for (const auto& [name_and_version, saga] : definitions_) {
        if (saga != newest_definition_of(saga->name)) continue;
        BOOST_OUTCOME_TRY(const auto checkpoint, table->checkpoint(saga->name));
        for (const auto& type : saga->begin_event->names) {
            const auto cursor = store_.read({.scope = Scope::type(std::string{type}), .from = checkpoint + 1});
            for (;;) {
                BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
                if (event == nullptr) break;
                if (not is_begin_event(saga, *event)) continue;
                const auto [first, is_new] = firsts.emplace(saga->name, event->position);
                if (not is_new) first->second = std::min(first->second, event->position);
                break;
            }
        }
    }
    return firsts;
}

} // namespace eventloom
