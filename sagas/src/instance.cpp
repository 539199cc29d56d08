#include "instance.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<eventloom::instance::Instance>();
template struct eventloom::codec<eventloom::instance::Instance>;

namespace eventloom::instance {

namespace {

// Whatever happens counts, and ends the attempts at what was there before.
Instance moved_on(Instance instance, Time at)
{
    ++instance.recorded;
    instance.changed      = at;
    instance.attempts     = 0;
    instance.next_attempt = Time{};
    return instance;
}

} // namespace

result<SagaState> read_state(const SagaDefinition& saga, const Instance& instance)
{
    if (may_be_same_shape(saga.shape, instance.shape)) return decode_state(saga, instance.state);
    return fail(Failure::corrupt, "other-saga-state",
                "read the state of an instance of " + saga.name + " version " + std::to_string(saga.version) +
                    " and found that it was written with other members (shape " +
                    digits_of_fingerprint(instance.shape) + ", where this program has " +
                    digits_of_fingerprint(saga.shape) +
                    "); give the changed saga a new version, add both to the engine, then retry it");
}

Instance evolve(Instance instance, const Started& event)
{
    instance             = moved_on(std::move(instance), event.at);
    instance.version     = event.version;
    instance.state       = event.state;
    instance.shape       = event.shape;
    instance.begun_by    = event.begun_by;
    instance.correlation = event.correlation;
    instance.began       = event.at;
    instance.step_began  = event.at;
    instance.stuck       = {}; // it may have had no state before
    return instance;
}

Instance evolve(Instance instance, const StepDone& event)
{
    instance            = moved_on(std::move(instance), event.at);
    instance.state      = event.state;
    instance.shape      = event.shape;
    instance.step_began = event.at;
    ++instance.step;
    return instance;
}

Instance evolve(Instance instance, const AttemptFailed& event)
{
    ++instance.recorded;
    ++instance.attempts;
    instance.changed      = event.at;
    instance.next_attempt = event.next_attempt;
    return instance;
}

Instance evolve(Instance instance, const StepFailed& event)
{
    instance        = moved_on(std::move(instance), event.at);
    instance.status = SagaStatus::compensating;
    instance.failed = {event.step, event.code, event.reason};
    if (event.undo_own) ++instance.step;
    return instance;
}

Instance evolve(Instance instance, const StepUndone& event)
{
    instance      = moved_on(std::move(instance), event.at);
    instance.step = event.index;
    return instance;
}

Instance evolve(Instance instance, const Completed& event)
{
    instance        = moved_on(std::move(instance), event.at);
    instance.status = SagaStatus::completed;
    return instance;
}

Instance evolve(Instance instance, const Compensated& event)
{
    instance        = moved_on(std::move(instance), event.at);
    instance.status = SagaStatus::compensated;
    return instance;
}

Instance evolve(Instance instance, const Stuck& event)
{
    // Of an instance whose definition is missing, the step it is at stays what it is.
    const bool was_running = instance.status == SagaStatus::running;
    instance               = moved_on(std::move(instance), event.at);
    instance.status        = SagaStatus::stuck;
    instance.stuck_running = was_running;
    instance.stuck         = {event.step, event.code, event.reason};
    return instance;
}

Instance evolve(Instance instance, const Resumed& event)
{
    instance            = moved_on(std::move(instance), event.at);
    instance.status     = instance.stuck_running ? SagaStatus::running : SagaStatus::compensating;
    instance.step_began = event.at;
    return instance;
}

} // namespace eventloom::instance
