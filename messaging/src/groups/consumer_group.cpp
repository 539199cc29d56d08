#include "consumer_group.hpp"
#include "group_errors.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>

#include <algorithm>

namespace eventloom {

namespace {

// Of one turn, so that others get theirs.
constexpr std::size_t piece_events_max = 512;

// A checkpoint that only skips unwanted events is written this seldom: losing it loses nothing.
constexpr Position passed_events_a_write = 16'384;

} // namespace

Group::Group(const Runtime& runtime, EventStore& store, std::shared_ptr<CheckpointTable> table,
             ConsumerGroupOptions options, const GroupCheckpoint& checkpoint)
    : runtime_{runtime}, store_{store}, table_{std::move(table)}, options_{std::move(options)},
      reading_{runtime.executor}, reader_{store, options_, checkpoint}, shares_{options_}, read_{checkpoint.read},
      written_read_{checkpoint.read}
{
    for (const Position position : checkpoint.open) shares_.expect_again(position);
    batches_               = checkpoint.batches;
    had_members_elsewhere_ = checkpoint.batches > 0;
}

void Group::start(std::vector<MemberElsewhere> members)
{
    if (not members.empty()) {
        is_taking_up_ = true;
        reading_.post(task([members = std::move(members)](Group& group) { group.take_up(members); }));
    }
    observation_ = store_.observe([weak = weak_from_this()](const auto&) {
        const auto self = weak.lock();
        if (not self) return;
        const Lock lock{self->mutex_};
        self->look(lock);
    });
}

void Group::close()
{
    {
        Lock lock{mutex_};
        if (std::exchange(closed_, true)) return;
        idle_.wait(lock, [&] { return running_ == 0; });
        if (read_ != written_read_) ++changes_;
    }
    observation_.reset();
    reader_.pause();
    // What cannot be written is handled again: that is what a checkpoint that is not written means. Members elsewhere are written
    // with it, so that they keep what they have in their hands.
    write_and_tell();
    std::vector<PullPtr> waiting;
    {
        const Lock lock{mutex_};
        waiting = end_all(lock, group_closed(options_.name));
    }
    for (const auto& pull : waiting) pull->done(group_closed(options_.name));
    runtime_.executor.wake();
}

bool Group::is_closed() const
{
    const Lock lock{mutex_};
    return closed_;
}

// Later tasks do not keep the group alive, and close() waits for running ones.
std::function<void()> Group::task(std::function<void(Group&)> work)
{
    return [weak = weak_from_this(), work = std::move(work)] {
        const auto self = weak.lock();
        if (not self) return;
        {
            const Lock lock{self->mutex_};
            if (self->closed_) return;
            ++self->running_;
        }
        work(*self);
        const Lock lock{self->mutex_};
        if (--self->running_ == 0) self->idle_.notify_all();
    };
}

void Group::post(std::function<void(Group&)> work)
{
    runtime_.executor.post(task(std::move(work)));
}

void Group::post_at(Time due, std::function<void(Group&)> work)
{
    runtime_.executor.post_at(due, task(std::move(work)));
}

// Reading.

void Group::look(const Lock&)
{
    if (closed_ || error_ || seats_.empty() || std::exchange(look_is_posted_, true)) return;
    reading_.post(task([](Group& group) { group.read_turn(); }));
}

// Goes on reading when it is worth it: there is much room, or the member that has just made some has nothing else to do.
void Group::look_if_room(const Lock& lock, const Seat& seat)
{
    if (not is_paused_) return;
    const auto room      = shares_.room();
    const bool is_hungry = seat.member == nullptr || not shares_.has_work(*seat.member);
    if (room.events >= options_.buffered_events_max / 4 || (room.events > 0 && is_hungry)) look(lock);
}

void Group::read_turn()
{
    StreamShares::Room room;
    bool is_paused = false;
    {
        const Lock lock{mutex_};
        look_is_posted_ = false;
        room            = shares_.room();
        is_paused       = room.events == 0 || seats_.empty();
        is_paused_      = is_paused;
    }
    if (is_paused) return reader_.pause();
    auto piece = reader_.read(std::min(room.events, piece_events_max), room.bytes);
    const Lock lock{mutex_};
    if (not piece) return stop(lock, piece.error());
    for (auto& event : piece.value().events) shares_.add(std::move(event));
    for (const Position position : piece.value().not_wanted) shares_.not_wanted(position);
    read_ = piece.value().read;
    if (read_ - written_read_ >= passed_events_a_write) note_change(lock);
    dispatch(lock);
    if (not piece.value().at_end) look(lock);
}

// Handing over.

void Group::dispatch(const Lock& lock)
{
    if (is_taking_up_) return;
    serve_pulls(lock);
    for (const auto& seat : seats_) {
        const bool can_work = seat->handler && shares_.has_work(*seat->member) && shares_.unhandled(*seat->member) == 0;
        if (not can_work || std::exchange(seat->turn_is_posted, true)) continue;
        post([seat](Group& group) { group.handle_turn(*seat); });
    }
}

void Group::take_batch(const Lock& lock, Seat& seat, std::vector<SharedEvent>& events)
{
    events            = shares_.take(*seat.member, ++batches_);
    seat.batch_number = batches_;
    extend_lease(lock, seat);
}

std::vector<SharedEvent> Group::begin_turn(Seat& seat)
{
    const Lock lock{mutex_};
    seat.turn_is_posted = false;
    std::vector<SharedEvent> events;
    if (seat.member != nullptr && shares_.has_work(*seat.member) && not seat.leaving) take_batch(lock, seat, events);
    return events;
}

void Group::handle_turn(Seat& seat)
{
    {
        const std::lock_guard handling{seat.handling};
        const auto events = begin_turn(seat);
        const auto number = seat.batch_number; // changed by turns of this member alone
        seat.running_on   = std::this_thread::get_id();
        for (const SharedEvent& event : events) {
            if (seat.leaving) break;
            const auto handled = call_user_code("the handler of the consumer group", options_.name,
                                                [&] { return seat.handler(*event); });
            if (not note_handled(seat, number, handled)) break;
        }
        seat.running_on = std::thread::id{};
    }
    const Lock lock{mutex_};
    if (seat.leaving) remove(lock, seat, std::nullopt);
    if (seat.member != nullptr && shares_.unhandled(*seat.member) == 0) seat.lease_ends.reset();
    dispatch(lock);
}

// False: the rest of the batch is not this member's any more.
bool Group::note_handled(Seat& seat, std::uint64_t batch_number, const result<void>& handled)
{
    const Lock lock{mutex_};
    if (seat.member == nullptr || not shares_.holds(*seat.member, batch_number)) return false;
    if (handled) {
        shares_.acknowledge(*seat.member, 1);
        note_change(lock);
    } else {
        fail_delivery(lock, seat, handled.error());
    }
    extend_lease(lock, seat);
    look_if_room(lock, seat);
    dispatch(lock);
    return handled.has_value() && not closed_;
}

void Group::fail_delivery(const Lock& lock, Seat& seat, const Error& why)
{
    const Time retry_at = runtime_.clock.now() + options_.retry_after;
    const auto attempt  = shares_.fail(*seat.member, why, retry_at);
    arm_timer(lock, retry_at);
    write_to(runtime_.log, attempt.has_stopped_it ? LogLevel::error : LogLevel::warning,
             attempt.has_stopped_it ? "stream-stopped" : "delivery-failed",
             {{"group", options_.name}, {"stream", attempt.stream}, {"attempt", attempt.number}}, why);
}

// Members.

result<void> Group::check_seat(const Lock&, const Seat& seat) const
{
    if (closed_) return group_closed(options_.name);
    if (seat.member != nullptr) return done();
    return seat.ended ? *seat.ended : lease_ended(options_.name, seat.name);
}

std::optional<Error> Group::ended(const Seat& seat) const
{
    const Lock lock{mutex_};
    return seat.ended;
}

result<std::shared_ptr<Group::Seat>> Group::seat(std::string member, GroupHandler handler)
{
    const Lock lock{mutex_};
    if (const auto refused = refusal(lock)) return *refused;
    if (shares_.has_member(member)) {
        return eventloom::fail(Failure::conflict, "member-name-taken",
                               "joined the consumer group " + options_.name + " as \"" + member +
                                   "\" and found a member of this name; take another name");
    }
    auto seat    = std::make_shared<Seat>(member, std::move(handler), options_.lease);
    seat->member = &shares_.add_member(std::move(member));
    if (not seat->handler) extend_lease(lock, *seat);
    seats_.push_back(seat);
    dispatch(lock);
    look(lock);
    return seat;
}

result<MemberBatch> Group::next(Seat& seat, std::optional<Time> deadline)
{
    const auto has_something = [&] {
        const Lock lock{mutex_};
        return seat.member == nullptr || (shares_.has_work(*seat.member) && not is_taking_up_);
    };
    for (;;) {
        {
            const Lock lock{mutex_};
            BOOST_OUTCOME_TRY(check_seat(lock, seat));
            if (shares_.unhandled(*seat.member) > 0) {
                return eventloom::fail(Failure::conflict, "batch-in-hand",
                                       "asked for a batch as \"" + seat.name + "\" of the consumer group " +
                                           options_.name +
                                           " and found that it still holds one; acknowledge that one first");
            }
            extend_lease(lock, seat);
            MemberBatch batch;
            if (shares_.has_work(*seat.member) && not is_taking_up_) {
                std::vector<SharedEvent> events;
                take_batch(lock, seat, events);
                batch.number = seat.batch_number;
                for (const SharedEvent& event : events) batch.events.push_back(*event);
                return batch;
            }
            look_if_room(lock, seat);
            if (not deadline) return batch;
            seat.lease_ends.reset(); // who waits here is alive
        }
        if (not runtime_.executor.wait_until(has_something, *deadline)) deadline.reset();
    }
}

result<void> Group::acknowledge(Seat& seat, const MemberBatch& batch, std::size_t count, const Error* failed)
{
    ensure(count + (failed != nullptr ? 1 : 0) <= batch.events.size(), "more is acknowledged than the batch holds");
    {
        const Lock lock{mutex_};
        BOOST_OUTCOME_TRY(check_seat(lock, seat));
        extend_lease(lock, seat);
        if (batch.events.empty()) return done();
        if (not shares_.holds(*seat.member, batch.number)) {
            return eventloom::fail(Failure::conflict, "batch-not-held",
                                   "acknowledged a batch as \"" + seat.name + "\" of the consumer group " +
                                       options_.name +
                                       " and found that it does not hold this batch; nothing was changed");
        }
        const auto before = batch.events.size() - shares_.unhandled(*seat.member);
        if (count > before) {
            shares_.acknowledge(*seat.member, count - before);
            note_change(lock);
        }
        if (failed != nullptr) {
            fail_delivery(lock, seat, *failed);
        }
        look_if_room(lock, seat);
        dispatch(lock);
    }
    runtime_.executor.wake(); // others may wait for the streams that are free now
    return done();
}

result<void> Group::renew(Seat& seat)
{
    const Lock lock{mutex_};
    BOOST_OUTCOME_TRY(check_seat(lock, seat));
    extend_lease(lock, seat);
    return done();
}

void Group::leave(Seat& seat)
{
    seat.leaving = true;
    if (seat.running_on.load() == std::this_thread::get_id()) return; // its turn ends it
    {
        const std::lock_guard wait_for_the_handler{seat.handling};
        const Lock lock{mutex_};
        remove(lock, seat, std::nullopt);
    }
    runtime_.executor.wake();
}

void Group::remove(const Lock& lock, Seat& seat, std::optional<Error> why)
{
    if (seat.member == nullptr) return;
    shares_.remove_member(*std::exchange(seat.member, nullptr));
    seat.ended = std::move(why);
    std::erase_if(seats_, [&](const auto& one) { return one.get() == &seat; });
    dispatch(lock);
}

} // namespace eventloom
