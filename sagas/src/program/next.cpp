// What an instance does next (program.hpp).
#include "program/open_steps.hpp"
#include "program/program.hpp"

#include <eventloom/framework/detail/user_code.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

using namespace instance;

namespace {

void take_earlier(std::optional<Time>& earliest, Time time)
{
    earliest = earliest ? std::min(*earliest, time) : time;
}

// At once, when the clock has been set back to before the failure.
Time due_after_failure(const Progress& progress, Time now)
{
    return now < progress.next_attempt - progress.wait ? now : progress.next_attempt;
}

// Of a timer; nullptr: no handler hears it.
const detail::InnerType* inner_type_of(const SagaDefinition& saga, std::string_view type)
{
    for (const SagaHandler& handler : saga.handlers) {
        if (handler.inner != nullptr && handler.inner->name == type) return handler.inner;
    }
    return nullptr;
}

// A step, or the whole, that was not done in time.
Fact passed_deadline(const SagaDefinition& saga, const Instance& instance, const Asked& asked, std::string step,
                     std::uint32_t place, std::string reason, Time now)
{
    if (has_no_return(saga, instance)) return Stuck{std::move(step), "deadline-passed", std::move(reason), now};
    return StepFailed{
        std::move(step), place, "deadline-passed", std::move(reason), places_to_undo(saga, instance, asked), now};
}

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

} // namespace

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

} // namespace eventloom
