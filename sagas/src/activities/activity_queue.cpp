#include "activities/activity_queue.hpp"

#include <eventloom/framework/number_text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace eventloom {

namespace {

using Place = PendingCall::Place;

// Longer than any program runs, and short enough to be added to any time.
constexpr std::chrono::hours longest{24 * 365 * 100};

Duration span_of(std::chrono::milliseconds time)
{
    return std::min<std::chrono::milliseconds>(time, longest);
}

// A whole number of calls may begin at once, and as many a second later. Others keep their distance, which makes no more of them
// in any second than the rate rounded up.
std::size_t calls_in_a_window(double per_second)
{
    constexpr double most = 1e9;
    if (not(per_second > 0)) return 0; // not a number is no limit either
    return per_second == std::floor(per_second) ? static_cast<std::size_t>(std::min(per_second, most)) : 1;
}

// The provider did not do its work; an answer, also one of "no" or "later", shows that it can.
bool is_fault(const result<AnyAnswer>& answer)
{
    if (answer) return false;
    const Error& error = answer.error();
    if (error.kind == Failure::refused || error.kind == Failure::invalid || error.kind == Failure::defect) return false;
    return not is_answered_later(error);
}

} // namespace

outcome::failure_type<Error> answered_later()
{
    return fail(Failure::unavailable, "answered-later",
                "The answer comes from elsewhere, later; the step waits for it.");
}

bool is_answered_later(const Error& error)
{
    return error.kind == Failure::unavailable && error.code == "answered-later";
}

Error attempt_timed_out(const std::string& name, std::optional<Duration> after)
{
    const auto time =
        after ? number_text(std::chrono::duration<double>(*after).count()) + " s" : "the time of its step";
    return {Failure::unavailable, "attempt-timed-out",
            fmt::format("asked the activity that answers {} and found no answer within {}; see why it is slow, or give "
                        "it more time",
                        name, time)};
}

ActivityQueue::ActivityQueue(std::string_view name, AnyActivity activity, const ActivityOptions& options)
    : name_{name}, activity_{std::move(activity)}, options_{options}, burst_{calls_in_a_window(options.per_second)}
{
}

std::optional<Duration> ActivityQueue::attempt_time() const
{
    if (options_.attempt_time.count() <= 0) return std::nullopt;
    return span_of(options_.attempt_time);
}

std::optional<Duration> ActivityQueue::window() const
{
    if (burst_ == 0) return std::nullopt;
    const std::chrono::duration<double> window{static_cast<double>(burst_) / options_.per_second};
    if (window >= longest) return longest;
    return std::chrono::ceil<Duration>(window);
}

Duration ActivityQueue::tries_again_every() const
{
    return std::max<Duration>(span_of(options_.tries_again_every), std::chrono::milliseconds{1});
}

void ActivityQueue::add(const std::shared_ptr<PendingCall>& call)
{
    call->place  = Place::waiting;
    call->ticket = ++tickets_;
    waiting_.emplace(call->ticket, call);
}

void ActivityQueue::remove(const PendingCall& call)
{
    if (call.place == Place::waiting) waiting_.erase(call.ticket);
}

bool ActivityQueue::may_begin() const
{
    return not waiting_.empty() && has_place() && has_rate() && (not is_stopped() || try_is_due_);
}

std::shared_ptr<PendingCall> ActivityQueue::begin()
{
    auto call = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    call->place = Place::begun;
    ++running_;
    if (burst_ != 0) ++begun_;
    try_is_due_ = false;
    return call;
}

void ActivityQueue::leave_window()
{
    if (burst_ != 0) --begun_;
}

void ActivityQueue::skip(ActivityAttempt& attempt)
{
    attempt.over = true;
    --running_;
    leave_window();
    if (attempt.is_try) try_is_due_ = is_stopped();
    if (attempt.call->place != Place::begun) return;
    attempt.call->place = Place::waiting;
    waiting_.emplace(attempt.call->ticket, attempt.call);
}

AttemptEnded ActivityQueue::end(ActivityAttempt& attempt, const result<AnyAnswer>& answer, AttemptEnd end, Time now)
{
    PendingCall& call      = *attempt.call;
    const bool was_late    = std::exchange(attempt.over, true);
    const bool was_stopped = is_stopped();
    const bool fault       = is_fault(answer);
    attempt.answered       = end == AttemptEnd::answered;
    if (not was_late) --running_;

    AttemptEnded ended;
    if (not fault) {
        faults_ = 0;
        last_fault_.reset();
        stopped_since_.reset();
    } else if (not was_late) { // the end of its time has been counted
        note_fault(answer.error(), now);
    }
    ended.stopped = is_stopped() && not was_stopped;
    ended.goes_on = was_stopped && not is_stopped();

    if (end == AttemptEnd::given_up) {
        if (call.place == Place::asked) call.place = Place::timed_out;
    } else if (call.place == Place::timed_out) {
        call.place     = Place::told;
        ended.late     = true;
        ended.answered = std::exchange(call.call.answered, nullptr);
    } else if (call.place != Place::told && call.place != Place::dropped) {
        // The call is to be tried again, or is being. A late fault of it says nothing new; a late answer is as good as any.
        if (fault && was_late) return ended;
        if (fault && was_stopped && not call.withdrawn) {
            add(attempt.call);
            return ended;
        }
        remove(call);
        const bool in_time = end == AttemptEnd::answered;
        call.place         = in_time ? Place::told : Place::timed_out;
        ended.answered     = in_time ? std::exchange(call.call.answered, nullptr) : call.call.answered;
    }
    return ended;
}

void ActivityQueue::note_fault(const Error& error, Time now)
{
    ++faults_;
    last_fault_ = error;
    if (is_stopped() || options_.stops_after_faults == 0 || faults_ < options_.stops_after_faults) return;
    stopped_since_ = now;
    try_is_due_    = false;
}

void ActivityQueue::plan_try(Time at, std::uint64_t number)
{
    next_try_ = at;
    plan_     = number;
}

void ActivityQueue::try_again(std::uint64_t number)
{
    if (plan_ == number) try_is_due_ = true;
}

std::map<std::uint64_t, std::shared_ptr<PendingCall>> ActivityQueue::clear()
{
    running_ = 0;
    faults_  = 0;
    last_fault_.reset();
    stopped_since_.reset();
    return std::exchange(waiting_, {});
}

// The timer keeps its time when the clock is set; the clock then shows another one.
std::optional<Time> ActivityQueue::tried_again_at(Time now) const
{
    if (not is_stopped()) return std::nullopt;
    if (try_is_due_) return now;
    return std::clamp(next_try_, now, now + tries_again_every());
}

ActivityState ActivityQueue::state(Time now) const
{
    return {.name           = name_,
            .running        = running_,
            .waiting        = waiting_.size(),
            .faults         = faults_,
            .last_fault     = last_fault_,
            .stopped_since  = stopped_since_,
            .tried_again_at = tried_again_at(now)};
}

std::string ActivityQueue::waits_for(Time now) const
{
    if (waiting_.empty()) return {};
    if (is_stopped() && not try_is_due_) {
        return fmt::format("the provider has failed {} times, last: {}: {}; tried again at {}", faults_,
                           last_fault_->code, last_fault_->sentence,
                           time_text(std::chrono::ceil<std::chrono::seconds>(*tried_again_at(now))));
    }
    if (not has_place()) return fmt::format("{} of {} run", running_, options_.at_once);
    if (not has_rate()) return number_text(options_.per_second) + " a second";
    return {};
}

} // namespace eventloom
