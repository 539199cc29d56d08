#include "read_models.hpp"

#include "../orders/order.hpp"
#include "../stock/stock_item.hpp"

#include <eventloom/projections/projection.hpp>

namespace shop {

using namespace stock;
using orders::Order;
using orders::Placed;

el::Projected<Sku, StockLevel> stock_levels()
{
    return el::projection<Sku, StockLevel>(
        "stock", 2, el::from<StockItem, Order>(), el::index("on-hand", &StockLevel::on_hand),

        // Stock moves under its code only; what it is called stands on the orders.
        [](el::Rows<Sku, StockLevel>& levels, const Placed& event) {
            for (const orders::Line& line : event.lines) {
                const StockLevel* const known = levels.find(line.sku);
                if (known != nullptr && (line.description.empty() || known->description == line.description)) continue;
                levels.update(line.sku).description = line.description;
            }
        },
        [](StockLevel& row, const Received& event) {
            row.received += event.quantity;
            row.on_hand += event.quantity;
        },
        [](StockLevel& row, const Reserved& event) {
            row.on_hand -= event.quantity;
            row.reserved += event.quantity;
        },
        [](StockLevel& row, const Released& event) {
            row.reserved -= event.quantity;
            row.on_hand += event.quantity;
        },
        [](StockLevel& row, const Dispatched& event) {
            row.reserved -= event.quantity;
            row.shipped += event.quantity;
        },
        [](StockLevel& row, const WrittenOff& event) {
            row.on_hand -= event.quantity;
            row.written_off += event.quantity;
        },
        [](StockLevel& row, const TakenBack& event) {
            row.on_hand += event.quantity;
            row.returned += event.quantity;
        });
}

} // namespace shop
