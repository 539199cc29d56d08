// What becomes of an instance's work, and of what it hears; next.cpp says what it does next.
#include "program/program.hpp"

#include "program/open_steps.hpp"

#include <eventloom/framework/detail/user_code.hpp>

#include <cmath>

namespace eventloom {

using namespace instance;

namespace {

bool is_to_be_undone(const Instance& instance, std::uint32_t place)
{
    const auto state = instance.progress_of(place).state;
    return state == StepState::done || state == StepState::maybe_done;
}

} // namespace

std::optional<std::uint32_t> next_to_undo(const SagaDefinition& saga, const Instance& instance)
{
    for (auto place = static_cast<std::uint32_t>(saga.steps.size()); place-- > 0;) {
        const bool has_undo = saga.steps[place].undo || saga.steps[place].runs_saga;
        if (is_to_be_undone(instance, place) && has_undo) return place;
    }
    return std::nullopt;
}

const detail::SentType* sent_type_of(const Instance& instance, const Task& task)
{
    const auto* outgoing = outgoing_of(instance, task);
    return outgoing == nullptr ? nullptr : detail::find_sent_type(outgoing->type);
}

std::vector<std::pair<Task, std::string>> calls_answered_later(const Instance& instance)
{
    std::vector<std::pair<Task, std::string>> calls;
    const auto add = [&](const Task& task, const Progress& progress) {
        if (not progress.call.empty()) calls.emplace_back(task, progress.call);
    };
    const bool is_stuck = instance.status == SagaStatus::stuck;
    if (not is_open(instance) && not is_stuck) return calls;
    const bool goes_forward = is_stuck ? instance.stuck_running : instance.status == SagaStatus::running;
    const auto kind         = goes_forward ? TaskKind::act : TaskKind::undo;
    for (std::uint32_t place = 0; place < instance.steps.size(); ++place) add({place, kind}, instance.steps[place]);
    for (const auto& entry : instance.outbox.entries) add({entry.outgoing.number, TaskKind::act}, entry.progress);
    add({the_end, TaskKind::end}, instance.end);
    return calls;
}

namespace {

// Between two attempts at the same work.
constexpr Duration longest_wait = std::chrono::hours{1};

// A "no" is an answer; everything else may be different next time.
bool is_answer(const Error& error)
{
    return error.kind == Failure::refused || error.kind == Failure::invalid;
}

Duration wait_after(const retry& policy, std::uint32_t attempts)
{
    const double first = static_cast<double>(std::chrono::duration_cast<Duration>(policy.first_wait).count());
    const double wait  = first * std::pow(policy.factor, attempts);
    return wait < static_cast<double>(longest_wait.count()) ? Duration{static_cast<std::int64_t>(wait)} : longest_wait;
}

} // namespace

bool Asked::may_have_acted(const Instance& instance, std::uint32_t place) const
{
    const Progress& progress = instance.progress_of(place);
    return is_taken_up || since.contains(place) || progress.failed > 0 || progress.asked != Time{};
}

bool has_no_return(const SagaDefinition& saga, const Instance& instance)
{
    return instance.status == SagaStatus::running && instance.first_open() >= saga.no_return;
}

std::string name_of(const SagaDefinition& saga, const Instance& instance, const Task& task)
{
    if (const auto* outgoing = outgoing_of(instance, task)) return outgoing->name;
    return task.kind == TaskKind::end ? "failed" : saga.steps[task.place].name;
}

result<std::vector<SagaAction>> work_of_task(const SagaDefinition& saga, const Instance& instance,
                                             const SagaState& state, const Task& task)
{
    if (const auto* kept = outgoing_of(instance, task)) {
        BOOST_OUTCOME_TRY(auto action, kept_action({kept->type, kept->shape, kept->stream, kept->bytes}));
        return std::vector<SagaAction>{std::move(action)};
    }
    return call_user_code("what describes the work of the saga's step", name_of(saga, instance, task), [&] {
        if (task.kind == TaskKind::end) return work_of(saga.failed, state, instance.failed);
        const SagaStep& step = saga.steps[task.place];
        const bool has_undo  = static_cast<bool>(step.undo); // else what is undone is the saga that it runs
        return work_of(task.kind == TaskKind::undo && has_undo ? step.undo : step.act, state);
    });
}

result<Fact> fact_of_success(const SagaDefinition& saga, const Instance& instance, SagaState& state, const Task& task,
                             const void* answer, Time now)
{
    if (task.kind == TaskKind::end) return Fact{Compensated{now}};
    if (const auto* outgoing = outgoing_of(instance, task)) {
        return Fact{StepDone{outgoing->name, task.place, {}, now, saga.shape, false}};
    }
    const SagaStep& step = saga.steps[task.place];
    if (task.kind == TaskKind::undo) return Fact{StepUndone{task.place, step.name, now}};
    StepDone done{step.name, task.place, {}, now, saga.shape, others_are_open(saga, instance, task.place)};
    if (step.keep && answer != nullptr) {
        const auto kept = call_user_code("el::keep of the saga's step", step.name, [&] {
            state = state_with_answer(saga, step, state, answer);
            encode_state(saga, state, done.state.emplace());
        });
        if (not kept) return kept.error();
    }
    return Fact{std::move(done)};
}

Fact fact_of_failure(const SagaDefinition& saga, const Instance& instance, const Asked& asked, const Task& task,
                     const Error& error, bool something_was_done, Time now)
{
    const bool is_of_step    = task.kind != TaskKind::end && saga.handlers.empty();
    const auto policy        = is_of_step ? saga.steps[task.place].retry.value_or(saga.retry) : saga.retry;
    const Progress& progress = instance.progress_of(task.place);
    auto name                = name_of(saga, instance, task);
    if (not is_answer(error) && progress.failed + 1 < policy.times) {
        const Time next = now + wait_after(policy, progress.failed);
        return AttemptFailed{std::move(name), task.place, error.code, error.sentence, next, now};
    }
    if (not is_of_step || task.kind != TaskKind::act || instance.status != SagaStatus::running ||
        has_no_return(saga, instance)) {
        return Stuck{std::move(name), error.code, error.sentence, now};
    }
    // A refusal of the first action means that nothing happened; otherwise something did, or may have.
    auto undo = places_to_undo(saga, instance, asked);
    if (is_answer(error) && not something_was_done && progress.failed == 0) std::erase(undo, task.place);
    return StepFailed{std::move(name), task.place, error.code, error.sentence, std::move(undo), now};
}

std::vector<const detail::HeardEvent*> heard_now(const SagaDefinition& saga, const Instance& instance)
{
    if (instance.status != SagaStatus::running || instance.outbox.ends) return {};
    auto heard = saga.cancelled_by;
    for (std::uint32_t place = 0; place < saga.steps.size(); ++place) {
        const auto* awaits = saga.steps[place].awaits;
        if (awaits != nullptr && is_open_step(instance, place)) heard.push_back(awaits);
    }
    for (const SagaHandler& handler : saga.handlers) {
        if (handler.event != nullptr) heard.push_back(handler.event);
    }
    return heard;
}

std::optional<std::uint32_t> step_that_awaits(const SagaDefinition& saga, const Instance& instance,
                                              const RecordedEvent& event)
{
    for (std::uint32_t place = 0; place < saga.steps.size(); ++place) {
        const auto* awaits = saga.steps[place].awaits;
        if (awaits != nullptr && is_open_step(instance, place) && is_heard(*awaits, event)) return place;
    }
    return std::nullopt;
}

result<std::optional<Fact>> fact_of_event(const SagaDefinition& saga, const Instance& instance, SagaState& state,
                                          std::uint32_t place, const RecordedEvent& event, Time now)
{
    const SagaStep& step = saga.steps[place];
    EventHeard heard{step.name, place, event.type, event.position,
                     {},        now,   saga.shape, others_are_open(saga, instance, place)};
    bool is_the_one = false;
    const auto take = [&](const void* fact) {
        is_the_one = true;
        if (not step.keep) return;
        state = state_with_answer(saga, step, state, fact);
        encode_state(saga, state, heard.state.emplace());
    };
    BOOST_OUTCOME_TRY(call_user_code("el::keep of the saga's step", step.name,
                                     [&] { return with_heard_fact(*step.awaits, event, take); }));
    if (not is_the_one) return std::optional<Fact>{};
    return std::optional<Fact>{std::move(heard)};
}

Fact fact_of_cancelling(const SagaDefinition& saga, const Instance& instance, const Asked& asked, std::string reason,
                        Position position, Time now)
{
    if (has_no_return(saga, instance)) return CancelRefused{std::move(reason), position, now};
    return CancelAsked{"cancelled", std::move(reason), places_to_undo(saga, instance, asked), position, now};
}

std::optional<Fact> fact_of_skipping(const SagaDefinition& saga, const Instance& instance, const std::string& name,
                                     const std::string& because, Time now)
{
    for (const auto& entry : instance.outbox.entries) {
        if (entry.outgoing.name == name) return StepSkipped{name, entry.outgoing.number, because, now, false};
    }
    if (instance.status == SagaStatus::running) {
        for (const std::uint32_t place : open_steps(saga, instance)) {
            if (saga.steps[place].name != name) continue;
            return StepSkipped{name, place, because, now, others_are_open(saga, instance, place)};
        }
        return std::nullopt;
    }
    const auto place = next_to_undo(saga, instance);
    if (place && saga.steps[*place].name == name) return StepSkipped{name, *place, because, now, true};
    if (not place && name == "failed") return Compensated{now};
    return std::nullopt;
}

} // namespace eventloom
