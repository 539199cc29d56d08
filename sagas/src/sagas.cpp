#include <eventloom/sagas/sagas.hpp>

#include "operators/shown.hpp"

#include <eventloom/framework/detail/codec.hpp>
#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

const EventTypes& saga_event_types()
{
    return event_types<instance::Instance>();
}

std::string_view to_string(SagaStatus status)
{
    switch (status) {
    case SagaStatus::running:
        return "running";
    case SagaStatus::compensating:
        return "compensating";
    case SagaStatus::completed:
        return "completed";
    case SagaStatus::compensated:
        return "compensated";
    case SagaStatus::stuck:
        return "stuck";
    }
    return "unnamed";
}

Sagas::Sagas(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus, std::string directory,
             SagasOptions options)
    : engine_{std::make_shared<SagaEngine>(runtime, store, commands, bus, std::move(directory), options)}
{
}

Sagas::~Sagas()
{
    stop();
}

void Sagas::add(Saga saga)
{
    engine_->add(std::move(saga));
}

void Sagas::add(SagaMigration migration)
{
    engine_->add(std::move(migration));
}

void Sagas::add_activity(std::type_index request, std::string_view name, AnyActivity activity, ActivityOptions options)
{
    engine_->add_activity(request, name, std::move(activity), options);
}

result<TakenAnswer> Sagas::answer_call(const CallKey& key, const std::type_info& request, const AnswerType& type,
                                       std::shared_ptr<const void> answer)
{
    constexpr std::size_t longest_shown = 1'000;
    GivenAnswer given{&request, std::move(answer), {}, {}};
    const auto describe = [&] {
        std::string bytes;
        detail::encode_value(type.description, given.value.get(), bytes, nullptr);
        given.digest = to_string(derived_uuid({"answer", bytes}));
        given.shown  = detail::object_as_json(type.description, given.value.get(), type.name);
    };
    if (not type.is_personal) {
        BOOST_OUTCOME_TRY(call_user_code("the serializer of", type.name, describe));
    }
    if (given.shown.size() > longest_shown) given.shown = repaired_utf8(given.shown.substr(0, longest_shown)) + "...";
    return engine_->answer(key, std::move(given));
}

result<void> Sagas::start()
{
    return engine_->start();
}

result<void> Sagas::open()
{
    return engine_->open();
}

void Sagas::stop()
{
    engine_->stop();
}

bool Sagas::settle(Time deadline)
{
    return engine_->settle(deadline, false);
}

result<bool> Sagas::is_settled(std::string_view saga, std::string_view key, Position position) const
{
    return engine_->is_settled({std::string{saga}, std::string{key}}, position);
}

bool Sagas::finish(Time deadline)
{
    return engine_->settle(deadline, true);
}

result<std::vector<SagaFollowing>> Sagas::following() const
{
    return engine_->following();
}

std::optional<Error> Sagas::error() const
{
    return engine_->error();
}

result<std::vector<SagaInstance>> Sagas::list(const SagaFilter& filter, std::size_t limit) const
{
    BOOST_OUTCOME_TRY(InstanceTable* const table, engine_->table());
    std::vector<SagaInstance> found;
    if (limit == 0) return found;
    BOOST_OUTCOME_TRY(table->visit(filter, [&](const InstanceKey& key, const InstanceRow& row) {
        found.push_back(shown_instance(key, row.instance, row.due, *engine_));
        found.back().step = shown_steps(row.steps); // which it was found by
        return found.size() < limit;
    }));
    if (found.empty() && filter.saga) {
        BOOST_OUTCOME_TRY(engine_->check_has(*filter.saga, "list"));
    }
    return found;
}

result<std::map<SagaStatus, std::uint64_t>> Sagas::count() const
{
    BOOST_OUTCOME_TRY(InstanceTable* const table, engine_->table());
    std::map<SagaStatus, std::uint64_t> counts;
    for (const auto& [counted, number] : table->count()) {
        if (number > 0) counts[counted.status] += number;
    }
    return counts;
}

result<std::optional<SagaInstance>> Sagas::find(std::string_view saga, std::string_view key) const
{
    BOOST_OUTCOME_TRY(InstanceTable* const table, engine_->table());
    const InstanceKey wanted{std::string{saga}, std::string{key}};
    BOOST_OUTCOME_TRY(const auto known, table->find(wanted));
    if (not known) return std::optional<SagaInstance>{};
    return std::optional{shown_instance(wanted, known->instance, known->due, *engine_)};
}

result<std::map<std::string, Position>> Sagas::not_begun() const
{
    return engine_->not_begun();
}

std::vector<UnheardEvents> Sagas::unheard() const
{
    return engine_->unheard();
}

result<std::vector<ParkedEvent>> Sagas::parked(std::string_view saga) const
{
    return engine_->parked(std::string{saga});
}

