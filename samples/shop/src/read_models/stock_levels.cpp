#include "read_models.hpp"

#include "../stock/stock_item.hpp"

#include <eventloom/projections/projection.hpp>

namespace shop {

using namespace stock;

el::Projected<Sku, StockLevel> stock_levels()
{
    return el::projection<Sku, StockLevel>(
        "stock", 1,
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
