// What follows from a request for a stay, and what is asked of the world outside.
#pragma once

#include "nights.hpp"

#include <eventloom/sagas/saga_definition.hpp>

namespace grand_hotel {

// Asks the guest to pay, at the payment provider. The answer comes by webhook.
struct Receipt {
    std::string number;
};
struct AskForPayment {
    using answer = Receipt;
    StayId stay;
    std::int64_t cents = 0;
};
// Closes the payment: nothing can be paid any more, and what was paid is given back.
struct Closed {};
struct ClosePayment {
    using answer = Closed;
    StayId stay;
    std::string receipt; // empty: none is known
};
struct Sent {};
struct MailReminder {
    using answer = Sent;
    StayId stay;
};

// Takes the nights, waits for the payment, and watches over the booking until the guest is there.
el::Saga booking(std::chrono::milliseconds pay_within = std::chrono::minutes{15});

// Reminds the guest on the day before. A saga of its own: when no mail can be sent, nothing of the booking is undone.
el::Saga reminder();

} // namespace grand_hotel
