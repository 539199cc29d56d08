// A payment provider and a mail server for tests, which remember what was asked of them.
#pragma once

#include "booking_sagas.hpp"

#include <eventloom/sagas/sagas.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace grand_hotel {

using namespace std::chrono_literals;

inline const StayId stay{"17"};
inline const RoomId room{"12"};
inline const el::Time today{std::chrono::days{20'000}}; // when virtual time begins
inline const el::Time arrival{today + 24h * 30 + 15h};
inline const Nights two_nights{room, std::chrono::floor<std::chrono::days>(arrival), 2};
inline const Requested requested{"Ada", room, arrival, 2, 24'000};

inline Request request_for(const RoomId& of)
{
    return {"Ada", of, arrival, 2, 24'000, today};
}

struct World {
    std::map<StayId, el::CallKey> asked = {}; // payments that were asked for, each with its key
    std::set<StayId> charged            = {};
    std::set<StayId> given_back         = {};
    std::set<StayId> closed             = {};
    std::map<el::CallKey, StayId> mails = {};
    bool pays_at_once                   = false; // the guest does, and no webhook is needed
    bool mail_is_down                   = false;

    template <class Sagas>
    void perform_for(Sagas& sagas, el::ActivityOptions of_payments = {}, el::ActivityOptions of_mails = {})
    {
        sagas.template perform<AskForPayment>(
            [this](const AskForPayment& wanted, const el::CallKey& key) { return ask(wanted, key); }, of_payments);
        sagas.template perform<ClosePayment>(
            [this](const ClosePayment& payment, const el::CallKey&) { return close(payment); });
        sagas.template perform<MailReminder>(
            [this](const MailReminder& wanted, const el::CallKey& key) { return mail(wanted, key); }, of_mails);
    }
    // The guest pays, and the webhook comes. What nobody waits for is not charged.
    el::result<void> pay(el::Sagas& sagas, const StayId& of = stay)
    {
        if (closed.contains(of) || not asked.contains(of)) {
            return el::refuse("payment-closed", "Nobody waits for it.");
        }
        BOOST_OUTCOME_TRY(sagas.answer<AskForPayment>(asked[of], Receipt{"receipt-" + of.value}));
        charged.insert(of);
        return el::done();
    }
    bool has_mailed(const StayId& to) const
    {
        return std::any_of(mails.begin(), mails.end(), [&to](const auto& mail) { return mail.second == to; });
    }

private:
    el::result<Receipt> ask(const AskForPayment& wanted, const el::CallKey& key)
    {
        if (closed.contains(wanted.stay)) return el::refuse("payment-closed", "It is closed.");
        asked[wanted.stay] = key;
        if (not pays_at_once) return el::answered_later();
        charged.insert(wanted.stay);
        return Receipt{"receipt-" + wanted.stay.value};
    }
    el::result<Closed> close(const ClosePayment& payment)
    {
        closed.insert(payment.stay);
        if (charged.contains(payment.stay)) given_back.insert(payment.stay);
        return Closed{};
    }
    el::result<Sent> mail(const MailReminder& wanted, const el::CallKey& key)
    {
        if (mail_is_down) return el::fail(el::Failure::unavailable, "mail-is-down", "The mail server is down.");
        mails.emplace(key, wanted.stay);
        return Sent{};
    }
};

} // namespace grand_hotel
