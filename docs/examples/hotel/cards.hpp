// The company that charges cards, as the examples of docs/sagas.md have it. It declines more than 1,000, and may be offline.
#pragma once

#include "hotel.hpp"

#include <eventloom/sagas/sagas.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <set>

namespace hotel {

// What the company is asked, and what it answers.
struct Receipt {
    std::string number;
};
struct Charge {
    using answer = Receipt;
    StayId stay;
    std::int64_t cents = 0;
};
struct Refund {
    using answer = Receipt;
    StayId stay;
};

class CardCompany {
public:
    std::atomic<int> offline{0};             // so many calls get no answer
    std::atomic<bool> answers_later = false; // by a webhook

    el::result<Receipt> charge(const Charge& charge, const el::CallKey& key)
    {
        if (no_answer()) return el::fail(el::Failure::unavailable, "company-offline", "The card company is offline.");
        if (charge.cents > 100'000) return el::refuse("card-declined", "The card was declined.");
        const std::lock_guard lock{mutex_};
        if (answers_later) {
            key_to_answer_ = key;
            return el::answered_later();
        }
        // A key that is known was charged before, and its answer was lost: it gets the same answer again.
        const auto [known, is_new] = receipts_.emplace(key, Receipt{"receipt-" + charge.stay.value});
        if (is_new) charged_.insert(charge.stay);
        return known->second;
    }

    // Its key is another than that of the charge, so the charge is found by its stay. Also right when nothing was charged.
    el::result<Receipt> refund(const Refund& refund, const el::CallKey&)
    {
        if (no_answer()) return el::fail(el::Failure::unavailable, "company-offline", "The card company is offline.");
        const std::lock_guard lock{mutex_};
        charged_.erase(refund.stay);
        return Receipt{"refund-" + refund.stay.value};
    }

    std::size_t charges() const { return receipts_.size(); }
    el::CallKey key_to_answer() const { return key_to_answer_; }

private:
    bool no_answer() { return offline > 0 && offline-- > 0; }

    std::mutex mutex_; // activities are called by several threads
    std::map<el::CallKey, Receipt> receipts_;
    std::set<StayId> charged_;
    el::CallKey key_to_answer_;
};

} // namespace hotel
