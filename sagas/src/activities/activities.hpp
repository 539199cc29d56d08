// Calls activities, which do work outside the store: on threads of their own, within limits (activity_options.hpp).
//
//     Activities activities{runtime, 16};
//     activities.add(typeid(Charge), "Charge", charge, {.at_once = 3});
//     const auto handle = activities.call({.type = typeid(Charge), .request = request, .key = key,
//                                          .asked = [] { ... }, .answered = [](auto answer, bool late) { ... }});
//     handle->withdraw();          // the step was cancelled
//
// A call waits in the queue of its request type until the limits, the breaker and a free thread let it begin. An attempt is one
// run of the activity. The first answer of an attempt is told to the caller, with one exception: while the breaker is open a
// fault sends the call back to the end of the queue. Threads: add before the first call; all others from any thread.
#pragma once

#include <eventloom/framework/id.hpp>
#include <eventloom/framework/runtime.hpp>
#include <eventloom/sagas/detail/activity_options.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

namespace eventloom {

using AnyAnswer   = std::shared_ptr<const void>;
using AnyDone     = std::function<void(result<AnyAnswer>)>;
using AnyActivity = std::function<void(const void* request, const ActivityRun&, AnyDone)>;

// Its functions are called from any thread, without a lock, perhaps before call() returns. They are let go when nothing can
// call them any more.
struct ActivityCall {
    std::type_index type;
    std::shared_ptr<const void> request;
    Uuid key;
    // Called once, before the activity runs for the first time.
    std::function<void()> asked;
    // Called once with late = false. When that was because attempt_time had passed, and the activity answers after all,
    // called once more with late = true.
    std::function<void(result<AnyAnswer> answer, bool late)> answered;
    // For calls_of(): whose call it is, and what the activity is told of it.
    std::string owner = {};
    std::string step  = {};
    unsigned attempt  = 1;
};

// The caller's hold on a call, to be kept until it is answered: letting go of it is withdraw().
class CallHandle {
public:
    virtual ~CallHandle() = default;

    // The call will not be made, unless it runs at this moment. True: none of its functions is called any more. False: it
    // runs, or has been answered; if it runs it will be answered, and not tried again unseen.
    virtual bool withdraw() = 0;

    // It is not being made: a limit, a provider that is down, or that no thread is free holds it back.
    virtual bool waits() const = 0;

    // As withdraw(), and ends an attempt that runs as the end of attempt_time does, without telling the caller: what the
    // activity answers then comes with late = true.
    virtual void give_up() = 0;
};

class Activities {
public:
    // The threads are started with the first call.
    Activities(const Runtime& runtime, unsigned threads);
    ~Activities();
    Activities(const Activities&)            = delete;
    Activities& operator=(const Activities&) = delete;

    // False: the type has an activity already, which stays.
    bool add(std::type_index type, std::string_view name, AnyActivity activity, ActivityOptions options);
    bool knows(std::type_index type) const;

    // Why calls of this type wait now, as a sentence without a full stop; empty when none waits.
    std::string waiting_for(std::type_index type) const;

    // The type must be known. Before start() again, after stop(), nothing is asked nor answered.
    std::shared_ptr<CallHandle> call(ActivityCall call);

    // Begins no more calls, and returns when no activity is running on the threads; their answers are still told. Calls
    // that wait, and answers that come later, are dropped. Not to be called by an activity.
    void stop();
    // Starts the threads, if there is anything to perform, and takes calls; again after stop(), with nothing left of those before.
    result<void> start();

    // The calls of an owner that wait or run, by step.
    std::vector<ActivityCallState> calls_of(const std::string& owner) const;

    // One for each type, by name.
    std::vector<ActivityState> state() const;

private:
    struct State;
    class Handle;
    std::shared_ptr<State> state_;
};

} // namespace eventloom
