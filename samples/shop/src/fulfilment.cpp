#include "fulfilment.hpp"

#include "orders/order.hpp"
#include "payment_provider.hpp"
#include "payments/payment.hpp"
#include "returns/order_return.hpp"
#include "shipping/shipment.hpp"
#include "stock/stock_item.hpp"
#include "wanted.hpp"

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

auto begins_with_order()
{
    return begins{[](const OrderId& order, const orders::Placed& event) {
        return Fulfilment{order, event.customer, event.country, merged(event.lines), event.total, ""};
    }};
}

// What one person may not spend alone waits for another one.
auto approval()
{
    return step("approval", el::when{[](const Fulfilment& saga) { return orders::needs_approval(saga.total); }},
                el::await<orders::Approved>{}, el::deadline{14 * 24h});
}

auto reserve_stock()
{
    return step("reserve stock", act{[](const Fulfilment& saga) {
                    return for_each_article(saga.articles, [&](const Wanted& article) {
                        return stock::Reserve{saga.order, article.quantity, article.sku};
                    });
                }},
                undo{[](const Fulfilment& saga) {
                    return for_each_article(saga.articles, [&](const Wanted&) { return stock::Release{saga.order}; });
                }});
}

auto take_payment(const el::retry& retry)
{
    return step("take payment", act{[](const Fulfilment& saga) {
                    return call(Charge{saga.order.value, saga.total});
                }},
                keep{[](Fulfilment& saga, const Receipt& receipt) { saga.receipt = receipt.number; }},
                undo{[](const Fulfilment& saga) { return call(Refund{saga.order.value}); }}, retry, el::deadline{48h});
}

auto record_payment()
{
    return step(
        "record payment", act{[](const Fulfilment& saga) {
            return send(PaymentId{saga.order.value}, payments::RecordTaken{saga.receipt, saga.total});
        }},
        undo{[](const Fulfilment& saga) { return send(PaymentId{saga.order.value}, payments::RecordRefund{}); }});
}

auto arrange_shipping()
{
    return step("arrange shipping", act{[](const Fulfilment& saga) {
                    return send(ShipmentId{saga.order.value},
                                shipping::Arrange{saga.order, saga.customer, saga.country, tracking_of(saga)});
                }},
                undo{[](const Fulfilment& saga) { return send(ShipmentId{saga.order.value}, shipping::CallOff{}); }});
}

// Refused when the order was cancelled in between: no goods have been sent yet.
auto complete_order()
{
    return step("complete order", act{[](const Fulfilment& saga) {
                    return send(saga.order, orders::Complete{saga.receipt, tracking_of(saga)});
                }});
}

auto dispatch_goods()
{
    return step("dispatch goods", act{[](const Fulfilment& saga) {
                    return for_each_article(saga.articles, [&](const Wanted&) { return stock::Dispatch{saga.order}; });
                }});
}

// What was the matter, for the customer.
std::string reason_of(const el::failure& why)
{
    return why.step + ": " + why.reason;
}

auto cancels_the_order()
{
    return failed{[](const Fulfilment& saga, const el::failure& why) {
        return send(saga.order, orders::Cancel{reason_of(why)});
    }};
}

// An article that ran out comes again.
auto backorders_or_cancels_the_order()
{
    return failed{[](const Fulfilment& saga, const el::failure& why) -> el::actions {
        if (why.code == "out-of-stock") return {send(saga.order, orders::Backorder{why.reason})};
        return {send(saga.order, orders::Cancel{reason_of(why)})};
    }};
}

// What was reserved after a delivery may not have been asked for by a step when the customer cancels.
auto lets_the_goods_go_and_cancels_the_order()
{
    return failed{[](const Fulfilment& saga, const el::failure& why) -> el::actions {
        return {for_each_article(saga.articles, [&](const Wanted&) { return stock::Release{saga.order}; }),
                send(saga.order, orders::Cancel{reason_of(why)})};
    }};
}

// A provider that does not answer is asked until the deadline: an outage cancels no order.
constexpr el::retry until_the_deadline{.times = 1'000, .first_wait = 50ms};

auto begins_with_return()
{
    return begins{[](const ReturnId& from, const returns::Registered& event) {
        return Restocking{from, merged(event.lines)};
    }};
}

auto put_back_on_the_shelf()
{
    return step("put back on the shelf", act{[](const Restocking& saga) {
                    return for_each_article(saga.articles, [&](const Wanted& article) {
                        return stock::TakeBack{saga.from, article.quantity};
                    });
                }});
}

} // namespace

el::Saga fulfilment()
{
    return el::saga<Fulfilment>("fulfilment", 3, begins_with_order(), el::cancelled_by<orders::Cancelled>{}, approval(),
                                el::together(reserve_stock(), take_payment(until_the_deadline)), record_payment(),
                                arrange_shipping(), complete_order(), el::no_return{}, dispatch_goods(),
                                backorders_or_cancels_the_order());
}

el::Saga resumption()
{
    return el::saga<Fulfilment>(
        "resumption", 1, begins{[](const OrderId& order, const orders::Supplied& event) {
            return Fulfilment{order, event.customer, event.country, merged(event.lines), event.total, ""};
        }},
        el::cancelled_by<orders::Cancelled>{}, el::together(reserve_stock(), take_payment(until_the_deadline)),
        record_payment(), arrange_shipping(), complete_order(), el::no_return{}, dispatch_goods(),
        lets_the_goods_go_and_cancels_the_order());
}

el::Saga second_fulfilment()
{
    return el::saga<Fulfilment>("fulfilment", 2, begins_with_order(), el::cancelled_by<orders::Cancelled>{}, approval(),
                                el::together(reserve_stock(), take_payment(until_the_deadline)), record_payment(),
                                arrange_shipping(), complete_order(), el::no_return{}, dispatch_goods(),
                                cancels_the_order());
}

el::Saga first_fulfilment()
{
    const el::retry eight_times{.times = 8, .first_wait = 50ms};
    return el::saga<Fulfilment>("fulfilment", 1, begins_with_order(), reserve_stock(), take_payment(eight_times),
                                record_payment(), arrange_shipping(), complete_order(), dispatch_goods(),
                                cancels_the_order());
}

// It cannot be undone that the goods are there: whoever refuses them holds up the saga, and a person sees it.
el::Saga restocking()
{
    return el::saga<Restocking>("restocking", 2, begins_with_return(), el::no_return{}, put_back_on_the_shelf());
}

el::Saga first_restocking()
{
    return el::saga<Restocking>("restocking", 1, begins_with_return(), put_back_on_the_shelf());
}

} // namespace shop
