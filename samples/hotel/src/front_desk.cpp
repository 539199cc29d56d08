#include "front_desk.hpp"

namespace grand_hotel {

namespace {

constexpr auto patience = std::chrono::seconds{10};

} // namespace

el::result<bool> let_sagas_go_on(el::Service& service)
{
    const auto settled = service.settle(service.runtime().clock.now() + patience);
    if (settled) return true;
    if (settled.error().code != "not-settled") return settled.error();
    return false;
}

el::result<void> receive_payment(Hotel& hotel, const el::CallKey& key, const Receipt& receipt)
{
    auto& service = hotel.service();
    BOOST_OUTCOME_TRY(service.start());
    const auto answered = service.sagas().answer<AskForPayment>(key, receipt);
    BOOST_OUTCOME_TRY(let_sagas_go_on(service));
    if (answered) return el::done();
    if (answered.error().code != "no-such-call") return answered;

    // The webhook may have come before. While sagas wait for a provider the read models were not waited for.
    BOOST_OUTCOME_TRY(
        service.wait_for(service.store().head(), service.runtime().clock.now() + patience, [] { return el::done(); }));
    BOOST_OUTCOME_TRY(const auto paid, hotel.bookings().one("receipt", std::optional{receipt.number}));
    if (paid) return el::done();
    return el::refuse("payment-not-wanted", "No booking waits for this payment any more: give the money back.");
}

} // namespace grand_hotel
