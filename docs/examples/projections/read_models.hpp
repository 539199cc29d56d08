// The read models of docs/projections.md.
#pragma once

#include "projections/sales.hpp"

#include <eventloom/projections/projection.hpp>

namespace chapter {

// One row for each order.
struct OrderRow {
    CustomerId customer;
    Money total;
    el::Time placed_at;
    std::optional<std::string> receipt; // once it is paid
};

inline el::Projected<OrderId, OrderRow> order_list()
{
    return el::projection<OrderId, OrderRow>(
        "orders", 1, el::index("customer", &OrderRow::customer, &OrderRow::placed_at),
        el::index("total", &OrderRow::total), el::unique_index("receipt", &OrderRow::receipt),

        [](OrderRow& row, const Placed& event, const el::RecordedEvent& where) {
            row = {event.customer, total_of(event.lines), where.recorded_at, std::nullopt};
        },
        [](OrderRow& row, const Paid& event) { row.receipt = event.receipt; },
        [](OrderRow&, const Cancelled&) { return el::drop_row; });
}

// One row for each receipt. Which order it is for is not in the event: its stream says so.
struct ReceiptRow {
    OrderId order;
    el::Time paid_at;
};

inline auto receipts()
{
    return el::projection<std::string, ReceiptRow>("receipts", 1, el::from<Order>(), el::keyed_by(&Paid::receipt),
                                                   [](ReceiptRow& row, const Paid&, const el::RecordedEvent& where) {
                                                       row = {el::id_of_stream<Order>(where.stream), where.recorded_at};
                                                   });
}

} // namespace chapter
