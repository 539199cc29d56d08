// What is asked of the hotel: by guests, and by the payment provider's webhook.
//
//     BOOST_OUTCOME_TRY(const auto told, tell(hotel.service(), stay, Withdraw{now}));
//     if (told.stay.stage == Stay::Stage::cancelled) ...
//
// Each waits until the sagas cannot go on now, but not for a provider that is down: what was asked for is done all the same.
// Threads: any.
#pragma once

#include "hotel.hpp"

namespace grand_hotel {

// Whether no saga can go on now. False: after 10 seconds some still wait for a provider, and go on later.
el::result<bool> let_sagas_go_on(el::Service& service);

// A stay after a command to it.
struct Told {
    Stay stay;
    bool is_settled = false; // false: more is to come
};

template <class Command>
el::result<Told> tell(el::Service& service, const StayId& stay, const Command& command)
{
    BOOST_OUTCOME_TRY(service.start());
    BOOST_OUTCOME_TRY(service.commands().send(stay, command));
    BOOST_OUTCOME_TRY(const bool is_settled, let_sagas_go_on(service));
    BOOST_OUTCOME_TRY(auto now, service.commands().load(stay));
    return Told{std::move(now), is_settled};
}

// A guest has paid. A webhook that comes again is welcome.
// Failure::refused "payment-not-wanted": no booking waits for it any more, and the provider must give the money back.
el::result<void> receive_payment(Hotel& hotel, const el::CallKey& key, const Receipt& receipt);

} // namespace grand_hotel
