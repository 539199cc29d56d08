#include "operators/shown.hpp"

#include <algorithm>

namespace eventloom {

namespace {

// Why work that is to be done is not done yet. Empty: it is being done. `request`: of its activity, if it calls one.
std::string why_work_waits(SagaInstance& shown, const instance::Progress& progress, const std::type_info* request,
                           const SagaEngine& engine)
{
    if (not progress.call.empty()) {
        const auto run = stream_of_run(progress.call);
        return run.empty() ? "the answer to the call " + progress.call : "the end of the saga " + run;
    }
    const bool has_failed = progress.failed > 0;
    if (has_failed) {
        shown.attempts     = progress.failed;
        shown.next_attempt = progress.next_attempt;
    }
    // When its time has come, it waits for its turn as a first attempt does.
    const bool is_due = not has_failed || progress.next_attempt <= engine.now();
    auto why          = is_due && request != nullptr ? engine.waiting_for(*request) : std::string{};
    return has_failed && why.empty() ? "the next attempt" : why;
}

// What a saga with handlers has still to send, or waits for.
void describe_outbox(SagaInstance& shown, const instance::Outbox& outbox, const SagaEngine& engine)
{
    for (const auto& entry : outbox.entries) {
        const auto* type = detail::find_sent_type(entry.outgoing.type);
        auto why         = why_work_waits(shown, entry.progress, type == nullptr ? nullptr : type->request, engine);
        if (not why.empty()) shown.waits_for = std::move(why);
    }
    if (not outbox.entries.empty()) return;
    shown.waits_for = "events";
    for (const auto& timer : outbox.timers) shown.waits_for += ", " + timer.name + " at " + to_string(timer.due);
}

// What each of the open steps is, and why it waits.
void describe_open_steps(SagaInstance& shown, const instance::Instance& stored, const SagaDefinition& saga,
                         const SagaEngine& engine)
{
    if (not saga.handlers.empty()) return describe_outbox(shown, stored.outbox, engine);
    const auto first = stored.first_open();
    for (std::uint32_t place = first; place < saga.steps.size(); ++place) {
        const SagaStep& step = saga.steps[place];
        const auto& progress = stored.progress_of(place);
        const bool is_beside = step.group == saga.steps[first].group;
        if (not is_beside) break;
        if (progress.state != instance::StepState::open) continue;
        std::string why;
        if (step.awaits != nullptr) {
            why = "the event " + std::string{step.awaits->names.empty() ? step.name : step.awaits->names.front()};
        } else if (step.until) {
            why = "a time";
        } else {
            why = why_work_waits(shown, progress, step.request, engine);
        }
        if (not why.empty()) shown.waits_for += (shown.waits_for.empty() ? "" : "; ") + why;
    }
}

// What is undone now, and why that waits. What el::failed asks for is known by its call alone.
void describe_undoing(SagaInstance& shown, const InstanceKey& key, const instance::Instance& stored,
                      const SagaDefinition* saga, const SagaEngine& engine)
{
    const auto place     = saga != nullptr ? next_to_undo(*saga, stored) : std::nullopt;
    const auto& progress = place ? stored.progress_of(*place) : stored.end;
    const auto* request  = place ? saga->steps[*place].undo_request : nullptr;
    const auto run       = stream_of_run(progress.call);
    shown.waits_for =
        run.empty() ? why_work_waits(shown, progress, request, engine) : "the saga " + run + ", which is being undone";
    for (const auto& call : engine.calls_of(key)) {
        if (shown.waits_for.empty()) shown.waits_for = call.waits_for;
    }
}

} // namespace

std::string shown_steps(const std::vector<std::string>& steps)
{
    std::string shown;
    for (const auto& step : steps) shown.append(shown.empty() ? "" : ", ").append(step);
    return shown;
}

SagaInstance shown_instance(const InstanceKey& key, const instance::Instance& stored, std::optional<Time> due,
                            const SagaEngine& engine)
{
    const Saga saga = engine.definition_of(key.saga, stored.began.version);
    SagaInstance shown;
    shown.saga           = key.saga;
    shown.version        = stored.began.version;
    shown.key            = key.key;
    shown.status         = stored.status;
    shown.began          = stored.began.at;
    shown.changed        = stored.changed;
    shown.step           = shown_steps(names_of_present_steps(saga.get(), stored));
    const Time of_saga   = engine.paused_until(key.saga);
    const Time paused    = std::max(stored.paused_until, of_saga);
    const bool is_paused = is_open(stored) && paused > engine.now();
    if (is_paused) shown.paused_until = paused;
    if (is_open(stored)) shown.until = due;
    if (is_paused) shown.until = paused == Time::max() ? std::nullopt : std::optional{paused};
    if (stored.status == SagaStatus::stuck) {
        shown.why = stored.stuck;
    } else if (not stored.failed.code.empty()) {
        shown.why = stored.failed;
    }
    if (stored.status == SagaStatus::running && saga) {
        describe_open_steps(shown, stored, *saga, engine);
    } else if (stored.status == SagaStatus::compensating) {
        describe_undoing(shown, key, stored, saga.get(), engine);
    }
    if (is_paused) {
        const bool is_whole = of_saga == paused;
        shown.waits_for     = paused == Time::max()
                                  ? std::string{"somebody who resumes "} + (is_whole ? "the whole saga" : "it")
                                  : std::string{"the end of "} + (is_whole ? "the pause of the whole saga" : "its pause") +
                                    " at " + to_string(paused);
    }
    return shown;
}

namespace {

// What has failed and is tried again later; of a step that has handlers, or stands in a definition.
void add_next_attempt(std::vector<ActivityCallState>& calls, const std::string& step,
                      const instance::Progress& progress)
{
    if (progress.failed == 0 || progress.next_attempt == Time{}) return;
    const auto is_its = [&](const auto& call) { return call.step == step; };
    if (std::any_of(calls.begin(), calls.end(), is_its)) return; // it is being tried
    ActivityCallState call{.step = step, .activity = {}, .attempt = progress.failed + 1};
    call.next_attempt = progress.next_attempt;
    calls.push_back(std::move(call));
}

} // namespace

std::vector<ActivityCallState> shown_calls(const InstanceKey& key, const instance::Instance& stored,
                                           const SagaEngine& engine)
{
    auto calls      = engine.calls_of(key);
    const auto saga = engine.definition_of(key.saga, stored.began.version);
    if (not saga || not is_open(stored)) return calls;
    for (std::uint32_t place = 0; place < std::min(saga->steps.size(), stored.steps.size()); ++place) {
        add_next_attempt(calls, saga->steps[place].name, stored.steps[place]);
    }
    for (const auto& entry : stored.outbox.entries) add_next_attempt(calls, entry.outgoing.name, entry.progress);
    add_next_attempt(calls, "failed", stored.end);
    return calls;
}

SagaHistoryEntry shown_entry(const RecordedEvent& event)
{
    SagaHistoryEntry entry{.at        = event.recorded_at,
                           .what      = event.type,
                           .step      = {},
                           .detail    = {},
                           .position  = event.position,
                           .data_json = "null"};
    if (const auto* type = detail::find_event_type(saga_event_types(), event.type)) {
        if (auto json = type->to_json(event.schema_version, event.data)) entry.data_json = std::move(json.value());
    }
    if (entry.what.starts_with("saga-")) entry.what.erase(0, 5);
    const auto read = [&](const auto& fact) {
        if constexpr (requires { fact.step; }) entry.step = fact.step;
        if constexpr (requires { fact.event; }) entry.detail = fact.event;
        if constexpr (requires { fact.answer; }) entry.detail = fact.answer;
        const auto say = [&](const std::string& words) {
            if (not words.empty()) entry.detail = words;
        };
        if constexpr (requires { fact.reason; }) say(fact.reason);
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(fact)>, instance::Signalled>) {
            if (not fact.because.empty()) entry.detail += ": " + fact.because;
        } else if constexpr (requires { fact.because; }) {
            say(fact.because);
        }
    };
    static_cast<void>(
        detail::with_facts<instance::Instance>(event, entry.what, read)); // shown as far as it can be read
    return entry;
}

} // namespace eventloom
