#include "payment.hpp"

namespace shop::payments {

el::result<std::optional<Taken>> decide(const RecordTaken& command, const Payment& payment)
{
    if (payment.receipt == command.receipt && not command.receipt.empty()) return std::nullopt;
    if (not payment.receipt.empty()) return el::refuse("paid-twice", "This order was paid with another receipt.");
    if (command.receipt.empty()) return el::refuse("no-receipt", "A payment needs a receipt.");
    return Taken{command.receipt, command.amount};
}

el::result<std::optional<Refunded>> decide(const RecordRefund&, const Payment& payment)
{
    if (payment.receipt.empty() || payment.refunded) return std::nullopt;
    return Refunded{payment.receipt, payment.amount};
}

} // namespace shop::payments
