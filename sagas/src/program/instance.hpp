// A saga's instance: its events, and what they fold to.
//
//     Instance instance;
//     for (const RecordedEvent& event : stream) BOOST_OUTCOME_TRY(instance, evolved(std::move(instance), event));
//     instance.progress_of(2).state;           // of the third step
//
// The fold does not know the definition: a step is its place in it. Threads: values.
#pragma once

#include "program/definition.hpp"

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/sagas/sagas.hpp>

namespace eventloom::instance {

// Of events from before places were recorded: the first step that was open, or the one that was being undone.
inline constexpr std::uint32_t the_next_one = 0xffff'ffff;
// The place of the work of el::failed.
inline constexpr std::uint32_t the_end = 0xffff'fffe;

struct Started {
    std::uint32_t version = 1; // of the definition
    std::string state;         // bytes of the saga's state
    std::string begun_by;      // id of the begin event
    std::string correlation;
    Time at{};
    std::uint64_t shape = 0; // of the state (framework/shape.hpp); 0: not known
    std::uint64_t form  = 0; // of the definition's steps; 0: not known
    Position position   = 0; // of the begin event; 0: not known
};
struct StepDone {
    std::string step;
    std::uint32_t place = the_next_one;
    std::optional<std::string> state; // nothing: it stayed as it was
    Time at{};
    std::uint64_t shape  = 0;
    bool others_are_open = false; // steps beside it: the next one does not begin yet
};
// The step waited for this event.
struct EventHeard {
    std::string step;
    std::uint32_t place = 0;
    std::string event; // its stored name
    Position position = 0;
    std::optional<std::string> state;
    Time at{};
    std::uint64_t shape  = 0;
    bool others_are_open = false;
};
// What a handler asks to be sent, and is kept until it is done.
struct Outgoing {
    std::uint32_t number = 0;
    std::string type; // of the command or request: the struct's name
    std::string name; // the same for people
    std::uint64_t shape = 0;
    std::string stream; // of the receiver; empty: it is a request to an activity
    std::string bytes;
};
struct SetTimer {
    std::string type; // of the struct; an instance has one of each
    std::string name; // the same for people
    std::uint64_t shape = 0;
    std::string bytes;
    Time due{};
};
// A handler has heard an event, a timer or the answer to a call, and this is what it made of it.
struct Handled {
    std::string event;                     // stored name, or the struct's name
    Position position      = 0;            // of an event
    std::uint32_t answered = the_next_one; // the number of the call that was answered, if one was
    std::optional<std::string> state;
    std::uint64_t shape = 0;
    std::vector<Outgoing> sent;
    std::vector<SetTimer> set;
    std::vector<std::string> taken_back; // types of timers; among them the one that was heard
    bool ends = false;
    std::string code; // of the failure that it ends with; empty: it does not fail
    std::string reason;
    Time at{};
};
// Left out: by its el::when, or by a person, who has said why.
struct StepSkipped {
    std::string step;
    std::uint32_t place = 0;
    std::string because;
    Time at{};
    bool others_are_open = false;
};
// Recorded of work that takes long, so that its time goes on after a restart.
struct WorkAsked {
    std::string step;
    std::uint32_t place = 0;
    std::string key;                // of the call
    bool is_answered_later = false; // the answer comes from elsewhere: it is not asked again
    Time at{};
};
// An attempt that had been given up was answered after all.
struct AnsweredLate {
    std::string step;
    std::uint32_t place = 0;
    std::string code; // of its error; empty: it had done its work
    Time at{};
};
// The answer to a call came from elsewhere. What it made of the step follows.
struct AnswerTaken {
    std::string step;
    std::uint32_t place = 0;
    std::string key;    // of the call
    std::string digest; // of the answer
    std::string answer; // for people
    Time at{};
};
struct AttemptFailed {
    std::string step;
    std::uint32_t place = the_next_one;
    std::string code;
    std::string reason;
    Time next_attempt{};
    Time at{};
};
struct StepFailed {
    std::string step;
    std::uint32_t place = the_next_one;
    std::string code;
    std::string reason;
    std::vector<std::uint32_t> undo; // places of open steps whose work may have been done
    Time at{};
};
struct StepUndone {
    std::uint32_t index = 0; // its place
    std::string step;
    Time at{};
};
struct CancelAsked {
    std::string code; // "cancelled"
    std::string reason;
    std::vector<std::uint32_t> undo;
    Position position = 0; // of the event that cancels; 0: a person did
    Time at{};
};
// There was no way back any more.
struct CancelRefused {
    std::string reason;
    Position position = 0;
    Time at{};
};
struct Completed {
    Time at{};
};
struct Compensated {
    Time at{};
};
struct Stuck {
    std::string step;
    std::string code;
    std::string reason;
    Time at{};
};
struct Resumed {
    std::string because;
    Time at{};
};
struct Paused {
    Time until{}; // Time::max(): until it is resumed
    std::string because;
    Time at{};
};
struct Unpaused {
    std::string because;
    Time at{};
};
// It goes on under another version of its saga.
struct Migrated {
    std::uint32_t version = 1;
    std::string state;
    std::uint64_t shape = 0;
    std::uint64_t form  = 0;
    std::vector<std::uint32_t> done; // places in the new definition
    std::vector<std::uint32_t> skipped;
    std::string because;
    Time at{};
};
// A person has said an event to this instance. What it made of it follows.
struct Signalled {
    std::string event; // its stored name
    std::uint32_t schema_version = 1;
    std::string data; // its bytes
    std::string because;
    Time at{};
};
// In the stream that has the saga's name and no key: an event of an instance that is not there, or has ended.
struct EventParked {
    std::string key; // of the instance
    std::string event;
    Position position = 0;
    std::string reason;
    Time at{};
};
// In the stream that has the saga's name and no key: a saga that begins from_now hears the events after this position.
struct BeginsAfter {
    Position position = 0;
    Time at{};
};

// Earlier forms.
struct StartedV1 {
    std::uint32_t version = 1;
    std::string state;
    std::string begun_by;
    std::string correlation;
    Time at{};
};
struct StartedV2 {
    std::uint32_t version = 1;
    std::string state;
    std::string begun_by;
    std::string correlation;
    Time at{};
    std::uint64_t shape = 0;
};
struct StepDoneV1 {
    std::string step;
    std::string state;
    Time at{};
};
struct StepDoneV2 {
    std::string step;
    std::string state;
    Time at{};
    std::uint64_t shape = 0;
};
struct AttemptFailedV1 {
    std::string step;
    std::string code;
    std::string reason;
    Time next_attempt{};
    Time at{};
};
struct StepFailedV1 {
    std::string step;
    std::string code;
    std::string reason;
    bool undo_own = false;
    Time at{};
};
struct ResumedV1 {
    Time at{};
};

// clang-format off
inline StartedV2 upcast(const StartedV1& event) { return {event.version, event.state, event.begun_by, event.correlation, event.at, 0}; }
inline Started upcast(const StartedV2& event)
{
    return {event.version, event.state, event.begun_by, event.correlation, event.at, event.shape, 0, 0};
}
inline StepDoneV2 upcast(const StepDoneV1& event)           { return {event.step, event.state, event.at, 0}; }
inline StepDone upcast(const StepDoneV2& event)             { return {event.step, the_next_one, event.state, event.at, event.shape, false}; }
inline AttemptFailed upcast(const AttemptFailedV1& event)   { return {event.step, the_next_one, event.code, event.reason, event.next_attempt, event.at}; }
inline StepFailed upcast(const StepFailedV1& event)
{
    std::vector<std::uint32_t> undo;
    if (event.undo_own) undo.push_back(the_next_one);
    return {event.step, the_next_one, event.code, event.reason, std::move(undo), event.at};
}
inline Resumed upcast(const ResumedV1& event)               { return {"", event.at}; }
// clang-format on

enum class StepState : std::uint8_t { open, done, skipped, maybe_done, undone };

// How far a step is.
struct Progress {
    StepState state      = StepState::open;
    std::uint32_t failed = 0; // attempts at what it is to do now
    Time next_attempt{};      // set after one has failed
    Duration wait{};          // from that failure on
    Time asked{};             // when its work was first asked for, if that is recorded
    std::string call;         // of the work that is answered from elsewhere
};

// Of an instance with handlers.
struct Outbox {
    struct Entry {
        Outgoing outgoing;
        Progress progress;
    };
    std::vector<Entry> entries; // what is still to be done, in its order
    std::vector<SetTimer> timers;
    std::uint32_t next_number = 0;
    bool ends                 = false; // when nothing is left to be done
    bool fails                = false;
};

// A call that was answered from elsewhere.
struct AnsweredCall {
    std::string key;
    std::string digest; // of its answer
};
// An instance may make more of them than its row should have.
inline constexpr std::size_t most_answered_calls = 16;

struct Beginning {
    std::uint32_t version = 0; // of the definition
    std::uint64_t form    = 0; // of its steps; 0: not known
    std::string event;         // id of the begin event
    std::string correlation;
    Time at{};
};

struct Instance {
    static constexpr auto category = "saga"; // for messages; the stream's category is the saga's name

