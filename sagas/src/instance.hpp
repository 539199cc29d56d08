// A saga's instance: its events, and the state that they fold to.
#pragma once

#include "definition.hpp"

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/sagas/sagas.hpp>

namespace eventloom::instance {

struct Started {
    std::uint32_t version = 1; // of the definition
    std::string state;         // bytes of the saga's state
    std::string begun_by;      // id of the begin event
    std::string correlation;
    Time at{};
    std::uint64_t shape = 0; // of the state (framework/shape.hpp); 0: not known
};
struct StepDone {
    std::string step;
    std::string state;
    Time at{};
    std::uint64_t shape = 0;
};
// As they were before the shape was recorded.
struct StartedV1 {
    std::uint32_t version = 1;
    std::string state;
    std::string begun_by;
    std::string correlation;
    Time at{};
};
struct StepDoneV1 {
    std::string step;
    std::string state;
    Time at{};
};
inline Started upcast(const StartedV1& event)
{
    return {event.version, event.state, event.begun_by, event.correlation, event.at, 0};
}
inline StepDone upcast(const StepDoneV1& event)
{
    return {event.step, event.state, event.at, 0};
}
struct AttemptFailed {
    std::string step;
    std::string code;
    std::string reason;
    Time next_attempt{};
    Time at{};
};
struct StepFailed {
    std::string step;
    std::string code;
    std::string reason;
    bool undo_own = false; // some of the step's own work may have been done
    Time at{};
};
struct StepUndone {
    std::uint32_t index = 0;
    std::string step;
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
    Time at{};
};

struct Instance {
    static constexpr auto category = "saga"; // for messages; the stream's category is the saga's name

    using Events =
        events<event<"saga-started", Started, StartedV1>, event<"saga-step-done", StepDone, StepDoneV1>,
               event<"saga-attempt-failed", AttemptFailed>, event<"saga-step-failed", StepFailed>,
               event<"saga-step-undone", StepUndone>, event<"saga-completed", Completed>,
               event<"saga-compensated", Compensated>, event<"saga-stuck", Stuck>, event<"saga-resumed", Resumed>>;

    std::uint64_t recorded = 0; // events that were folded
    std::uint32_t version  = 0; // of the definition
    SagaStatus status      = SagaStatus::running;
    std::string state;
    std::string begun_by;
    std::string correlation;
    std::uint32_t step     = 0; // running: the one to act; compensating: how many are left to undo
    std::uint32_t attempts = 0;
    Time next_attempt{};
    Time step_began{};
    failure failed;             // why it is being undone, or was
    failure stuck;              // why it is stuck, or was
    bool stuck_running = false; // it was not being undone
    Time began{};
    Time changed{};
    // The last member: rows of the engine's table from before it end without it (instance_table.cpp).
    std::uint64_t shape = 0; // of the state; 0: not known
};

Instance evolve(Instance instance, const Started& event);
Instance evolve(Instance instance, const StepDone& event);
Instance evolve(Instance instance, const AttemptFailed& event);
Instance evolve(Instance instance, const StepFailed& event);
Instance evolve(Instance instance, const StepUndone& event);
Instance evolve(Instance instance, const Completed& event);
Instance evolve(Instance instance, const Compensated& event);
Instance evolve(Instance instance, const Stuck& event);
Instance evolve(Instance instance, const Resumed& event);
static_assert(aggregate<Instance>);

// The step of an instance that is stuck because el::begins gave it no state. A retry begins it again.
inline constexpr auto no_state_yet = "begins";
inline bool has_no_state_yet(const Instance& instance)
{
    return instance.stuck.step == no_state_yet && instance.state.empty() && instance.step == 0;
}

inline bool is_open(const Instance& instance)
{
    return instance.status == SagaStatus::running || instance.status == SagaStatus::compensating;
}

// The present state of an instance, decoded by its definition.
// Failure::corrupt  "other-saga-state": the members of the state have changed under one version; and errors of the codec.
result<SagaState> read_state(const SagaDefinition& saga, const Instance& instance);

} // namespace eventloom::instance
