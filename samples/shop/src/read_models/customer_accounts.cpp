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

} // namespace

el::Projected<CustomerId, CustomerAccount> customer_accounts()
{
    return el::projection<CustomerId, CustomerAccount>(
        "customers", 1, el::from<Order, OrderReturn>(),
        [](CustomerAccount& row, const Placed& event) {
            if (row.orders == 0 || event.placed_at < row.first_order) row.first_order = event.placed_at;
            if (row.orders == 0 || event.placed_at > row.last_order) row.last_order = event.placed_at;
            ++row.orders;
            row.ordered += event.total;
        },
        [](CustomerAccount& row, const Cancelled& event) { row.cancelled += event.total; },
        [](CustomerAccount& row, const Registered& event) { row.returned += event.total; });
}

} // namespace shop
