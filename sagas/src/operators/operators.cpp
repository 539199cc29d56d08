// What a person asks of an instance.
#include "engine/engine.hpp"

#include <eventloom/framework/pauses.hpp>
#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

using instance::Fact;
using Facts = std::vector<Fact>;

Error wrong_status(const InstanceKey& key, std::string_view code, std::string_view asked, std::string_view found,
                   std::string_view advice)
{
    return {Failure::refused, std::string{code},
            fmt::format("asked to {} the saga {} and found it {}; {}", asked, key.stream(), found, advice)};
}

// What a person does to one that is stuck takes it up again first.
Facts taken_up(Active& active, const std::string& because, Time now)
{
    if (active.instance.status != SagaStatus::stuck) return {};
    return {instance::Resumed{because, now}};
}

} // namespace

result<void> check_definition(const Active& active)
{
    if (active.saga && active.state) return done();
    if (active.instance.began.version == 0) return history_lost(active.key);
    return fail(Failure::invalid, "unknown-saga-version",
                fmt::format("looked at the saga {}, which began under version {}, and found that this program does not "
                            "have that version, or cannot read its state; add the version to the program first",
                            active.key.stream(), active.instance.began.version));
}

Error SagaEngine::no_such_instance(const InstanceKey& key) const
{
    if (const auto has = check_has(key.saga, "look at"); not has) return has.error();
    return {Failure::invalid, "no-such-saga-instance",
            "asked for the saga " + key.stream() + " and found no such instance; `sagas list` shows all"};
}

result<void> SagaEngine::ask(const InstanceKey& key, const Decide& decide, bool only_try)
{
    BOOST_OUTCOME_TRY(table());
    if (stopped()) return ask_at_rest(key, decide, only_try);
    struct Asking {
        std::mutex mutex;
        std::optional<result<void>> answer;
    };
    const auto asking = std::make_shared<Asking>();
    const auto answer = [asking, this](result<void> given) {
        {
            const std::lock_guard lock{asking->mutex};
            asking->answer = std::move(given);
        }
        runtime_.executor.wake();
    };
    const auto input = std::make_shared<Input>();
    *input = [this, decide, answer, only_try, weak = std::weak_ptr{input}](const std::shared_ptr<Active>& active) {
        auto facts = active->is_known() ? decide(*active) : result<Facts>{no_such_instance(active->key)};
        if (not facts) {
            answer(std::move(facts.error()));
            return go_on(active);
        }
        if (only_try || facts.value().empty()) {
            answer(done());
            return go_on(active);
        }
        // Somebody else was faster: it is decided again.
        active->when_recorded.push_back([this, answer, key = active->key, again = weak.lock()](bool is_recorded) {
            if (is_recorded) return answer(done());
            if (again) tell(key, *again);
        });
        for (Fact& fact : facts.value()) active->add(std::move(fact));
        go_on(active);
    };
    tell(key, *input);
    const auto is_answered = [&] {
        const std::lock_guard lock{asking->mutex};
        return asking->answer.has_value();
    };
    runtime_.executor.wait_until([&] { return is_answered() || stopped() || error(); }, Time::max());
    if (is_answered()) return *asking->answer;
    if (auto why = error()) return *why;
    return fail(Failure::unavailable, "sagas-not-open",
                "asked something of the saga " + key.stream() + " while the engine stopped; ask again when it runs");
}

result<void> SagaEngine::ask_at_rest(const InstanceKey& key, const Decide& decide, bool only_try)
{
    BOOST_OUTCOME_TRY(table_->take_over());
    Active active{key};
    BOOST_OUTCOME_TRY(load(active));
    if (not active.is_known()) return no_such_instance(key);
    BOOST_OUTCOME_TRY(auto facts, decide(active));
    if (only_try || facts.empty()) return done();
    for (Fact& fact : facts) active.add(std::move(fact));
    AppendRequest request;
    request.streams.push_back(append_of(active));
    const auto head     = table_->begin_write(store_.head());
    const auto appended = store_.append(request);
    if (appended) recorded(active, appended.value().last_position);
    table_->end_write(head);
    if (not appended) return appended.error();
    return table_->flush();
}

result<void> SagaEngine::retry(const InstanceKey& key, const std::string& because, bool only_try)
{
    const auto decide = [=, this](Active& active) -> result<Facts> {
        if (active.instance.status != SagaStatus::stuck) {
            return wrong_status(key, "saga-not-stuck", "retry", to_string(active.instance.status),
                                "only one that is stuck can be retried");
        }
        return Facts{instance::Resumed{because, runtime_.clock.now()}};
    };
    return ask(key, decide, only_try);
}

result<void> SagaEngine::cancel(const InstanceKey& key, const std::string& because, bool only_try)
{
    const auto decide = [=, this](Active& active) -> result<Facts> {
        const Time now = runtime_.clock.now();
        if (has_ended(active.instance.status)) {
            return wrong_status(key, "saga-ended", "cancel", to_string(active.instance.status),
                                "nothing is left to be undone");
        }
        auto facts   = taken_up(active, because, now);
        auto resumed = active.instance;
        for (const Fact& fact : facts) resumed = evolved(std::move(resumed), fact);
        if (resumed.status == SagaStatus::compensating) {
            return wrong_status(key, "saga-being-undone", "cancel", "being undone",
                                "`sagas show` tells how far that is; retry it if it is stuck");
        }
        BOOST_OUTCOME_TRY(check_definition(active));
        if (has_no_return(*active.saga, resumed)) {
            return wrong_status(key, "saga-past-no-return", "cancel", "past its point of no return",
                                "it can only go on: retry it, or skip the step that it is at");
        }
        facts.push_back(fact_of_cancelling(*active.saga, resumed, active.asked, because, 0, now));
        return facts;
    };
    return ask(key, decide, only_try);
}

