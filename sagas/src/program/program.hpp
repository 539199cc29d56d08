// What an instance does next. Pure: from its definition, its history and the time to facts and tasks; without store, clock or
// thread.
//
//     BOOST_OUTCOME_TRY(const Next next, next_of(saga, instance, state, asked, now));
//     record(next.facts);                     // they follow from what is recorded: the saga is completed, a deadline has passed
//     for (const Task& task : next.tasks) perform(task);
//
// Threads: pure functions; what they call is the user's, and may throw.
#pragma once

#include "program/instance.hpp"

#include <map>

namespace eventloom {

// Work is done, undone, or it is that of el::failed.
enum class TaskKind : std::uint8_t { act, undo, end };

struct Task {
    std::uint32_t place = 0;
    TaskKind kind       = TaskKind::act;

    friend bool operator==(const Task&, const Task&) = default;
};

// What this process knows of the work of an instance, and its stream does not.
struct Asked {
    std::map<std::uint32_t, Time> since; // when the work of a step was first asked for
    Time saga_paused_until{};            // the whole saga begins no work
    bool is_taken_up = false;            // the instance was read from disk: an earlier process may have asked for more
    bool may_act     = false;            // work that was called is not over: what is undone is not at its end

    bool may_have_acted(const instance::Instance& instance, std::uint32_t place) const;
};

struct Next {
    std::vector<instance::Fact> facts;        // to be recorded first; `instance` has them
    std::vector<Task> tasks;                  // to be performed now, those that are not being performed already
    std::optional<Time> attempt;              // when the next attempt is due, if one is
    const detail::InnerType* timer = nullptr; // has come: its handler is to hear it first
    std::optional<Time> wake;                 // when a deadline, a time or a pause is over, if one is awaited
};

// Folds the facts that follow into `instance`.
// Failure::defect  what a lambda of the user's throws; `instance` is as it was.
result<Next> next_of(const SagaDefinition& saga, instance::Instance& instance, const SagaState& state,
                     const Asked& asked, Time now);

// The name of the step, for people.
std::string name_of(const SagaDefinition& saga, const instance::Instance& instance, const Task& task);

// The work of a task.
result<std::vector<SagaAction>> work_of_task(const SagaDefinition& saga, const instance::Instance& instance,
                                             const SagaState& state, const Task& task);

// What the success of a task is recorded as; `state` becomes what el::keep makes of the answer.
result<instance::Fact> fact_of_success(const SagaDefinition& saga, const instance::Instance& instance, SagaState& state,
                                       const Task& task, const void* answer, Time now);

// What its failure is recorded as: it is tried again, the saga is undone, or the instance is stuck.
instance::Fact fact_of_failure(const SagaDefinition& saga, const instance::Instance& instance, const Asked& asked,
                               const Task& task, const Error& error, bool something_was_done, Time now);

// The events that it hears as it is now: those of its open steps, or its handlers, and those that cancel it.
std::vector<const detail::HeardEvent*> heard_now(const SagaDefinition& saga, const instance::Instance& instance);

// The open step that waits for this event; nothing: none does.
std::optional<std::uint32_t> step_that_awaits(const SagaDefinition& saga, const instance::Instance& instance,
                                              const RecordedEvent& event);
// What hearing it is recorded as; nothing when an upcast made something else of it.
result<std::optional<instance::Fact>> fact_of_event(const SagaDefinition& saga, const instance::Instance& instance,
                                                    SagaState& state, std::uint32_t place, const RecordedEvent& event,
                                                    Time now);

// ---- sagas with handlers

// What a handler makes of an event, a timer or an answer. `state` becomes what it is then. Nothing when there is no handler, or when
// an upcast made something else of the event.
result<std::optional<instance::Fact>> fact_of_handler(const SagaDefinition& saga, const instance::Instance& instance,
                                                      SagaState& state, const std::string& key,
                                                      const RecordedEvent& event, Time now);
result<instance::Fact> fact_of_timer(const SagaDefinition& saga, const instance::Instance& instance, SagaState& state,
                                     const std::string& key, const detail::InnerType& timer, Time now);
// `number`: of the call.
result<instance::Fact> fact_of_answer(const SagaDefinition& saga, const instance::Instance& instance, SagaState& state,
                                      const std::string& key, std::uint32_t number, const detail::SentType& request,
                                      const void* answer, Time now);
// What cancelling is recorded as. `position`: of the event that cancels it.
instance::Fact fact_of_cancelling(const SagaDefinition& saga, const instance::Instance& instance, const Asked& asked,
                                  std::string reason, Position position, Time now);

// Work whose answer comes from elsewhere, and the key of its call.
std::vector<std::pair<Task, std::string>> calls_answered_later(const instance::Instance& instance);

// The type of what a handler has asked to be sent, by this task; nullptr: it is none, or this program has no such type.
const detail::SentType* sent_type_of(const instance::Instance& instance, const Task& task);

// The step that is to be undone now: the last one that was done.
std::optional<std::uint32_t> next_to_undo(const SagaDefinition& saga, const instance::Instance& instance);

// When the time of a step began: it was first asked for, or began to wait for an event. Of the whole, at the place `the_end`.
// Nothing: that has not been.
std::optional<Time> time_began(const SagaDefinition& saga, const instance::Instance& instance, const Asked& asked,
                               std::uint32_t place);
// At which no more than `span` has passed.
Time end_of_time(Time began, std::chrono::milliseconds span);

// The times at which an instance goes on by itself, the first one first. What el::until throws is left out: the instance will be
// stuck with it. No state: this program cannot read it.
std::vector<SagaTime> times_of(const SagaDefinition& saga, const instance::Instance& instance, const SagaState& state,
                               Time now);

// The names of the steps that it is at: what it does, waits for, undoes, or is stuck with. nullptr: the definition is not known.
std::vector<std::string> names_of_present_steps(const SagaDefinition* saga, const instance::Instance& instance);

// What leaving out the step with this name is recorded as, if it is one that is to be done, or undone, now.
std::optional<instance::Fact> fact_of_skipping(const SagaDefinition& saga, const instance::Instance& instance,
                                               const std::string& name, const std::string& because, Time now);

// Nothing is undone from here on.
bool has_no_return(const SagaDefinition& saga, const instance::Instance& instance);

} // namespace eventloom
