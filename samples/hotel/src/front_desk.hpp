// What is asked of the hotel: by guests, and by the payment provider's webhook.
//
//     BOOST_OUTCOME_TRY(const auto now, tell(hotel.service(), stay, Withdraw{now}));
//     if (now.stage == Stay::Stage::cancelled) ...
//
// Each waits until the saga of the booking can do nothing now: until it waits for its guest, say, or for a provider that is down.
// Threads: any.
#pragma once

#include "hotel.hpp"

namespace grand_hotel {

// At most 10 seconds; what is not done by then is done later.
el::result<void> let_booking_go_on(el::Service& service, const StayId& stay);

// The stay after a command to it.
template <class Command>
el::result<Stay> tell(el::Service& service, const StayId& stay, const Command& command)
{
    BOOST_OUTCOME_TRY(service.start());
    BOOST_OUTCOME_TRY(service.commands().send(stay, command));
    BOOST_OUTCOME_TRY(let_booking_go_on(service, stay));
    return service.commands().load(stay);
}

// A guest has paid. A webhook that comes again is welcome.
// Failure::refused "payment-not-wanted": no booking waits for it any more, and the provider must give the money back;
// "receipt-known": another payment has this receipt.
el::result<void> receive_payment(Hotel& hotel, const el::CallKey& key, const Receipt& receipt);

} // namespace grand_hotel
