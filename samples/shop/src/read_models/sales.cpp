#include "read_models.hpp"

#include "../orders/order.hpp"
#include "../returns/order_return.hpp"

#include <eventloom/projections/projection.hpp>

#include <set>

namespace shop {

namespace {

using orders::Cancelled;
using orders::Line;
using orders::Order;
using orders::Placed;
using returns::OrderReturn;
using returns::Registered;
using SalesTable = el::table<SalesKey, Sales>;

std::string month_of(BusinessTime time)
{
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(time)};
    const auto month = static_cast<unsigned>(date.month());
    return std::to_string(static_cast<int>(date.year())) + (month < 10 ? "-0" : "-") + std::to_string(month);
}

// Lets `change` work on each row that a whole order or return belongs to.
template <class Change>
void in_every_view(SalesTable& sales, const std::string& country, BusinessTime time, Change change)
{
    change(sales.update({"all", "all"}));
    change(sales.update({"country", country}));
    change(sales.update({"month", month_of(time)}));
}

std::int64_t pieces_of(const std::vector<Line>& lines)
{
    std::int64_t pieces = 0;
    for (const Line& line : lines) pieces += line.quantity;
    return pieces;
}

} // namespace

el::Projected<SalesKey, Sales> sales()
{
    return el::projection<SalesKey, Sales>(
        "sales", 1, el::from<Order, OrderReturn>(),
        [](SalesTable& sales, const Placed& event) {
            in_every_view(sales, event.country, event.placed_at, [&](Sales& row) {
                ++row.orders;
                row.pieces += pieces_of(event.lines);
                row.turnover += event.total;
            });
            std::set<Sku> counted; // an order counts once for an article, however many lines have it
            for (const Line& line : event.lines) {
                Sales& row = sales.update({"sku", line.sku.value});
                if (counted.insert(line.sku).second) ++row.orders;
                row.pieces += line.quantity;
                row.turnover += line.price * line.quantity;
            }
        },
        [](SalesTable& sales, const Cancelled& event) {
            in_every_view(sales, event.country, event.placed_at, [&](Sales& row) { row.cancelled += event.total; });
            for (const Line& line : event.lines) {
                sales.update({"sku", line.sku.value}).cancelled += line.price * line.quantity;
            }
        },
        [](SalesTable& sales, const Registered& event) {
            in_every_view(sales, event.country, event.returned_at, [&](Sales& row) { row.returned += event.total; });
            for (const Line& line : event.lines) {
                sales.update({"sku", line.sku.value}).returned += line.price * line.quantity;
            }
        });
}

} // namespace shop
