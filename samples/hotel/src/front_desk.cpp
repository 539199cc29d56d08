#include "front_desk.hpp"

namespace grand_hotel {

namespace {

constexpr auto patience = std::chrono::seconds{10};

} // namespace

el::result<void> let_booking_go_on(el::Service& service, const StayId& stay)
{
    auto settled = service.settle_saga("booking", stay.value, service.runtime().clock.now() + patience);
    if (not settled && settled.error().code != "not-settled") return settled;
    return el::done();
}

el::result<void> receive_payment(Hotel& hotel, const el::CallKey& key, const Receipt& receipt)
{
    auto& service = hotel.service();
    BOOST_OUTCOME_TRY(service.start());
    const auto answered = service.sagas().answer<AskForPayment>(key, receipt);
    if (not answered && answered.error().code != "no-such-call") return answered;

    // Until the sagas and read models have what is in the log. The webhook may have come before.
    BOOST_OUTCOME_TRY(service.settle(service.runtime().clock.now() + patience));
    if (answered) return el::done();
    BOOST_OUTCOME_TRY(const auto paid, hotel.bookings().one("receipt", std::optional{receipt.number}));
    if (paid) return el::done();
    return el::refuse("payment-not-wanted", "No booking waits for this payment any more: give the money back.");
}

} // namespace grand_hotel
