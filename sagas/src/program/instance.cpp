#include "program/instance.hpp"

#include <eventloom/framework/event_codec.hpp>

#include <fmt/core.h>

#include <algorithm>

template const eventloom::EventTypes& eventloom::event_types<eventloom::instance::Instance>();
template struct eventloom::codec<eventloom::instance::Instance>;

namespace eventloom::instance {

namespace {

Instance counted(Instance instance, Time at)
{
    ++instance.recorded;
    instance.changed = at;
    return instance;
}

void keep_state(Instance& instance, const std::optional<std::string>& state, std::uint64_t shape)
{
    if (not state) return;
    instance.state = *state;
    instance.shape = shape;
}

// What was tried for it, and when it was asked, is over.
void settle(Progress& progress, StepState state)
{
    progress       = Progress{};
    progress.state = state;
}

void open_next(Instance& instance, Time at, bool others_are_open = false)
{
    if (not others_are_open) instance.opened = at;
}

template <class Box>
auto entry_of(Box& outbox, std::uint32_t number)
{
    const auto found = std::find_if(outbox.entries.begin(), outbox.entries.end(),
                                    [&](const auto& entry) { return entry.outgoing.number == number; });
    return found == outbox.entries.end() ? nullptr : &*found;
}

// Of a handler's work nothing is left when it is done.
void drop_from_outbox(Outbox& outbox, std::uint32_t number)
{
    std::erase_if(outbox.entries, [&](const auto& entry) { return entry.outgoing.number == number; });
}

bool has_handlers(const Instance& instance)
{
    return instance.outbox.next_number > 0;
}

void begin_undoing(Instance& instance, const std::vector<std::uint32_t>& undo, failure why)
{
    for (const std::uint32_t place : undo) settle(instance.progress_of(place), StepState::maybe_done);
    for (Progress& progress : instance.steps) {
        if (progress.state == StepState::open) progress = Progress{};
    }
    instance.outbox.entries.clear();
    instance.outbox.timers.clear();
    instance.status = SagaStatus::compensating;
    instance.failed = std::move(why);
}

} // namespace

const Progress& Instance::progress_of(std::uint32_t place) const
{
    static const Progress open;
    if (place == the_end) return end;
    if (const auto* entry = entry_of(outbox, place)) return entry->progress;
    if (place == the_next_one) place = first_open();
    return place < steps.size() ? steps[place] : open;
}

Progress& Instance::progress_of(std::uint32_t place)
{
    if (place == the_end) return end;
    if (auto* entry = entry_of(outbox, place)) return entry->progress;
    if (place == the_next_one) place = first_open();
    if (place >= steps.size()) steps.resize(place + 1);
    return steps[place];
}

std::uint32_t Instance::first_open() const
{
    std::uint32_t place = 0;
    while (place < steps.size() && steps[place].state != StepState::open) ++place;
    return place;
}

result<SagaState> read_state(const SagaDefinition& saga, const Instance& instance)
{
    if (instance.began.form != 0 && instance.began.form != saga.form) {
        return fail(Failure::invalid, "other-saga-steps",
                    fmt::format("looked at an instance of {} version {} and found that it began with other steps (form "
                                "{}, where this program has {}); give the changed saga a new version, add both to the "
                                "engine, then retry it",
                                saga.name, saga.version, digits_of_fingerprint(instance.began.form),
                                digits_of_fingerprint(saga.form)));
    }
    if (may_be_same_shape(saga.shape, instance.shape)) return decode_state(saga, instance.state);
    return fail(Failure::corrupt, "other-saga-state",
                fmt::format("read the state of an instance of {} version {} and found that it was written with other "
                            "members (shape {}, where this program has {}); give the changed saga a new version, add "
                            "both to the engine, then retry it",
                            saga.name, saga.version, digits_of_fingerprint(instance.shape),
                            digits_of_fingerprint(saga.shape)));
}

Instance evolve(Instance instance, const Started& event)
{
    instance                   = counted(std::move(instance), event.at);
    instance.began.version     = event.version;
    instance.state             = event.state;
    instance.shape             = event.shape;
    instance.began.form        = event.form;
    instance.began.event       = event.begun_by;
    instance.began.correlation = event.correlation;
    instance.heard_to          = event.position;
    instance.began.at          = event.at;
    instance.stuck             = {}; // it may have had no state before
    open_next(instance, event.at);
    return instance;
}

Instance evolve(Instance instance, const StepDone& event)
{
    instance = counted(std::move(instance), event.at);
    keep_state(instance, event.state, event.shape);
    if (has_handlers(instance)) {
        drop_from_outbox(instance.outbox, event.place);
    } else {
        settle(instance.progress_of(event.place), StepState::done);
    }
    open_next(instance, event.at, event.others_are_open);
    return instance;
}

Instance evolve(Instance instance, const EventHeard& event)
{
    instance = counted(std::move(instance), event.at);
    keep_state(instance, event.state, event.shape);
    settle(instance.progress_of(event.place), StepState::done);
    if (event.position != 0) instance.heard_to = event.position;
    open_next(instance, event.at, event.others_are_open);
    return instance;
}

Instance evolve(Instance instance, const StepSkipped& event)
{
    instance = counted(std::move(instance), event.at);
    if (has_handlers(instance)) {
        drop_from_outbox(instance.outbox, event.place);
    } else {
        settle(instance.progress_of(event.place), StepState::skipped);
    }
    open_next(instance, event.at, event.others_are_open);
    return instance;
}

Instance evolve(Instance instance, const WorkAsked& event)
{
    instance       = counted(std::move(instance), event.at);
    Progress& step = instance.progress_of(event.place);
    if (step.asked == Time{} || event.at < step.asked) step.asked = event.at;
    if (event.is_answered_later) step.call = event.key;
    // It had been asked for when the undoing began.
    if (instance.status == SagaStatus::compensating && step.state == StepState::open)
        settle(step, StepState::maybe_done);
    return instance;
}

Instance evolve(Instance instance, const AnsweredLate& event)
{
    return counted(std::move(instance), event.at);
}

Instance evolve(Instance instance, const AttemptFailed& event)
{
    instance       = counted(std::move(instance), event.at);
    const bool old = event.place == the_next_one && instance.status != SagaStatus::running;
    Progress& step = old ? instance.end : instance.progress_of(event.place);
    ++step.failed;
    step.next_attempt = event.next_attempt;
    step.wait         = event.next_attempt - event.at;
    if (step.asked == Time{}) step.asked = event.at; // its time has begun, also when it failed at once
    step.call.clear();
    return instance;
}

Instance evolve(Instance instance, const StepFailed& event)
{
    instance = counted(std::move(instance), event.at);
    begin_undoing(instance, event.undo, {event.step, event.code, event.reason});
    return instance;
}

Instance evolve(Instance instance, const StepUndone& event)
{
    instance = counted(std::move(instance), event.at);
    // Those after it had nothing to undo.
    for (std::uint32_t place = event.index; place < std::max<std::size_t>(instance.steps.size(), event.index + 1);
         ++place) {
        auto& progress = instance.progress_of(place);
        if (progress.state == StepState::done || progress.state == StepState::maybe_done)
            settle(progress, StepState::undone);
    }
    return instance;
}

Instance evolve(Instance instance, const CancelAsked& event)
{
    instance = counted(std::move(instance), event.at);
    begin_undoing(instance, event.undo, {"", event.code, event.reason});
    if (event.position != 0) instance.heard_to = event.position;
    return instance;
}

Instance evolve(Instance instance, const CancelRefused& event)
{
    instance = counted(std::move(instance), event.at);
    if (event.position != 0) instance.heard_to = event.position;
    return instance;
}

Instance evolve(Instance instance, const Completed& event)
{
    instance        = counted(std::move(instance), event.at);
    instance.status = SagaStatus::completed;
    return instance;
}

Instance evolve(Instance instance, const Compensated& event)
{
    instance        = counted(std::move(instance), event.at);
    instance.status = SagaStatus::compensated;
    return instance;
}

Instance evolve(Instance instance, const Stuck& event)
{
    const bool was_running = instance.status == SagaStatus::running;
    instance               = counted(std::move(instance), event.at);
    instance.status        = SagaStatus::stuck;
    instance.stuck_running = was_running;
    instance.stuck         = {event.step, event.code, event.reason};
    return instance;
}

// Its attempts are counted anew, and so is the time of the steps that are open.
Instance evolve(Instance instance, const Resumed& event)
{
    instance        = counted(std::move(instance), event.at);
    instance.status = instance.stuck_running ? SagaStatus::running : SagaStatus::compensating;
    for (Progress& progress : instance.steps) {
        const auto state = progress.state;
        settle(progress, state);
    }
    for (auto& entry : instance.outbox.entries) entry.progress = {};
    instance.end = {};
    open_next(instance, event.at);
    return instance;
}

Instance evolve(Instance instance, const Paused& event)
{
    instance              = counted(std::move(instance), event.at);
    instance.paused_until = event.until;
    return instance;
}

Instance evolve(Instance instance, const Unpaused& event)
{
    instance              = counted(std::move(instance), event.at);
    instance.paused_until = Time{};
    return instance;
}

Instance evolve(Instance instance, const Handled& event)
{
    instance = counted(std::move(instance), event.at);
    keep_state(instance, event.state, event.shape);
    if (event.position != 0) instance.heard_to = event.position;
    Outbox& outbox = instance.outbox;
    drop_from_outbox(outbox, event.answered);
    outbox.next_number = std::max<std::uint32_t>(outbox.next_number, 1); // the mark of an instance with handlers
    for (const Outgoing& outgoing : event.sent) {
        outbox.entries.push_back({outgoing, {}});
        outbox.next_number = outgoing.number + 1;
    }
    std::erase_if(outbox.timers, [&](const SetTimer& timer) {
        const auto is_it = [&](const auto& other) { return other == timer.type; };
        return std::any_of(event.taken_back.begin(), event.taken_back.end(), is_it) ||
               std::any_of(event.set.begin(), event.set.end(),
                           [&](const auto& other) { return other.type == timer.type; });
    });
    outbox.timers.insert(outbox.timers.end(), event.set.begin(), event.set.end());
    if (event.ends) outbox.ends = true;
    if (not event.code.empty()) {
        outbox.fails    = true;
        instance.failed = {{}, event.code, event.reason};
    }
    open_next(instance, event.at);
    return instance;
}

// Attempts at a step that stays where it was are not forgotten.
Instance evolve(Instance instance, const Migrated& event)
{
    instance               = counted(std::move(instance), event.at);
    instance.began.version = event.version;
    instance.began.form    = event.form;
    keep_state(instance, event.state, event.shape);
    for (Progress& progress : instance.steps) {
        if (progress.state != StepState::open) progress = Progress{};
    }
    for (const std::uint32_t place : event.done) settle(instance.progress_of(place), StepState::done);
    for (const std::uint32_t place : event.skipped) settle(instance.progress_of(place), StepState::skipped);
    open_next(instance, event.at); // new steps wait from now on
    return instance;
}

Instance evolve(Instance instance, const Signalled& event)
{
    return counted(std::move(instance), event.at);
}

Instance evolve(Instance instance, const EventParked& event)
{
    return counted(std::move(instance), event.at);
}

Instance evolve(Instance instance, const AnswerTaken& event)
{
    instance = counted(std::move(instance), event.at);
    instance.answered.push_back({event.key, event.digest});
    if (instance.answered.size() > most_answered_calls) instance.answered.erase(instance.answered.begin());
    return instance;
}

// It is of no instance.
Instance evolve(Instance instance, const BeginsAfter& event)
{
    return counted(std::move(instance), event.at);
}

} // namespace eventloom::instance
