// How an instance goes on under another version of its saga.
#include "engine/engine.hpp"

#include <eventloom/framework/detail/user_code.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

using instance::Fact;
using instance::StepState;

Error cannot_migrate(const InstanceKey& key, const SagaMigration& migration, std::string_view why)
{
    return {Failure::refused, "saga-cannot-migrate",
            fmt::format("asked to move the saga {} from version {} to version {} and found that {}", key.stream(),
                        migration.from, migration.to, why)};
}

std::optional<std::uint32_t> place_of(const SagaDefinition& saga, std::string_view name)
{
    const auto found =
        std::find_if(saga.steps.begin(), saga.steps.end(), [&](const auto& step) { return step.name == name; });
    if (found == saga.steps.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - saga.steps.begin());
}

// What was done stays done; what may have been asked for has to be asked for with the same id.
result<void> carry_steps(const SagaDefinition& before, const SagaDefinition& after, const Active& active,
                         const SagaMigration& migration, instance::Migrated& migrated)
{
    for (std::uint32_t place = 0; place < before.steps.size(); ++place) {
        const auto state    = active.instance.progress_of(place).state;
        const bool is_asked = state == StepState::open && active.instance.first_open() <= place &&
                              before.steps[place].act && active.asked.may_have_acted(active.instance, place) &&
                              before.steps[place].group == before.steps[active.instance.first_open()].group;
        const auto new_place = place_of(after, before.steps[place].name);
        if (state == StepState::done && not new_place) {
            return cannot_migrate(
                active.key, migration,
                fmt::format("its step \"{}\" is done and is not in the new version, so that it could not "
                            "be undone",
                            before.steps[place].name));
        }
        if (is_asked && new_place != place) {
            return cannot_migrate(
                active.key, migration,
                fmt::format("the work of its step \"{}\" may have been asked for, and in the new version "
                            "that step is not at the same place; try again when the step is over",
                            before.steps[place].name));
        }
        if (not new_place) continue;
        if (state == StepState::done) migrated.done.push_back(*new_place);
        if (state == StepState::skipped) migrated.skipped.push_back(*new_place);
    }
    return done();
}

} // namespace

result<void> SagaEngine::migrate(const InstanceKey& key, const std::string& because, bool only_try)
{
    const auto decide = [=, this](Active& active) -> result<Facts> {
        const auto found = migrations_.find({key.saga, active.instance.began.version});
        const auto after = found == migrations_.end() ? nullptr : definition_of(key.saga, found->second.to);
        if (not after) {
            return fail(
                Failure::invalid, "no-such-migration",
                fmt::format("asked to move the saga {} from version {} and found no migration from it to a version "
                            "that this program has; add one with el::migrates",
                            key.stream(), active.instance.began.version));
        }
        const SagaMigration& migration = found->second;
        const bool is_running          = active.instance.status == SagaStatus::running ||
                                (active.instance.status == SagaStatus::stuck && active.instance.stuck_running);
        if (not is_running) {
            return cannot_migrate(
                key, migration,
                fmt::format("it is {}; only what goes forward can be moved", to_string(active.instance.status)));
        }
        const Time now = runtime_.clock.now();
        instance::Migrated migrated{migration.to, {}, after->shape, after->form, {}, {}, because, now};
        const auto before = definition_of(key.saga, migration.from);
        if (not before && after->handlers.empty()) {
            return cannot_migrate(key, migration, "this program does not have the earlier version; add both");
        }
        if (before) {
            BOOST_OUTCOME_TRY(carry_steps(*before, *after, active, migration, migrated));
        }
        BOOST_OUTCOME_TRY(migrated.state, call_user_code("the migration of the saga", key.saga,
                                                         [&] { return migration.state(active.instance.state); }));
        Facts facts;
        if (active.instance.status == SagaStatus::stuck) facts.push_back(instance::Resumed{because, now});
        facts.push_back(std::move(migrated));
        if (only_try) return Facts{};
        active.saga.reset(); // it is found anew
        active.state.reset();
        return facts;
    };
    return ask(key, decide, only_try);
}

} // namespace eventloom
