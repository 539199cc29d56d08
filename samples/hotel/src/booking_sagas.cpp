#include "booking_sagas.hpp"

#include <eventloom/sagas/saga.hpp>

namespace grand_hotel {

namespace {

using namespace std::chrono_literals;

struct Booking {
    StayId stay;
    Nights nights;
    el::Time arrival{};
    std::int64_t cents = 0;
    std::string receipt; // once it is paid
};

struct Reminder {
    StayId stay;
    el::Time arrival{};
};

// Longer than a provider is down.
constexpr el::retry for_weeks{.times = 1'000};

} // namespace

el::Saga booking(std::chrono::milliseconds pay_within)
{
    return el::saga<Booking>(
        "booking", 1, el::begins{[](const StayId& stay, const Requested& event) {
            const Nights nights{event.room, std::chrono::floor<std::chrono::days>(event.arrival), event.nights};
            return Booking{stay, nights, event.arrival, event.cents, ""};
        }},
        el::cancelled_by<Withdrawn>{},

        el::step("take the nights", el::act{[](const Booking& saga) {
                     return el::send<Calendar>(TakeNights{saga.stay, saga.nights});
                 }},
                 el::undo{[](const Booking& saga) {
                     return el::send<Calendar>(FreeNights{saga.stay, saga.nights});
                 }}),

        el::step("payment", el::act{[](const Booking& saga) {
                     return el::call(AskForPayment{saga.stay, saga.cents});
                 }},
                 el::keep{[](Booking& saga, const Receipt& receipt) { saga.receipt = receipt.number; }},
                 el::undo{[](const Booking& saga) {
                     return el::call(ClosePayment{saga.stay, saga.receipt});
                 }},
                 for_weeks, el::deadline{pay_within}),

        el::step("confirm", el::act{[](const Booking& saga) { return el::send(saga.stay, Confirm{saga.receipt}); }}),

        // Until then the guest may cancel. A day more, so that a saga that is late hears every withdrawal.
        el::step("until the guest is there", el::until{[](const Booking& saga) { return saga.arrival + 24h; }}),

        el::failed{
            [](const Booking& saga, const el::failure& why) { return el::send(saga.stay, Cancel{why.reason}); }});
}

el::Saga reminder()
{
    return el::saga<Reminder>(
        "reminder", 1, el::begins{[](const StayId& stay, const Confirmed& event) {
            return Reminder{stay, event.arrival};
        }},
        el::cancelled_by<Withdrawn>{}, el::cancelled_by<Cancelled>{},

        el::step("the day before", el::until{[](const Reminder& saga) { return saga.arrival - 24h; }}),
        // The stay decides whether it is still booked: after a crash the saga may not have heard that it is not.
        el::step("ask the stay", el::act{[](const Reminder& saga) { return el::send(saga.stay, Remind{}); }}),
        // On the next day the guest is there.
        el::step("mail", el::act{[](const Reminder& saga) { return el::call(MailReminder{saga.stay}); }}, for_weeks,
                 el::deadline{24h}));
}

} // namespace grand_hotel
