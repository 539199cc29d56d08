// The part of a consumer group that has members in other processes. What they are given is written down first, as part of the
// checkpoint, and so they keep it when this process ends: the next one takes it up before it gives anything to anybody.
#include "consumer_group.hpp"
#include "group_errors.hpp"
#include "lease_rules.hpp"

#include <eventloom/framework/log.hpp>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t taken_up_at_once = 512; // events of one read

Error batch_not_held(const std::string& group, const std::string& member)
{
    return {Failure::conflict, "batch-not-held",
            "ended a batch as \"" + member + "\" of the consumer group " + group +
                " and found that it does not hold this batch; nothing was changed"};
}

Error group_is_starting(const std::string& group)
{
    return {Failure::unavailable, "group-is-starting",
            "used the consumer group " + group + " and found that it is starting; ask again"};
}

} // namespace

std::optional<Error> Group::refusal(const Lock&) const
{
    if (closed_) return group_closed(options_.name);
    return error_;
}

void Group::pull(PullEvents wanted, PullEventsDone done)
{
    if (const auto checked = check_lease(wanted.lease, wanted.member); not checked) return done(checked.error());
    if (wanted.id.is_nil()) return done(invalid_pull("no id", "that a member has one of its own").error());
    const auto pull = std::make_shared<Pull>(Pull{std::move(wanted), std::move(done), nullptr});
    std::optional<Error> refused;
    bool waits = false;
    {
        const Lock lock{mutex_};
        refused = refusal(lock);
        if (not refused) {
            pull->seat = seat_elsewhere(lock, pull->wanted);
            pulls_.push_back(pull);
            look_if_room(lock, *pull->seat);
            dispatch(lock);
            waits = not pull->is_given;
        }
    }
    if (refused) return pull->done(*refused);
    if (waits) post_at(pull->wanted.until, [pull](Group& group) { group.stop_waiting(pull); });
}

// Who asks has nothing in its hands: what it was given last has not reached it.
Group::SeatPtr Group::seat_elsewhere(const Lock& lock, const PullEvents& wanted)
{
    auto seat = find_seat(lock, wanted.id);
    if (not seat) {
        seat         = std::make_shared<Seat>(wanted.member, nullptr, wanted.lease, wanted.id);
        seat->member = &shares_.add_member(to_string(wanted.id));
        seats_.push_back(seat);
        look(lock);
    } else if (not is_taking_up_) {
        shares_.give_back(*seat->member);
        seat->batch_number = 0;
    }
    const auto earlier =
        std::find_if(pulls_.begin(), pulls_.end(), [&](const auto& pull) { return pull->seat == seat; });
    if (earlier != pulls_.end()) {
        if (not(*earlier)->is_given) answer(*earlier, LeasedEvents{}); // its connection is gone
        pulls_.erase(earlier);
    }
    seat->lease = wanted.lease;
    seat->lease_ends.reset(); // who waits here is alive
    return seat;
}

Group::SeatPtr Group::find_seat(const Lock&, const Uuid& id) const
{
    const auto found =
        std::find_if(seats_.begin(), seats_.end(), [&](const auto& seat) { return not id.is_nil() && seat->id == id; });
    return found == seats_.end() ? nullptr : *found;
}

// Not with the lock: it is the caller's code.
void Group::answer(const PullPtr& pull, result<LeasedEvents> events) const
{
    runtime_.executor.post([pull, events = std::move(events)]() mutable { pull->done(std::move(events)); });
}

void Group::stop_waiting(const PullPtr& pull)
{
    const Lock lock{mutex_};
    if (pull->is_given || std::erase(pulls_, pull) == 0) return;
    if (pull->seat->member != nullptr) extend_lease(lock, *pull->seat);
    answer(pull, LeasedEvents{{pull->wanted.id, 0}, {}});
}

Group::PullPtr Group::next_to_serve(const Lock&)
{
    for (const auto& pull : pulls_) {
        if (pull->is_given) continue;
        if (pull->seat->member == nullptr || shares_.has_work(*pull->seat->member)) return pull;
    }
    return nullptr;
}

void Group::serve_pulls(const Lock& lock)
{
    while (const auto pull = closed_ ? nullptr : next_to_serve(lock)) {
        Seat& seat = *pull->seat;
        if (seat.member == nullptr || not pull->wanted.still_there()) {
            std::erase(pulls_, pull);
            answer(pull,
                   seat.ended ? *seat.ended : lease_ended(options_.name, seat.name)); // so that nothing waits for it
            remove(lock, seat, lease_ended(options_.name, seat.name));
            continue;
        }
        std::vector<SharedEvent> events;
        had_members_elsewhere_ = true;
        take_batch(lock, seat, events);
        seat.batch_size = events.size();
        pull->is_given  = true;
        LeasedEvents leased{{seat.id, seat.batch_number}, {}};
        for (const SharedEvent& event : events) leased.events.push_back(*event);
        when_written(lock, [this, pull, leased = std::move(leased)](const result<void>& written) {
            hand_out(pull, leased, written);
        });
    }
}

