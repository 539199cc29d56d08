// An instance in hand: what comes to it waits in its inbox, and is taken in one after the other.
//
// Whoever has set `is_busy` owns the rest, until it takes the next input or leaves; so nothing here is locked but the inbox. An
// instance that waits for nothing but a time, an event or a person is not in hand: it is a row in the table.
#pragma once

#include "activities/activities.hpp"
#include "program/program.hpp"
#include "table/instance_table.hpp"

#include <atomic>
#include <functional>
#include <list>
#include <set>

namespace eventloom {

struct Active;

// The work of a task, as far as it has come.
struct Work {
    Task task;
    std::string name; // of the step
    std::vector<SagaAction> actions;
    std::size_t done = 0; // actions that took effect
    std::shared_ptr<CallHandle> call;
    AnyAnswer answer;                    // to the last call
    std::atomic<Duration::rep> asked{0}; // when the call was really made

    bool is_done() const { return done == actions.size(); }
    bool is_called() const { return call != nullptr; }
    bool calls_next() const { return not is_done() && std::holds_alternative<CallAction>(actions[done]); }
};

struct Active;

// Of the command or call that is the action `done` of this work: the same words for the same work, before and after a crash.
Uuid id_of_action(const InstanceKey& key, const Task& task, const std::string& name, std::size_t done);
Uuid id_of(const InstanceKey& key, const Work& work);

// With that id, for the command or call that is the action `place` of this work.
SendOptions options_of_action(const Active& active, const Work& work, std::size_t place);

// Of a step that has more work after a call that is answered from elsewhere.
Error answered_later_not_last(const std::string& step);

// Failure::invalid "unknown-saga-version": what needs the definition cannot be done.
result<void> check_definition(const Active& active);

// What a step that runs another saga has as the key of its call: "saga shipping-17", or "undo of saga shipping-17". Empty: it is another
// call.
std::string call_of_run(const RunAction& run, TaskKind kind);
std::string stream_of_run(const std::string& call);

// What happens to an instance. Ends with exactly one call of the engine's go_on() or take_next(), now or later.
using Input = std::function<void(const std::shared_ptr<Active>&)>;

struct Active {
    explicit Active(InstanceKey of, std::uint64_t of_run = 0) : key{std::move(of)}, run{of_run} {}

    const InstanceKey key;
    const std::uint64_t run; // of the engine: what answers after a stop is of one that is not in hand any more
    std::list<Input> inbox;  // with the engine's lock
    std::vector<Uuid> calls; // that it has made while in hand; with the engine's lock
    bool is_busy = false;    // with the engine's lock

    bool is_loaded = false;
    std::shared_ptr<PlaceInTable> place;
    instance::Instance instance; // with what is not recorded yet
    std::vector<instance::Fact> unrecorded;
    std::vector<std::function<void(bool)>>
        when_recorded; // whether the facts of an event, or of a person, are in the log
    Saga saga;
    SagaState state;
    Asked asked;
    std::vector<std::shared_ptr<Work>> works;
    bool may_have_missed = false;      // events, while it was stuck
    Position heard_anew  = 0;          // of these
    std::set<std::string> seen_to;     // calls of other sagas that were told
    std::optional<Time> answers_until; // it is to be undone, but work that was asked for may still answer

    std::uint64_t recorded() const { return instance.recorded - unrecorded.size(); }
    bool is_known() const { return instance.recorded > 0; }
    std::shared_ptr<Work> work_for(const Task& task) const;
    void drop(const Work& work);
    void drop_all(); // calls that wait are not made any more
    void add(instance::Fact fact);
    void forget(); // all but the inbox: it is read again
};

} // namespace eventloom
