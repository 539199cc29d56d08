#include "read_models.hpp"

#include "../orders/order.hpp"
#include "../returns/order_return.hpp"
#include "../stock/stock_item.hpp"

#include <eventloom/projections/projection.hpp>

namespace shop {

namespace {

using orders::Order;
using orders::Placed;
using returns::OrderReturn;
using returns::Registered;
using stock::StockItem;
using stock::WrittenOff;
using Lines = el::Rows<LineKey, InvoiceLine>;

// Write-offs may stand on an order's invoice, and come before it.
std::int64_t next_line(Lines& lines, const std::string& invoice)
{
    std::int64_t line = 1;
    while (lines.find({invoice, line}) != nullptr) ++line;
    return line;
}

// The lines of an order (sign 1) or of a return (sign -1).
void add_lines(Lines& lines, const std::string& invoice, const std::vector<orders::Line>& added, std::int64_t sign,
               InvoiceLine row)
{
    std::int64_t number = next_line(lines, invoice);
    for (const orders::Line& line : added) {
        row.stock_code                    = line.sku;
        row.description                   = line.description;
        row.quantity                      = sign * line.quantity;
        row.unit_price                    = line.price;
        row.amount                        = line.price * row.quantity;
        lines.update({invoice, number++}) = row;
    }
}

} // namespace

el::Projected<LineKey, InvoiceLine> invoice_lines()
{
    return el::projection<LineKey, InvoiceLine>(
        "lines", 1, el::from<Order, OrderReturn, StockItem>(),
        el::index("stock-code", &InvoiceLine::stock_code, &InvoiceLine::invoice_date),
        el::index("customer", &InvoiceLine::customer_id, &InvoiceLine::invoice_date),
        el::index("date", &InvoiceLine::invoice_date),

        [](Lines& lines, const Placed& event, const el::RecordedEvent& where) {
            add_lines(lines, el::id_of_stream<Order>(where.stream).value, event.lines, 1,
                      {.kind         = "order",
                       .stock_code   = {},
                       .description  = {},
                       .quantity     = 0,
                       .invoice_date = event.placed_at,
                       .unit_price   = {},
                       .amount       = {},
                       .customer_id  = event.customer,
                       .country      = event.country});
        },
        [](Lines& lines, const Registered& event, const el::RecordedEvent& where) {
            add_lines(lines, el::id_of_stream<OrderReturn>(where.stream).value, event.lines, -1,
                      {.kind         = "return",
                       .stock_code   = {},
                       .description  = {},
                       .quantity     = 0,
                       .invoice_date = event.returned_at,
                       .unit_price   = {},
                       .amount       = {},
                       .customer_id  = event.customer,
                       .country      = event.country});
        },
        [](Lines& lines, const WrittenOff& event, const el::RecordedEvent& where) {
            const stock::InvoiceRow& row = event.row;
            if (row.invoice.empty()) return; // seen on the shelf, and written on no invoice
            lines.update({row.invoice, next_line(lines, row.invoice)}) = {.kind = "write-off",
                                                                          .stock_code =
                                                                              el::id_of_stream<StockItem>(where.stream),
                                                                          .description  = row.description,
                                                                          .quantity     = -event.quantity,
                                                                          .invoice_date = row.date,
                                                                          .unit_price   = row.price,
                                                                          .amount       = row.price * -event.quantity,
                                                                          .customer_id  = row.customer,
                                                                          .country      = row.country};
        });
}

} // namespace shop
