// Whose a receipt is: it belongs to one payment.
#pragma once

#include "stay.hpp"

namespace grand_hotel {

struct TakenReceipt;
using ReceiptId = el::id<TakenReceipt>; // its number

// clang-format off
struct ReceiptTaken { std::string payment; };                    // the key with which the payment was asked for
struct TakeReceipt  { std::string payment; };
// clang-format on

struct TakenReceipt {
    static constexpr auto category = "receipt";
    using Events                   = el::events<el::event<"receipt-taken", ReceiptTaken>>;
    std::string payment;
};

inline TakenReceipt evolve(TakenReceipt receipt, const ReceiptTaken& event)
{
    receipt.payment = event.payment;
    return receipt;
}
// A webhook may come again.
inline el::result<std::optional<ReceiptTaken>> decide(const TakeReceipt& command, const TakenReceipt& receipt)
{
    if (receipt.payment == command.payment) return std::nullopt;
    if (receipt.payment.empty()) return ReceiptTaken{command.payment};
    return el::refuse("receipt-known", "This receipt is of another payment.");
}
static_assert(el::aggregate<TakenReceipt>);

} // namespace grand_hotel