result<SagaDetails> Sagas::show(std::string_view saga, std::string_view key, std::size_t entries) const
{
    BOOST_OUTCOME_TRY(InstanceTable* const table, engine_->table());
    const InstanceKey wanted{std::string{saga}, std::string{key}};
    BOOST_OUTCOME_TRY(auto known, table->find(wanted));
    if (not known) return engine_->no_such_instance(wanted);
    auto refreshed     = engine_->refreshed(wanted, known->instance);
    const auto& stored = refreshed ? refreshed.value() : known->instance; // a history that is lost is said in its row
    const auto definition = engine_->definition_of(wanted.saga, stored.began.version);
    SagaDetails details{.instance   = shown_instance(wanted, stored, known->due, *engine_),
                        .state_json = "null",
                        .times      = {},
                        .calls      = shown_calls(wanted, stored, *engine_),
                        .history    = {},
                        .earlier    = 0};
    if (definition) {
        // What cannot be read is said in `why`.
        const auto state = instance::read_state(*definition, stored);
        if (state) details.state_json = state_as_json(*definition, state.value());
        details.times = times_of(*definition, stored, state ? state.value() : SagaState{}, engine_->now());
        if (not state && not details.instance.why) {
            details.instance.why = failure{details.instance.step, state.error().code, state.error().sentence};
        }
    }
    const auto cursor = engine_->history(wanted, entries); // the last one first
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) break;
        details.earlier = event->version;
        // What was recorded since the instance was read would contradict what is shown of it.
        if (refreshed && event->version >= stored.recorded) continue;
        details.history.push_back(shown_entry(*event));
    }
    std::reverse(details.history.begin(), details.history.end());
    return details;
}

namespace {

InstanceKey key_of(std::string_view saga, std::string_view key)
{
    return {std::string{saga}, std::string{key}};
}

} // namespace

result<void> Sagas::retry(std::string_view saga, std::string_view key, std::string_view because, bool only_try)
{
    return engine_->retry(key_of(saga, key), std::string{because}, only_try);
}

result<void> Sagas::cancel(std::string_view saga, std::string_view key, std::string_view because, bool only_try)
{
    return engine_->cancel(key_of(saga, key), std::string{because}, only_try);
}

result<void> Sagas::skip(std::string_view saga, std::string_view key, std::string_view step, std::string_view because,
                         bool only_try)
{
    return engine_->skip(key_of(saga, key), std::string{step}, std::string{because}, only_try);
}

result<void> Sagas::pause(std::string_view saga, std::string_view key, std::string_view because, Time until,
                          bool only_try)
{
    return engine_->pause(key_of(saga, key), until, std::string{because}, only_try);
}

result<void> Sagas::resume(std::string_view saga, std::string_view key, std::string_view because, bool only_try)
{
    return engine_->unpause(key_of(saga, key), std::string{because}, only_try);
}

result<void> Sagas::pause_all(std::string_view saga, std::string_view because, Time until, bool only_try)
{
    return engine_->pause_all(std::string{saga}, until, std::string{because}, only_try);
}

result<void> Sagas::resume_all(std::string_view saga, std::string_view because, bool only_try)
{
    return engine_->resume_all(std::string{saga}, std::string{because}, only_try);
}

std::map<std::string, SagaPause> Sagas::paused() const
{
    return engine_->paused();
}

result<void> Sagas::signal(std::string_view saga, std::string_view key, const SagaSignal& event,
                           std::string_view because)
{
    return engine_->signal(key_of(saga, key), event, std::string{because});
}

result<void> Sagas::signal_fact(std::string_view saga, std::string_view key, const detail::Description& type,
                                const void* fact, std::string_view because)
{
    BOOST_OUTCOME_TRY(const auto heard, heard_by(saga, key));
    for (const EventType* one : heard) {
        if (one->forms[one->schema_version - 1].type != &type) continue;
        SagaSignal event{std::string{one->name}, one->schema_version, {}};
        BOOST_OUTCOME_TRY(call_user_code("the serializer of", one->name, [&] { one->encode(fact, event.data); }));
        return signal(saga, key, event, because);
    }
    return signal(saga, key, SagaSignal{"(an event of none of its lists)", 1, {}},
                  because); // it says what it waits for
}

result<std::vector<const EventType*>> Sagas::heard_by(std::string_view saga, std::string_view key) const
{
    BOOST_OUTCOME_TRY(InstanceTable* const table, engine_->table());
    const auto wanted = key_of(saga, key);
    BOOST_OUTCOME_TRY(auto known, table->find(wanted));
    BOOST_OUTCOME_TRY(const auto stored,
                      engine_->refreshed(wanted, known ? std::move(known->instance) : instance::Instance{}));
    const auto definition = engine_->definition_of(wanted.saga, stored.began.version);
    std::vector<const EventType*> types;
    if (not definition) return types;
    for (const auto* heard : heard_now(*definition, stored)) {
        for (const auto& name : heard->names) {
            const auto* type = detail::find_event_type(heard->types(), name);
            if (type != nullptr && std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
        }
    }
    return types;
}

result<void> Sagas::migrate(std::string_view saga, std::string_view key, std::string_view because, bool only_try)
{
    return engine_->migrate(key_of(saga, key), std::string{because}, only_try);
}

result<void> Sagas::check_may_lose_history(std::string_view stream) const
{
    const auto key = instance_of_stream(stream);
    if (not key || not engine_->newest_definition_of(key->saga)) return done();
    BOOST_OUTCOME_TRY(const auto found, find(key->saga, key->key));
    if (not found || has_ended(found->status)) return done();
    return fail(Failure::refused, "saga-not-ended",
                fmt::format("asked to take away history of the stream {} and found that it is of a saga that is {}; it "
                            "would forget what it has done: let it end, or cancel it first",
                            stream, to_string(found->status)));
}

std::vector<ActivityState> Sagas::activities() const
{
    return engine_->activities();
}

} // namespace eventloom
