#include "sagas.hpp"

#include "cards.hpp"
#include "hotel.hpp"

#include <eventloom/sagas/handlers.hpp>
#include <eventloom/sagas/saga.hpp>

namespace hotel {

using namespace std::chrono_literals;
using el::act;
using el::actions;
using el::await;
using el::begins;
using el::begins_with;
using el::call;
using el::cancelled_by;
using el::failed;
using el::keep;
using el::send;
using el::step;
using el::together;
using el::undo;
using el::until;
using el::wait;
using el::wake;
using el::when;

namespace {

// What the saga knows of its stay. It is stored with the saga.
struct Reservation {
    StayId stay;
    RoomId room;
};

} // namespace

el::Saga reservation()
{
    return el::saga<Reservation>(
        "reservation", 1, begins{[](const StayId& stay, const Requested& event) {
            return Reservation{stay, event.room};
        }},
        step("hold the room", act{[](const Reservation& saga) { return send(saga.room, Hold{saga.stay}); }},
             undo{[](const Reservation& saga) { return send(saga.room, Release{saga.stay}); }}),
        step("confirm", act{[](const Reservation& saga) { return send(saga.stay, Confirm{}); }}),
        failed{[](const Reservation& saga, const el::failure& why) { return send(saga.stay, GiveUp{why.reason}); }});
}

namespace {

struct PaidReservation {
    StayId stay;
    RoomId room;
    std::int64_t cents = 0;
    std::string receipt; // once the card is charged
};

} // namespace

el::Saga paid_reservation()
{
    return el::saga<PaidReservation>(
        "reservation", 2, begins{[](const StayId& stay, const Requested& event) {
            return PaidReservation{stay, event.room, event.cents, ""};
        }},
        step("hold the room", act{[](const PaidReservation& saga) { return send(saga.room, Hold{saga.stay}); }},
             undo{[](const PaidReservation& saga) { return send(saga.room, Release{saga.stay}); }}),

        step("charge the card", act{[](const PaidReservation& saga) {
                 return call(Charge{saga.stay, saga.cents});
             }},
             keep{[](PaidReservation& saga, const Receipt& receipt) { saga.receipt = receipt.number; }},
             undo{[](const PaidReservation& saga) { return call(Refund{saga.stay}); }},
             el::retry{.times = 3, .first_wait = 100ms}, el::deadline{24h}),

        step("confirm", act{[](const PaidReservation& saga) { return send(saga.stay, Confirm{saga.receipt}); }}),
        failed{[](const PaidReservation& saga, const el::failure& why) {
            return send(saga.stay, GiveUp{why.step + ": " + why.reason});
        }});
}

namespace {

struct GroupStay {
    StayId stay;
    std::vector<RoomId> rooms;
    std::int64_t cents = 0;
    el::Time arrival{};
    std::string approved_by;
    std::string receipt;
};

actions to_each_room(const GroupStay& saga, const auto& command)
{
    actions all;
    for (const RoomId& room : saga.rooms) all.add(send(room, command));
    return all;
}

} // namespace

el::Saga group_reservation()
{
    return el::saga<GroupStay>(
        "group", 1, begins{[](const StayId& stay, const GroupRequested& event) {
            return GroupStay{stay, event.rooms, event.cents, event.arrival, "", ""};
        }},
        cancelled_by<Withdrawn>{},

        together(step("hold the rooms", act{[](const GroupStay& saga) { return to_each_room(saga, Hold{saga.stay}); }},
                      undo{[](const GroupStay& saga) { return to_each_room(saga, Release{saga.stay}); }}),
                 step("approval", when{[](const GroupStay& saga) { return saga.cents > 50'000; }}, await<Approved>{},
                      keep{[](GroupStay& saga, const Approved& event) { saga.approved_by = event.by; }},
                      el::deadline{48h})),

        step("charge the card", act{[](const GroupStay& saga) {
                 return call(Charge{saga.stay, saga.cents});
             }},
             keep{[](GroupStay& saga, const Receipt& receipt) { saga.receipt = receipt.number; }},
             undo{[](const GroupStay& saga) { return call(Refund{saga.stay}); }}),
        step("confirm", act{[](const GroupStay& saga) { return send(saga.stay, Confirm{saga.receipt}); }}),

        el::no_return{}, step("the day before", until{[](const GroupStay& saga) { return saga.arrival - 24h; }}),
        step("remind", act{[](const GroupStay& saga) { return send(saga.stay, Remind{}); }}),

        failed{[](const GroupStay& saga, const el::failure& why) { return send(saga.stay, GiveUp{why.reason}); }});
}

namespace {

struct Bill {
    std::int64_t open = 0; // what is not paid yet
};
// A timer.
struct Overdue {
    std::int32_t reminder = 0;
};

} // namespace

el::Saga billing()
{
    return el::saga<StayId, Bill>(
        "bill", 1, begins_with<CheckedOut>{}, el::retry{.times = 1'000},

        [](Bill& bill, const StayId&, const CheckedOut& event) -> actions {
            bill.open = event.cents;
            return {wake(24h * 14, Overdue{1})};
        },
        [](Bill& bill, const StayId&, const Paid& event) -> actions {
            bill.open -= event.cents;
            if (bill.open > 0) return wait();
            return {el::end_saga()};
        },
        [](Bill& bill, const StayId& stay, const Overdue& overdue) -> actions {
            if (overdue.reminder > 3) return {call(Charge{stay, bill.open})};
            return {send(stay, Remind{}), wake(24h * 7, Overdue{overdue.reminder + 1})};
        },
        [](Bill& bill, const StayId& stay, const Receipt&) -> actions { return {send(stay, Pay{bill.open})}; });
}

} // namespace hotel
