// From a request to a room that is ready: a saga of six steps.
#include "reservation.hpp"
#include "room.hpp"

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

struct Receipt {
    std::string number;
};
struct Charge {
    using answer = Receipt;
    std::string reference;
    Money amount;
};
struct Refund {
    using answer = Receipt;
    std::string reference;
};
struct Delivered {};
struct Mail {
    using answer = Delivered;
    GuestId guest;
    std::string text;
};

struct Arrival {
    ReservationId reservation;
    GuestId guest;
    RoomId room;
    Money price;
    std::string receipt;
};

el::Saga arrival()
{
    return el::saga<Arrival>(
        "arrival", 1, begins{[](const ReservationId& reservation, const Requested& event) {
            return Arrival{reservation, event.guest, event.room, event.price, ""};
        }},

        step("hold the room", act{[](const Arrival& saga) { return send(saga.room, Hold{saga.reservation}); }},
             undo{[](const Arrival& saga) { return send(saga.room, Release{saga.reservation}); }}),

        step("take the payment", act{[](const Arrival& saga) {
                 return call(Charge{saga.reservation.value, saga.price});
             }},
             keep{[](Arrival& saga, const Receipt& receipt) { saga.receipt = receipt.number; }},
             undo{[](const Arrival& saga) { return call(Refund{saga.reservation.value}); }},
             el::retry{.times = 8, .first_wait = 50ms}, el::deadline{48h}),

        step("confirm", act{[](const Arrival& saga) {
                 return send(saga.reservation, Confirm{saga.receipt, saga.price});
             }},
             undo{[](const Arrival& saga) { return send(saga.reservation, Cancel{"not possible"}); }}),

        step("tell the guest", act{[](const Arrival& saga) {
                 return call(Mail{saga.guest, "We look forward to it."});
             }}),

        step("prepare the room", act{[](const Arrival& saga) { return send(saga.room, Prepare{saga.reservation}); }}),

        step("tell the desk", act{[](const Arrival& saga) {
                 return call(Mail{GuestId{"desk"}, saga.receipt});
             }}),

        failed{[](const Arrival& saga, const el::failure& why) {
            return send(saga.reservation, Cancel{why.step + ": " + why.reason});
        }});
}

} // namespace hotel
