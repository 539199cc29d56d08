// What the shop knows of the money for an order: taken, and perhaps given back.
#pragma once

#include "../ids.hpp"
#include "../money.hpp"

#include <eventloom/framework/aggregate.hpp>

#include <optional>
#include <string>

namespace shop::payments {

// clang-format off

// Events.
struct Taken    { std::string receipt; Money amount; };
struct Refunded { std::string receipt; Money amount; };

// Commands.
struct RecordTaken  { std::string receipt; Money amount; };
struct RecordRefund { };

// State.
struct Payment {
    static constexpr auto category = "payment";

    using Events = el::events<el::event<"payment-taken", Taken>,
                              el::event<"payment-refunded", Refunded>>;

    std::string receipt; // empty: nothing was taken
    Money amount;
    bool refunded = false;
};

// Evolve.
inline Payment evolve(Payment payment, const Taken& event)    { payment.receipt = event.receipt; payment.amount = event.amount; return payment; }
inline Payment evolve(Payment payment, const Refunded&)       { payment.refunded = true; return payment; }

// clang-format on

// Decide.
el::result<std::optional<Taken>> decide(const RecordTaken& command, const Payment& payment);
el::result<std::optional<Refunded>> decide(const RecordRefund&, const Payment& payment);

static_assert(el::aggregate<Payment>);

} // namespace shop::payments
