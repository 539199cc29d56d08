#include "read_models.hpp"

#include "../orders/order.hpp"
#include "../returns/order_return.hpp"

#include <eventloom/projections/projection.hpp>

namespace shop {

namespace {

using orders::Cancelled;
using orders::Order;
using orders::Placed;
using returns::OrderReturn;
using returns::Registered;

void keep_value(CustomerAccount& row)
{
    row.lifetime_value = row.ordered - row.cancelled - row.returned;
}

} // namespace

el::Projected<CustomerId, CustomerAccount> customer_accounts()
{
    return el::projection<CustomerId, CustomerAccount>(
        "customers", 2, el::from<Order, OrderReturn>(), el::index("lifetime-value", &CustomerAccount::lifetime_value),

        [](CustomerAccount& row, const Placed& event) {
            if (row.orders == 0 || event.placed_at < row.first_order) row.first_order = event.placed_at;
            if (row.orders == 0 || event.placed_at >= row.last_order) {
                row.last_order = event.placed_at;
                row.country    = event.country;
            }
            ++row.orders;
            row.ordered += event.total;
            keep_value(row);
        },
        [](CustomerAccount& row, const Cancelled& event) {
            row.cancelled += event.total;
            keep_value(row);
        },
        [](CustomerAccount& row, const Registered& event) {
            if (row.country.empty()) row.country = event.country;
            row.returned += event.total;
            keep_value(row);
        });
}

} // namespace shop
