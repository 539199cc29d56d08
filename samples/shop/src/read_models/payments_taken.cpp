#include "read_models.hpp"

#include "../payments/payment.hpp"

#include <eventloom/projections/projection.hpp>

namespace shop {

namespace {

using payments::Payment;
using payments::Refunded;
using payments::Taken;
using Payments = el::Rows<OrderId, PaymentRow>;
using Days     = el::Rows<PaymentDay, PaymentsOfDay>;

// A payment has the number of its order.
OrderId order_of(const el::RecordedEvent& where)
{
    return {el::id_of_stream<Payment>(where.stream).value};
}

PaymentDay day_of(const el::RecordedEvent& where)
{
    return {std::chrono::floor<std::chrono::days>(where.recorded_at)};
}

} // namespace

ProjectedPayments payments_taken()
{
    return el::projection(
        "payments", 1, el::from<Payment>(),
        el::keep_table<OrderId, PaymentRow>("by-order", el::index("taken-at", &PaymentRow::taken_at)),
        el::keep_table<PaymentDay, PaymentsOfDay>("by-day"),

        [](Payments& payments, Days& days, const Taken& event, const el::RecordedEvent& where) {
            payments.update(order_of(where)) = {event.receipt, event.amount, where.recorded_at, std::nullopt};
            PaymentsOfDay& day               = days.update(day_of(where));
            ++day.payments;
            day.taken += event.amount;
            day.net += event.amount;
        },
        [](Payments& payments, Days& days, const Refunded& event, const el::RecordedEvent& where) {
            payments.update(order_of(where)).refunded_at = where.recorded_at;
            PaymentsOfDay& day                           = days.update(day_of(where));
            ++day.refunds;
            day.refunded += event.amount;
            day.net -= event.amount;
        });
}

} // namespace shop
