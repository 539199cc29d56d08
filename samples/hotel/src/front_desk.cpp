#include "front_desk.hpp"

#include "receipts.hpp"

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
    // First: who loses the race for a receipt must not have been answered.
    BOOST_OUTCOME_TRY(service.commands().send(ReceiptId{receipt.number}, TakeReceipt{el::to_string(key)}));
    const auto taken = service.sagas().answer<AskForPayment>(key, receipt);
    if (taken) return let_booking_go_on(service, StayId{taken.value().key});
    const auto& code = taken.error().code;
    if (code != "no-such-call" && code != "answered-otherwise") return taken.error();
    return el::refuse("payment-not-wanted", "No booking waits for this payment any more: give the money back.");
}

} // namespace grand_hotel
