#include "program/program.hpp"

#include <eventloom/framework/detail/user_code.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace eventloom {

using namespace instance;

namespace {

// Between two attempts at the same work.
constexpr Duration longest_wait = std::chrono::hours{1};

void take_earlier(std::optional<Time>& earliest, Time time)
{
    earliest = earliest ? std::min(*earliest, time) : time;
}

// At once, when the clock has been set back to before the failure.
Time due_after_failure(const Progress& progress, Time now)
{
    return now < progress.next_attempt - progress.wait ? now : progress.next_attempt;
}

bool is_open_step(const Instance& instance, std::uint32_t place)
{
    return instance.progress_of(place).state == StepState::open;
}

bool is_to_be_undone(const Instance& instance, std::uint32_t place)
{
    const auto state = instance.progress_of(place).state;
    return state == StepState::done || state == StepState::maybe_done;
}

// Of a timer; nullptr: no handler hears it.
const detail::InnerType* inner_type_of(const SagaDefinition& saga, std::string_view type)
{
    for (const SagaHandler& handler : saga.handlers) {
        if (handler.inner != nullptr && handler.inner->name == type) return handler.inner;
    }
    return nullptr;
}

const Outgoing* outgoing_of(const Instance& instance, const Task& task)
{
    for (const auto& entry : instance.outbox.entries) {
        if (entry.outgoing.number == task.place) return &entry.outgoing;
    }
    return nullptr;
}

bool others_are_open(const SagaDefinition& saga, const Instance& instance, std::uint32_t place)
{
    const auto places = open_steps(saga, instance);
    return std::any_of(places.begin(), places.end(), [&](std::uint32_t other) { return other != place; });
}

std::vector<std::uint32_t> places_to_undo(const SagaDefinition& saga, const Instance& instance, const Asked& asked)
{
    std::vector<std::uint32_t> places;
    for (const std::uint32_t place : open_steps(saga, instance)) {
        if (saga.steps[place].act && asked.may_have_acted(instance, place)) places.push_back(place);
    }
    return places;
}

// A step, or the whole, that was not done in time.
Fact passed_deadline(const SagaDefinition& saga, const Instance& instance, const Asked& asked, std::string step,
                     std::uint32_t place, std::string reason, Time now)
{
    if (has_no_return(saga, instance)) return Stuck{std::move(step), "deadline-passed", std::move(reason), now};
    return StepFailed{
        std::move(step), place, "deadline-passed", std::move(reason), places_to_undo(saga, instance, asked), now};
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

// One look at the open steps: what follows from them by itself, or what is to be done and waited for.
class Look {
public:
    Look(const SagaDefinition& saga, const Instance& instance, const SagaState& state, const Asked& asked, Time now)
        : saga_{saga}, instance_{instance}, state_{state}, asked_{asked}, now_{now}
    {
    }

    void at_all()
    {
        if (not is_open(instance_)) return;
        if (asked_.saga_paused_until > now_) return; // the end of that is not the instance's to see
        if (instance_.paused_until > now_) {
            if (instance_.paused_until != Time::max()) next.wake = instance_.paused_until;
            return;
        }
        if (instance_.status != SagaStatus::running) return at_undoing();
        saga_.handlers.empty() ? at_steps() : at_handlers();
    }

    std::optional<Fact> fact;
    Next next;

private:
    void at_steps()
    {
        if (saga_.deadline && not has_no_return(saga_, instance_)) {
            if (is_over({}, the_end, *time_began(saga_, instance_, asked_, the_end), *saga_.deadline)) {
                fact = passed_deadline(saga_, instance_, asked_, {}, the_next_one,
                                       "the saga was not done by its deadline", now_);
            }
            if (fact) return;
        }
        const auto places = open_steps(saga_, instance_);
        if (places.empty()) fact = Completed{now_};
        for (const std::uint32_t place : places) {
            if (not fact) at_step(place);
        }
    }

    void at_step(std::uint32_t place)
    {
        const SagaStep& step = saga_.steps[place];
        if (step.when && is_new(place) && not step.when.call(step.when.held.get(), state_.get())) {
            fact = StepSkipped{step.name, place, {}, now_, others_are_open(saga_, instance_, place)};
            return;
        }
        if (step.until) return at_time(step, place);
        if (is_late(step, place)) {
            fact = passed_deadline(saga_, instance_, asked_, step.name, place,
                                   fmt::format("the step \"{}\" was not done by its deadline", step.name), now_);
        }
        if (fact) return;
        const Progress& progress = instance_.progress_of(place);
        if (step.awaits != nullptr) return; // until it is heard
        attempt({place, TaskKind::act}, progress);
    }

    // Once its work was asked for, or a step beside it has done its own, its condition does not count any more.
    bool is_new(std::uint32_t place) const
    {
        const Progress& own = instance_.progress_of(place);
        if (asked_.since.contains(place) || own.failed > 0 || own.asked != Time{}) return false;
        for (std::uint32_t other = 0; other < saga_.steps.size(); ++other) {
            const bool is_beside = saga_.steps[other].group == saga_.steps[place].group && saga_.steps[other].act;
            if (is_beside && instance_.progress_of(other).state == StepState::done) return false;
        }
        return true;
    }

    void at_time(const SagaStep& step, std::uint32_t place)
    {
        const Time due = step.until.call(step.until.held.get(), state_.get());
        if (now_ < due) return take_earlier(next.wake, due);
        fact = StepDone{step.name, place, {}, now_, saga_.shape, others_are_open(saga_, instance_, place)};
    }

    bool is_late(const SagaStep& step, std::uint32_t place)
    {
        if (not step.deadline) return false;
        const auto from = time_began(saga_, instance_, asked_, place);
        return from && is_over(step.name, place, *from, *step.deadline);
    }

    // What begins in the time to come was begun by a clock that ran ahead: its time begins anew, and that is noted.
    bool is_over(const std::string& step, std::uint32_t place, Time from, std::chrono::milliseconds span)
    {
        if (from > now_) {
            fact = WorkAsked{step, place, {}, false, now_};
            return false;
        }
        const Time due = end_of_time(from, span);
        if (now_ >= due) return true;
        take_earlier(next.wake, due);
        return false;
    }

    // Commands go out one after the other; requests do not wait for them.
    void at_handlers()
    {
        const Outbox& outbox = instance_.outbox;
        if (outbox.ends && outbox.entries.empty()) {
            fact = outbox.fails ? Fact{Compensated{now_}} : Fact{Completed{now_}};
            return;
        }
        bool has_command = false;
        for (const auto& entry : outbox.entries) {
            const bool is_command = not entry.outgoing.stream.empty();
            if (is_command && std::exchange(has_command, true)) continue;
            attempt({entry.outgoing.number, TaskKind::act}, entry.progress);
        }
        if (outbox.ends) return;
        const SetTimer* first = nullptr;
        for (const SetTimer& timer : outbox.timers) {
            if (timer.due > now_) {
                take_earlier(next.wake, timer.due);
            } else if (first == nullptr || timer.due < first->due) {
                first = &timer;
            }
        }
        if (first != nullptr) next.timer = inner_type_of(saga_, first->type);
    }

    void at_undoing()
    {
        const auto place = next_to_undo(saga_, instance_);
        if (place) return attempt({*place, TaskKind::undo}, instance_.progress_of(*place));
        if (saga_.failed) return attempt({the_end, TaskKind::end}, instance_.end);
        if (not asked_.may_act) fact = Compensated{now_};
    }

    void attempt(const Task& task, const Progress& progress)
    {
        if (not progress.call.empty()) return; // until somebody answers
        if (progress.failed > 0) {
            const Time due = due_after_failure(progress, now_);
            if (due > now_) return take_earlier(next.attempt, due);
        }
        next.tasks.push_back(task);
    }

    const SagaDefinition& saga_;
    const Instance& instance_;
    const SagaState& state_;
    const Asked& asked_;
    const Time now_;
};

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

result<Next> next_of(const SagaDefinition& saga, Instance& instance, const SagaState& state, const Asked& asked,
                     Time now)
{
    std::vector<Fact> facts;
    std::optional<Instance> changed; // only with a fact: most looks find none
    for (;;) {
        Look look{saga, changed ? *changed : instance, state, asked, now};
        BOOST_OUTCOME_TRY(call_user_code("el::when or el::until of the saga", saga.name, [&] { look.at_all(); }));
        if (not look.fact) {
            look.next.facts = std::move(facts);
            if (changed) instance = std::move(*changed);
            return std::move(look.next);
        }
        if (not changed) changed = instance;
        changed = evolved(std::move(*changed), *look.fact);
        facts.push_back(std::move(*look.fact));
    }
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
