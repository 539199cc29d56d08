#include "read_models.hpp"

#include "../orders/order.hpp"

#include <eventloom/projections/projection.hpp>

namespace shop {

using namespace orders;

el::Projected<OrderId, OrderSummary> order_summaries()
{
    return el::projection<OrderId, OrderSummary>(
        "orders", 2, el::index("customer", &OrderSummary::customer, &OrderSummary::placed_at),
        el::index("stage", &OrderSummary::stage, &OrderSummary::placed_at),
        el::index("day", &OrderSummary::day, &OrderSummary::placed_at),

        [](OrderSummary& row, const Placed& event) {
            row = {.customer  = event.customer,
                   .country   = event.country,
                   .placed_at = event.placed_at,
                   .day       = std::chrono::floor<std::chrono::days>(event.placed_at),
                   .stage     = "placed",
                   .lines     = static_cast<std::int64_t>(event.lines.size()),
                   .pieces    = 0,
                   .total     = event.total,
                   .receipt   = {},
                   .tracking  = {},
                   .reason    = {}};
            for (const Line& line : event.lines) row.pieces += line.quantity;
        },
        [](OrderSummary& row, const Backordered& event) {
            row.stage  = "waiting";
            row.reason = "waits for a delivery: " + event.reason;
        },
        [](OrderSummary& row, const Supplied&) {
            row.stage = "placed";
            row.reason.clear();
        },
        [](OrderSummary& row, const Completed& event) {
            row.stage    = "completed";
            row.receipt  = event.receipt;
            row.tracking = event.tracking;
        },
        [](OrderSummary& row, const Cancelled& event) {
            row.stage  = "cancelled";
            row.reason = event.reason;
        });
}

} // namespace shop
