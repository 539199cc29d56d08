#include <eventloom/sagas/sagas.hpp>

#include "engine.hpp"

namespace eventloom {

namespace {

SagaInstance instance_of(const InstanceKey& key, const instance::Instance& stored, const Saga& saga)
{
    SagaInstance shown{.saga         = key.saga,
                       .version      = stored.version,
                       .key          = key.key,
                       .status       = stored.status,
                       .step         = {},
                       .attempts     = stored.attempts,
                       .next_attempt = {},
                       .why          = {},
                       .began        = stored.began,
                       .changed      = stored.changed};
    if (stored.next_attempt != Time{}) shown.next_attempt = stored.next_attempt;
    if (stored.status == SagaStatus::stuck) {
        shown.why  = stored.stuck;
        shown.step = stored.stuck.step;
    } else if (not stored.failed.code.empty()) {
        shown.why = stored.failed;
    }
    if (stored.status == SagaStatus::running && saga && stored.step < saga->steps.size()) {
        shown.step = saga->steps[stored.step].name;
    } else if (stored.status == SagaStatus::compensating) {
        shown.step = "undoing";
    }
    return shown;
}

SagaHistoryEntry entry_of(const RecordedEvent& event)
{
    SagaHistoryEntry entry{.at = event.recorded_at, .what = event.type, .step = {}, .detail = {}};
    if (entry.what.starts_with("saga-")) entry.what.erase(0, 5);
    const auto read = [&](const auto& fact) {
        if constexpr (requires { fact.step; }) entry.step = fact.step;
        if constexpr (requires { fact.reason; }) entry.detail = fact.reason;
    };
    static_cast<void>(
        detail::with_facts<instance::Instance>(event, entry.what, read)); // shown as far as it can be read
    return entry;
}

} // namespace

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

void Sagas::add_activity(std::type_index request, std::string_view name, AnyActivity activity)
{
    engine_->add_activity(request, name, std::move(activity));
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

bool Sagas::finish(Time deadline)
{
    return engine_->settle(deadline, true);
}

std::optional<Error> Sagas::error() const
{
    return engine_->error();
}

result<std::vector<SagaInstance>> Sagas::list(std::optional<SagaStatus> status, std::size_t limit) const
{
    BOOST_OUTCOME_TRY(InstanceTable* const table, engine_->table());
    std::vector<SagaInstance> found;
    BOOST_OUTCOME_TRY(table->visit_all([&](const InstanceKey& key, const instance::Instance& stored) {
        if (status && stored.status != *status) return true;
        if (found.size() == limit) return false;
        found.push_back(instance_of(key, stored, engine_->definition_of(key.saga, stored.version)));
        return true;
    }));
    return found;
}

result<std::map<SagaStatus, std::uint64_t>> Sagas::count() const
{
    BOOST_OUTCOME_TRY(InstanceTable* const table, engine_->table());
    std::map<SagaStatus, std::uint64_t> counts;
    BOOST_OUTCOME_TRY(table->visit_all([&](const InstanceKey&, const instance::Instance& stored) {
        ++counts[stored.status];
        return true;
    }));
    return counts;
}

result<std::optional<SagaInstance>> Sagas::find(std::string_view saga, std::string_view key) const
{
    BOOST_OUTCOME_TRY(InstanceTable* const table, engine_->table());
    const InstanceKey wanted{std::string{saga}, std::string{key}};
    BOOST_OUTCOME_TRY(const auto known, table->find(wanted));
    if (not known) return std::optional<SagaInstance>{};
    return std::optional{instance_of(wanted, *known, engine_->definition_of(wanted.saga, known->version))};
}

result<std::map<std::string, Position>> Sagas::not_begun() const
{
    return engine_->not_begun();
}

result<SagaDetails> Sagas::show(std::string_view saga, std::string_view key) const
{
    BOOST_OUTCOME_TRY(InstanceTable* const table, engine_->table());
    const InstanceKey wanted{std::string{saga}, std::string{key}};
    BOOST_OUTCOME_TRY(auto known, table->find(wanted));
    if (not known) {
        return fail(Failure::invalid, "no-such-saga-instance",
                    "asked for the saga " + wanted.stream() + " and found no such instance; `sagas list` shows all");
    }
    BOOST_OUTCOME_TRY(const auto stored, engine_->refreshed(wanted, std::move(*known)));
    const auto definition = engine_->definition_of(wanted.saga, stored.version);
    SagaDetails details{.instance = instance_of(wanted, stored, definition), .state_json = "null", .history = {}};
    if (definition) {
        // What cannot be read is said in `why`.
        const auto state = instance::read_state(*definition, stored);
        if (state) details.state_json = state_as_json(*definition, state.value());
        if (not state && not details.instance.why) {
            details.instance.why = failure{details.instance.step, state.error().code, state.error().sentence};
        }
    }
    const auto cursor = engine_->history(wanted);
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return details;
        details.history.push_back(entry_of(*event));
    }
}

result<void> Sagas::retry(std::string_view saga, std::string_view key)
{
    return engine_->resume({std::string{saga}, std::string{key}});
}

} // namespace eventloom
