#include "fulfilment.hpp"

#include "orders/order.hpp"
#include "payment_provider.hpp"
#include "payments/payment.hpp"
#include "returns/order_return.hpp"
#include "shipping/shipment.hpp"
#include "stock/stock_item.hpp"

#include <eventloom/sagas/saga.hpp>

namespace shop {

using namespace std::chrono_literals;
using el::act;
using el::begins;
using el::call;
using el::failed;
using el::keep;
using el::send;
using el::step;
using el::undo;

namespace {

struct Wanted {
    Sku sku;
    std::int64_t quantity = 0;
};

// How many of each article, summed over all lines.
std::vector<Wanted> merged(const std::vector<orders::Line>& lines)
{
    std::map<Sku, std::int64_t> quantities;
    for (const auto& line : lines) quantities[line.sku] += line.quantity;
    std::vector<Wanted> wanted;
    for (const auto& [sku, quantity] : quantities) wanted.push_back({sku, quantity});
    return wanted;
}

// One command for each article.
template <class Describe>
auto for_each_article(const std::vector<Wanted>& articles, Describe describe)
{
    std::vector<decltype(send(Sku{}, describe(Wanted{})))> commands;
    for (const auto& article : articles) commands.push_back(send(article.sku, describe(article)));
    return commands;
}

struct Fulfilment {
    OrderId order;
    CustomerId customer;
    std::string country;
    std::vector<Wanted> articles;
    Money total;
    std::string receipt;
};

struct Restocking {
    ReturnId from;
    std::vector<Wanted> articles;
};

std::string tracking_of(const Fulfilment& saga)
{
    return "parcel-" + saga.order.value;
}

} // namespace

el::Saga fulfilment()
{
    return el::saga<Fulfilment>(
        "fulfilment", 1, begins{[](const OrderId& order, const orders::Placed& event) {
            return Fulfilment{order, event.customer, event.country, merged(event.lines), event.total, ""};
        }},

        step("reserve stock", act{[](const Fulfilment& saga) {
                 return for_each_article(saga.articles, [&](const Wanted& article) {
                     return stock::Reserve{saga.order, article.quantity};
                 });
             }},
             undo{[](const Fulfilment& saga) {
                 return for_each_article(saga.articles, [&](const Wanted&) { return stock::Release{saga.order}; });
             }}),

        step("take payment", act{[](const Fulfilment& saga) {
                 return call(Charge{saga.order.value, saga.total});
             }},
             keep{[](Fulfilment& saga, const Receipt& receipt) { saga.receipt = receipt.number; }},
             undo{[](const Fulfilment& saga) { return call(Refund{saga.order.value}); }},
             el::retry{.times = 8, .first_wait = 50ms}, el::deadline{48h}),

        step("record payment", act{[](const Fulfilment& saga) {
                 return send(PaymentId{saga.order.value}, payments::RecordTaken{saga.receipt, saga.total});
             }},
             undo{[](const Fulfilment& saga) { return send(PaymentId{saga.order.value}, payments::RecordRefund{}); }}),

        step("arrange shipping", act{[](const Fulfilment& saga) {
                 return send(ShipmentId{saga.order.value},
                             shipping::Arrange{saga.order, saga.customer, saga.country, tracking_of(saga)});
             }},
             undo{[](const Fulfilment& saga) { return send(ShipmentId{saga.order.value}, shipping::CallOff{}); }}),

        // Refused when the order was cancelled in between: no goods have been sent yet.
        step("complete order", act{[](const Fulfilment& saga) {
                 return send(saga.order, orders::Complete{saga.receipt, tracking_of(saga)});
             }}),

        step("dispatch goods", act{[](const Fulfilment& saga) {
                 return for_each_article(saga.articles, [&](const Wanted&) { return stock::Dispatch{saga.order}; });
             }}),

        failed{[](const Fulfilment& saga, const el::failure& why) {
            return send(saga.order, orders::Cancel{why.step + ": " + why.reason});
        }});
}

el::Saga restocking()
{
    return el::saga<Restocking>("restocking", 1, begins{[](const ReturnId& from, const returns::Registered& event) {
                                    return Restocking{from, merged(event.lines)};
                                }},
                                step("put back on the shelf", act{[](const Restocking& saga) {
                                         return for_each_article(saga.articles, [&](const Wanted& article) {
                                             return stock::TakeBack{saga.from, article.quantity};
                                         });
                                     }}));
}

} // namespace shop