    using Events =
        events<event<"saga-started", Started, StartedV1, StartedV2>,
               event<"saga-step-done", StepDone, StepDoneV1, StepDoneV2>,
               event<"saga-attempt-failed", AttemptFailed, AttemptFailedV1>,
               event<"saga-step-failed", StepFailed, StepFailedV1>, event<"saga-step-undone", StepUndone>,
               event<"saga-completed", Completed>, event<"saga-compensated", Compensated>, event<"saga-stuck", Stuck>,
               event<"saga-resumed", Resumed, ResumedV1>, event<"saga-event-heard", EventHeard>,
               event<"saga-step-skipped", StepSkipped>, event<"saga-work-asked", WorkAsked>,
               event<"saga-answered-late", AnsweredLate>, event<"saga-cancel-asked", CancelAsked>,
               event<"saga-cancel-refused", CancelRefused>, event<"saga-paused", Paused>,
               event<"saga-unpaused", Unpaused>, event<"saga-begins-after", BeginsAfter>,
               event<"saga-handled", Handled>, event<"saga-migrated", Migrated>, event<"saga-signalled", Signalled>,
               event<"saga-event-parked", EventParked>, event<"saga-answer-taken", AnswerTaken>>;

    std::uint64_t recorded = 0; // events of its stream that were folded
    SagaStatus status      = SagaStatus::running;
    std::string state;
    std::uint64_t shape = 0; // of the state; 0: not known
    Beginning began;
    std::vector<Progress> steps; // by place; those that are not there are open
    Progress end;                // of the work of el::failed
    Outbox outbox;
    std::vector<AnsweredCall> answered; // the last ones
    Time opened{};                      // when the steps that are open now became the next ones
    Position heard_to = 0;              // the youngest event of others that it has heard
    failure failed;                     // why it is being undone, or was
    failure stuck;                      // why it is stuck, or was
    bool stuck_running = false;         // it was not being undone
    Time paused_until{};                // Time{}: it is not paused
    Time changed{};

