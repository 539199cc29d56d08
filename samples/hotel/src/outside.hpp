// Stands for the world outside, a payment provider and a mail server: a file with a line for each thing that was done there.
//
//     3f0c... ask-for-payment 17 24000
//     91ab... close-payment 17 receipt-1
//     c2d4... mail-reminder 18
//
// What is asked again with the same key is done once. While the file cannot be written, the world outside is down. Threads: any.
#pragma once

#include "booking_sagas.hpp"

#include <eventloom/sagas/sagas.hpp>

#include <mutex>
#include <optional>
#include <string>

namespace grand_hotel {

class Outside {
public:
    explicit Outside(std::string file) : file_{std::move(file)} {}

    // Answers what the sagas call.
    void perform_for(el::Sagas& sagas);

    // The key with which the payment of this stay was asked for; nothing: it was not.
    std::optional<el::CallKey> asked_for(const StayId& stay) const;

private:
    el::result<void> once(const el::CallKey& key, const std::string& what);

    const std::string file_;
    mutable std::mutex mutex_;
};

} // namespace grand_hotel
