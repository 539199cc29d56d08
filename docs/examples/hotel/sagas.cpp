#include "sagas.hpp"

#include "cards.hpp"
#include "hotel.hpp"

#include <eventloom/sagas/saga.hpp>

namespace hotel {

using namespace std::chrono_literals;
using el::act;
using el::begins;
using el::call;
using el::failed;
using el::keep;
using el::send;
using el::step;
using el::undo;

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

} // namespace hotel
