// The calls of one type of request: those that wait, those that run, and the rules by which the next one may begin. It has
// no thread, no lock and no timer: Activities has them (activities.hpp).
//
// A call is waiting, then begun (on its way to a thread), then asked (the activity runs, or will answer later), then told.
// A fault while the breaker is open takes it from asked back to waiting.
#pragma once

#include "activities/activities.hpp"

#include <cstdint>
#include <map>

namespace eventloom {

class ActivityQueue;
struct ActivityAttempt;

struct PendingCall {
    enum class Place : std::uint8_t {
        waiting,
        begun,
        asked,
        timed_out, // and told so, or given up: an answer would be late
        told,
        dropped, // withdrawn: nobody is told
    };

    ActivityCall call;
    Place place          = Place::waiting;
    std::uint64_t ticket = 0;                 // its place among those that wait
    bool was_asked       = false;             // in this attempt or an earlier one
    bool withdrawn       = false;             // a fault does not make it wait again
    std::weak_ptr<ActivityAttempt> attempt{}; // the last one
    // Of the last attempt, once it was asked.
    Time since{};
    std::string progress{};
    Time progress_at{};
};

struct ActivityAttempt {
    ActivityQueue& queue;
    std::shared_ptr<PendingCall> call;
    std::uint64_t life = 0;     // of the Activities: stop() ends one, start() begins another
    bool is_try        = false; // the one call that is made while the breaker is open
    bool over          = false; // it does not count as running any more
    bool answered      = false;
};

// How an attempt ends. One that has timed out or was given up can still answer.
enum class AttemptEnd : std::uint8_t { answered, timed_out, given_up };

// What is to be done about the end of an attempt.
struct AttemptEnded {
    std::function<void(result<AnyAnswer>, bool)> answered; // empty: nobody is told
    bool late    = false;
    bool stopped = false; // the breaker has opened
    bool goes_on = false; // the breaker has closed
};

class ActivityQueue {
public:
    ActivityQueue(std::string_view name, AnyActivity activity, const ActivityOptions& options);

    const std::string& name() const { return name_; }
    const AnyActivity& activity() const { return activity_; }
    std::optional<Duration> attempt_time() const;
    // How long a call that begins counts against `per_second`; nothing when that has no limit.
    std::optional<Duration> window() const;
    Duration tries_again_every() const;

    void add(const std::shared_ptr<PendingCall>& call);
    void remove(const PendingCall& call); // if it waits

    bool may_begin() const;
    std::shared_ptr<PendingCall> begin(); // the one that waits longest
    void leave_window();                  // of a call that was asked
    // What was begun is not asked. The call waits where it waited, if it is still to be made.
    void skip(ActivityAttempt& attempt);

    AttemptEnded end(ActivityAttempt& attempt, const result<AnyAnswer>& answer, AttemptEnd end, Time now);

    // While the breaker is open: when one call may be made. Only the last plan counts, which has that number.
    bool is_stopped() const { return stopped_since_.has_value(); }
    void plan_try(Time at, std::uint64_t number);
    void try_again(std::uint64_t number);

    // Forgets all but the rate, and gives back the calls that wait.
    std::map<std::uint64_t, std::shared_ptr<PendingCall>> clear();

    // Which queue is next when several may begin: the one with the lowest turn.
    std::uint64_t turn = 0;

    ActivityState state(Time now) const;
    // By the limits and the breaker; empty when they let a call begin, or when none waits.
    std::string waits_for(Time now) const;

private:
    bool has_place() const { return options_.at_once == 0 || running_ < options_.at_once; }
    bool has_rate() const { return burst_ == 0 || begun_ < burst_; }
    void note_fault(const Error& error, Time now);
    std::optional<Time> tried_again_at(Time now) const;

    const std::string name_;
    const AnyActivity activity_;
    const ActivityOptions options_;
    const std::size_t burst_; // how many may begin in a window; 0: no limit

    std::map<std::uint64_t, std::shared_ptr<PendingCall>> waiting_;
    std::uint64_t tickets_ = 0;
    std::size_t running_   = 0;
    std::size_t begun_     = 0; // in this window

    unsigned faults_ = 0; // one after the other
    std::optional<Error> last_fault_;
    std::optional<Time> stopped_since_;
    Time next_try_{};
    std::uint64_t plan_ = 0;
    bool try_is_due_    = false;
};

// As the caller of the activity of that name is told it.
Error attempt_timed_out(const std::string& name, std::optional<Duration> after);

} // namespace eventloom