void Group::hand_out(const PullPtr& pull, const LeasedEvents& leased, const result<void>& written)
{
    {
        const Lock lock{mutex_};
        std::erase(pulls_, pull);
        if (written && pull->seat->member != nullptr) extend_lease(lock, *pull->seat);
    }
    if (written) {
        pull->done(leased);
    } else {
        pull->done(written.error());
    }
}

result<Group::SeatPtr> Group::holder(const Lock& lock, const Lease& lease) const
{
    if (const auto refused = refusal(lock)) return *refused;
    if (is_taking_up_) return group_is_starting(options_.name);
    auto seat           = find_seat(lock, lease.of);
    const bool is_there = seat && (not seat->lease_ends || runtime_.clock.now() < *seat->lease_ends);
    // Time decides, not whether its timer has run: what was late once stays so.
    if (not is_there) return lease_ended(options_.name, seat ? seat->name : to_string(lease.of));
    if (lease.fence == 0 || seat->batch_number != lease.fence) return batch_not_held(options_.name, seat->name);
    return seat;
}

bool Group::extend(const HeldLease& held)
{
    {
        const Lock lock{mutex_};
        if (is_taking_up_) return true; // its whole length begins when that is done
        const auto found = holder(lock, held.lease);
        if (not found) return false;
        Seat& seat = *found.value();
        extend_lease(lock, seat);
        const auto before = seat.batch_size - shares_.unhandled(*seat.member);
        const auto done   = held.progress ? std::min<std::size_t>(held.progress->done, seat.batch_size) : 0;
        if (done <= before) return true;
        shares_.acknowledge(*seat.member, done - before);
        note_change(lock);
        look_if_room(lock, seat);
        dispatch(lock);
    }
    runtime_.executor.wake();
    return true;
}

void Group::finish(const Lease& lease, EndedBatch ended, std::function<void(result<void>)> done)
{
    if (const auto noted = note_end(lease, ended); not noted) return done(noted.error());
    {
        const Lock lock{mutex_};
        if (not closed_) {
            return when_written(lock, [done = std::move(done)](const result<void>& written) { done(written); });
        }
    }
    done(group_closed(options_.name));
}

result<void> Group::note_end(const Lease& lease, const EndedBatch& ended)
{
    const Lock lock{mutex_};
    if (ended_before_.contains({lease.of, lease.fence})) return done(); // by the process before this one
    BOOST_OUTCOME_TRY(const auto found, holder(lock, lease));
    Seat& seat = *found;
    if (ended.handled + (ended.failed ? 1 : 0) > seat.batch_size) return batch_not_held(options_.name, seat.name);
    extend_lease(lock, seat);
    // Nothing is in its hands: the same end was told before.
    const auto left   = shares_.unhandled(*seat.member);
    const auto before = seat.batch_size - left;
    if (ended.handled > before) shares_.acknowledge(*seat.member, ended.handled - before);
    if (ended.failed && left > 0) fail_delivery(lock, seat, *ended.failed);
    shares_.give_back(*seat.member);
    look_if_room(lock, seat);
    if (ended.leaves) remove(lock, seat, std::nullopt);
    dispatch(lock);
    return done();
}

std::vector<MemberElsewhere> Group::members_elsewhere(const Lock&) const
{
    std::vector<MemberElsewhere> members;
    for (const auto& seat : seats_) {
        if (seat->id.is_nil() || seat->member == nullptr) continue;
        members.push_back({seat->id, seat->name, std::chrono::ceil<std::chrono::milliseconds>(seat->lease).count(),
                           seat->batch_number, seat->batch_size, shares_.in_hand(*seat->member)});
    }
    return members;
}

void Group::seat_again(const Lock& lock, const MemberElsewhere& one)
{
    const auto seat = std::make_shared<Seat>(one.name, nullptr, std::chrono::milliseconds{one.lease_ms}, one.id);
    seat->member    = &shares_.add_former_member(to_string(one.id));
    seats_.push_back(seat);
    extend_lease(lock, *seat);
    if (shares_.take_again(*seat->member, one.batch, one.in_hand)) {
        seat->batch_number = one.batch;
        seat->batch_size   = one.size;
        return;
    }
    write_to(runtime_.log, LogLevel::warning, "batch-not-taken-up",
             {{"group", options_.name},
              {"member", one.name},
              {"because", "events of it are gone, or are not heard any more"}});
}

// They may live, and have a whole lease to say so. What they hold is read first, so that nobody else is given it.
void Group::take_up(const std::vector<MemberElsewhere>& members)
{
    while (reader_.has_open()) {
        auto piece = reader_.read(taken_up_at_once, SIZE_MAX);
        const Lock lock{mutex_};
        if (not piece) return stop(lock, piece.error());
        for (auto& event : piece.value().events) shares_.add(std::move(event));
        for (const Position position : piece.value().not_wanted) shares_.not_wanted(position);
    }
    const Lock lock{mutex_};
    for (const auto& one : members) {
        if (one.in_hand.empty()) {
            ended_before_.insert({one.id, one.batch});
        } else if (not find_seat(lock, one.id)) { // else it was faster, and has said that it has nothing
            seat_again(lock, one);
        }
    }
    shares_.share_out();
    is_taking_up_ = false;
    dispatch(lock);
    look(lock);
}

} // namespace eventloom
