// The part of a consumer group that waits: for leases that end, and for events that are tried again.
#include "consumer_group.hpp"
#include "group_errors.hpp"

#include <eventloom/framework/log.hpp>

#include <algorithm>

namespace eventloom {

Error lease_ended(const std::string& group, const std::string& member)
{
    return {Failure::conflict, "lease-ended",
            "acted as the member \"" + member + "\" of the consumer group " + group +
                " and found that its lease has ended and others have its streams; nothing was changed; join again"};
}

Error group_closed(const std::string& group)
{
    return {Failure::unavailable, "group-closed",
            "used the consumer group " + group + " and found it closed; open it again"};
}

void Group::extend_lease(const Lock& lock, Seat& seat)
{
    seat.lease_ends = runtime_.clock.now() + seat.lease;
    arm_timer(lock, *seat.lease_ends);
}

void Group::arm_timer(const Lock&, Time due)
{
    if (armed_ && *armed_ <= due) return;
    armed_ = due;
    post_at(due, [](Group& group) { group.timer_turn(); });
}

void Group::timer_turn()
{
    const Lock lock{mutex_};
    const Time now   = runtime_.clock.now();
    Duration longest = std::max(options_.lease, options_.retry_after);
    for (const auto& seat : seats_) longest = std::max(longest, seat->lease);
    // A time further ahead than any that was set: the clock was set back.
    if (armed_ && (*armed_ <= now || *armed_ > now + longest)) armed_.reset();
    for (const auto& seat : std::vector{seats_}) {
        if (seat->lease_ends) seat->lease_ends = std::min(*seat->lease_ends, now + seat->lease);
        if (not seat->lease_ends || *seat->lease_ends > now) continue;
        const Error error = lease_ended(options_.name, seat->name);
        shares_.died(*seat->member, error);
        write_to(runtime_.log, LogLevel::warning, "lease-ended", {{"group", options_.name}, {"member", seat->name}});
        remove(lock, *seat, error);
    }
    shares_.retry_due(now, options_.retry_after);
    dispatch(lock);
    auto due = shares_.next_retry();
    for (const auto& seat : seats_) {
        if (seat->lease_ends && (not due || *seat->lease_ends < *due)) due = seat->lease_ends;
    }
    if (due) arm_timer(lock, *due);
}

result<void> Group::retry(std::string_view stream)
{
    {
        const Lock lock{mutex_};
        if (not shares_.retry_stopped(stream)) {
            return eventloom::fail(Failure::invalid, "stream-not-stopped",
                                   "asked the consumer group " + options_.name + " to try the stream " +
                                       std::string{stream} + " again and found it not stopped; see its status");
        }
        dispatch(lock);
    }
    runtime_.executor.wake();
    return done();
}

} // namespace eventloom