    const Progress& progress_of(std::uint32_t place) const;
    Progress& progress_of(std::uint32_t place);
    std::uint32_t first_open() const; // its place, which may be past the last step
};

// clang-format off
Instance evolve(Instance instance, const Started& event);
Instance evolve(Instance instance, const StepDone& event);
Instance evolve(Instance instance, const EventHeard& event);
Instance evolve(Instance instance, const StepSkipped& event);
Instance evolve(Instance instance, const WorkAsked& event);
Instance evolve(Instance instance, const AnsweredLate& event);
Instance evolve(Instance instance, const AttemptFailed& event);
Instance evolve(Instance instance, const StepFailed& event);
Instance evolve(Instance instance, const StepUndone& event);
Instance evolve(Instance instance, const CancelAsked& event);
Instance evolve(Instance instance, const CancelRefused& event);
Instance evolve(Instance instance, const Completed& event);
Instance evolve(Instance instance, const Compensated& event);
Instance evolve(Instance instance, const Stuck& event);
Instance evolve(Instance instance, const Resumed& event);
Instance evolve(Instance instance, const Paused& event);
Instance evolve(Instance instance, const Unpaused& event);
Instance evolve(Instance instance, const Migrated& event);
Instance evolve(Instance instance, const BeginsAfter& event);
Instance evolve(Instance instance, const Handled& event);
Instance evolve(Instance instance, const Signalled& event);
Instance evolve(Instance instance, const EventParked& event);
Instance evolve(Instance instance, const AnswerTaken& event);
// clang-format on
static_assert(aggregate<Instance>);

using Fact = Instance::Events::variant;

// The step of an instance that is stuck because el::begins gave it no state. A retry begins it again.
inline constexpr auto no_state_yet = "begins";
inline bool has_no_state_yet(const Instance& instance)
{
    return instance.stuck.step == no_state_yet && instance.state.empty() && instance.steps.empty();
}

inline bool is_open(const Instance& instance)
{
    return instance.status == SagaStatus::running || instance.status == SagaStatus::compensating;
}

// The present state of an instance, decoded by its definition.
// Failure::corrupt  "other-saga-state": the members of the state have changed under one version; and errors of the codec.
// Failure::invalid  "other-saga-steps": so have the steps.
result<SagaState> read_state(const SagaDefinition& saga, const Instance& instance);

} // namespace eventloom::instance