result<void> SagaEngine::skip(const InstanceKey& key, const std::string& step, const std::string& because,
                              bool only_try)
{
    const auto decide = [=, this](Active& active) -> result<Facts> {
        const Time now = runtime_.clock.now();
        if (has_ended(active.instance.status)) {
            return wrong_status(key, "saga-ended", "skip a step of", to_string(active.instance.status),
                                "nothing is left to be done");
        }
        BOOST_OUTCOME_TRY(check_definition(active));
        auto facts   = taken_up(active, because, now);
        auto resumed = active.instance;
        for (const Fact& fact : facts) resumed = evolved(std::move(resumed), fact);
        auto skipped = fact_of_skipping(*active.saga, resumed, step, because, now);
        if (not skipped) {
            return fail(
                Failure::refused, "no-such-open-step",
                fmt::format("asked to skip the step \"{}\" of the saga {} and found that it is not the one to be "
                            "done now; `sagas show` names it",
                            step, key.stream()));
        }
        if (not only_try) active.drop_all();
        facts.push_back(std::move(*skipped));
        return facts;
    };
    return ask(key, decide, only_try);
}

result<void> SagaEngine::pause(const InstanceKey& key, Time until, const std::string& because, bool only_try)
{
    const auto decide = [=, this](Active& active) -> result<Facts> {
        if (has_ended(active.instance.status)) {
            return wrong_status(key, "saga-ended", "pause", to_string(active.instance.status),
                                "only one that still has something to do can be paused");
        }
        BOOST_OUTCOME_TRY(pauses::check_is_to_come("the saga " + key.stream(), until, now()));
        return Facts{instance::Paused{until, because, now()}};
    };
    return ask(key, decide, only_try);
}

result<void> SagaEngine::unpause(const InstanceKey& key, const std::string& because, bool only_try)
{
    const auto decide = [=, this](Active& active) -> result<Facts> {
        if (active.instance.paused_until == Time{}) {
            return wrong_status(key, "saga-not-paused", "resume", to_string(active.instance.status),
                                "only one that is paused can be resumed; `sagas retry` continues one that is stuck");
        }
        return Facts{instance::Unpaused{because, runtime_.clock.now()}};
    };
    return ask(key, decide, only_try);
}

namespace {

// As it would come from the log. An event of no place in it changes nothing that counts places.
RecordedEvent event_signalled(const SagaDefinition& saga, const InstanceKey& key, const SagaSignal& signal, Time now)
{
    RecordedEvent event;
    event.type           = signal.type;
    event.schema_version = signal.schema_version;
    event.data           = signal.data;
    event.recorded_at    = now;
    event.stream         = key.stream();
    for (const auto* heard : heard_events(saga)) {
        const auto& names = heard->names;
        if (std::find(names.begin(), names.end(), signal.type) == names.end() || heard->category.empty()) continue;
        event.stream = detail::stream_of(heard->category, key.key);
    }
    return event;
}

// It would be in the stream of the instance in plain text.
result<void> check_is_not_personal(const SagaDefinition& saga, const InstanceKey& key, const SagaSignal& signal)
{
    for (const auto* heard : heard_events(saga)) {
        const auto* type = detail::find_event_type(heard->types(), signal.type);
        if (type == nullptr || not type->is_personal) continue;
        return fail(
            Failure::invalid, "personal-signal",
            fmt::format("told the saga {} the event \"{}\" and found that this event has personal fields, which "
                        "the saga's stream keeps in plain text; record it with a command to its aggregate",
                        key.stream(), signal.type));
    }
    return done();
}

Error does_not_wait(const Active& active, const SagaSignal& signal)
{
    std::string waits;
    for (const auto* heard : heard_now(*active.saga, active.instance)) {
        for (const auto& name : heard->names) waits += (waits.empty() ? "" : ", ") + std::string{name};
    }
    return {Failure::refused, "saga-does-not-wait",
            fmt::format("told the saga {} the event \"{}\" and found that it does not wait for it; {}",
                        active.key.stream(), signal.type,
                        waits.empty() ? "it waits for no event" : "it waits for: " + waits)};
}

} // namespace

result<void> SagaEngine::signal(const InstanceKey& key, const SagaSignal& signal, const std::string& because)
{
    return ask(key, [=, this](Active& active) -> result<Facts> {
        const Time now = runtime_.clock.now();
        if (active.instance.status != SagaStatus::running) {
            return wrong_status(key, "saga-not-running", "tell an event to", to_string(active.instance.status),
                                "only one that is running hears events; retry it first if it is stuck");
        }
        BOOST_OUTCOME_TRY(check_definition(active));
        BOOST_OUTCOME_TRY(check_is_not_personal(*active.saga, key, signal));
        const auto event  = event_signalled(*active.saga, key, signal, now);
        const auto before = active.state;
        auto fact         = fact_heard(active, event);
        if (not fact) return does_not_wait(active, signal);
        if (std::holds_alternative<instance::CancelRefused>(*fact)) {
            return wrong_status(key, "saga-past-no-return", "cancel", "past its point of no return",
                                "it can only go on: retry it, or skip the step that it is at");
        }
        if (const auto* stuck =
                std::get_if<instance::Stuck>(&*fact)) { // nothing has happened but that somebody has asked
            active.state = before;
            return fail(Failure::invalid, stuck->code, stuck->reason);
        }
        Facts facts{instance::Signalled{signal.type, signal.schema_version, signal.data, because, now}};
        facts.push_back(std::move(*fact));
        return facts;
    });
}

} // namespace eventloom
