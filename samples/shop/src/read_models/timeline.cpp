#include "read_models.hpp"

#include "../orders/order.hpp"
#include "../payments/payment.hpp"
#include "../returns/order_return.hpp"
#include "../shipping/shipment.hpp"
#include "../stock/stock_item.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/projections/projection.hpp>

#include <fmt/core.h>

namespace shop {

namespace {

using orders::Order;
using payments::Payment;
using returns::OrderReturn;
using shipping::Shipment;
using stock::StockItem;
using Entries = el::Rows<TimelineKey, TimelineEntry>;

void tell(Entries& entries, const std::string& number, const el::RecordedEvent& where, std::string what)
{
    entries.update({number, where.position}) = {where.recorded_at, where.type, std::move(what)};
}

// An order, its payment and its parcel have one number; a return has its own. It stands in the stream's name.
std::string number_of(const el::RecordedEvent& where)
{
    return el::id_of_stream<Order>(where.stream).value;
}

std::string lines_in_words(const std::vector<orders::Line>& lines, Money total)
{
    return std::to_string(lines.size()) + (lines.size() == 1 ? " line, " : " lines, ") + to_string(total);
}

std::string pieces_in_words(std::int64_t pieces, const el::RecordedEvent& where)
{
    return fmt::format("{} of {}", pieces, el::id_of_stream<StockItem>(where.stream).value);
}

} // namespace

el::Projected<TimelineKey, TimelineEntry> timeline()
{
    using Where = el::RecordedEvent;
    return el::projection<TimelineKey, TimelineEntry>(
        "timeline", 1, el::from<Order, StockItem, Payment, Shipment, OrderReturn>(),
        [](Entries& entries, const orders::Placed& event, const Where& where) {
            tell(entries, number_of(where), where,
                 "placed by " + event.customer.value + " on " + el::time_text(event.placed_at) + ": " +
                     lines_in_words(event.lines, event.total));
        },
        [](Entries& entries, const orders::Approved& event, const Where& where) {
            tell(entries, number_of(where), where, "approved by " + event.by);
        },
        [](Entries& entries, const orders::Backordered& event, const Where& where) {
            tell(entries, number_of(where), where, "waits for a delivery: " + event.reason);
        },
        [](Entries& entries, const orders::Supplied&, const Where& where) {
            tell(entries, number_of(where), where, "all goods have come");
        },
        [](Entries& entries, const stock::Awaited& event, const Where& where) {
            tell(entries, event.order.value, where, "waits for " + pieces_in_words(event.quantity, where));
        },
        [](Entries& entries, const stock::Forgone& event, const Where& where) {
            tell(entries, event.order.value, where,
                 "waits no longer for " + el::id_of_stream<StockItem>(where.stream).value);
        },
        [](Entries& entries, const stock::Reserved& event, const Where& where) {
            tell(entries, event.order.value, where, "reserved " + pieces_in_words(event.quantity, where));
        },
        [](Entries& entries, const stock::Released& event, const Where& where) {
            tell(entries, event.order.value, where, "let go " + pieces_in_words(event.quantity, where));
        },
        [](Entries& entries, const payments::Taken& event, const Where& where) {
            tell(entries, number_of(where), where, "paid " + to_string(event.amount) + ", receipt " + event.receipt);
        },
        [](Entries& entries, const payments::Refunded& event, const Where& where) {
            tell(entries, number_of(where), where, "gave back " + to_string(event.amount) + " of " + event.receipt);
        },
        [](Entries& entries, const shipping::Arranged& event, const Where& where) {
            tell(entries, event.order.value, where, "parcel " + event.tracking + " to " + event.country);
        },
        [](Entries& entries, const shipping::CalledOff&, const Where& where) {
            tell(entries, number_of(where), where, "parcel called off");
        },
        [](Entries& entries, const orders::Completed&, const Where& where) {
            tell(entries, number_of(where), where, "completed");
        },
        [](Entries& entries, const stock::Dispatched& event, const Where& where) {
            tell(entries, event.order.value, where, "dispatched " + pieces_in_words(event.quantity, where));
        },
        [](Entries& entries, const orders::Cancelled& event, const Where& where) {
            tell(entries, number_of(where), where, "cancelled: " + event.reason);
        },
        [](Entries& entries, const returns::AskedFor& event, const Where& where) {
            tell(entries, number_of(where), where,
                 "asked for by " + event.customer.value + ": " + lines_in_words(event.lines, event.total) +
                     (event.reason.empty() ? "" : ", because: " + event.reason));
        },
        [](Entries& entries, const returns::Reminded&, const Where& where) {
            tell(entries, number_of(where), where, "the customer is reminded to send the goods back");
        },
        [](Entries& entries, const returns::Refunded& event, const Where& where) {
            tell(entries, number_of(where), where, "the money is given back, of " + event.receipt);
        },
        [](Entries& entries, const returns::GivenUp&, const Where& where) {
            tell(entries, number_of(where), where, "given up: the goods have not come within 30 days");
        },
        [](Entries& entries, const returns::Registered& event, const Where& where) {
            tell(entries, number_of(where), where,
                 "sent back by " + event.customer.value + " on " + el::time_text(event.returned_at) + ": " +
                     lines_in_words(event.lines, event.total));
        },
        [](Entries& entries, const stock::TakenBack& event, const Where& where) {
            tell(entries, event.from.value, where, "took back " + pieces_in_words(event.quantity, where));
        });
}

} // namespace shop
