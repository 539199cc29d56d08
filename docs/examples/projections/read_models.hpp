// The read models of docs/projections.md.
#pragma once

#include "projections/orders.hpp"

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

// Two tables that one event changes, and that are always seen together.
struct Country {
    std::string name;
};
struct CountrySales {
    std::int64_t orders = 0;
    Money turnover;
};
struct ArticleSales {
    std::int64_t pieces = 0;
    Money turnover;
};
using Countries = el::Rows<Country, CountrySales>;
using Articles  = el::Rows<Sku, ArticleSales>;

inline auto sales()
{
    return el::projection(
        "sales", 1, el::from<Order>(), el::keep_table<Country, CountrySales>("by-country"),
        el::keep_table<Sku, ArticleSales>("by-article",
                                          el::index("turnover", [](const ArticleSales& row) { return row.turnover; })),

        [](Countries& countries, Articles& articles, const Placed& event) {
            auto& country = countries.update({event.country});
            ++country.orders;
            for (const Line& line : event.lines) {
                country.turnover += line.price;
                auto& article = articles.update(line.sku);
                article.pieces += line.pieces;
                article.turnover += line.price;
            }
        });
}

} // namespace chapter
