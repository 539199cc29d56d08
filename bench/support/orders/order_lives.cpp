#include "support/orders/order_lives.hpp"

#include "support/measuring/measure.hpp"
#include "support/orders/order_event.hpp"

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/projections/projection.hpp>

#include <algorithm>
#include <array>

namespace bench::lives {

namespace el = eventloom;

namespace {

constexpr std::uint64_t events_an_append = 5'000;

template <class Fact>
void put(el::NewEvent& event, const char* type, const Fact& fact)
{
    event.type = type;
    el::codec<Fact>::encode(fact, event.data);
}

std::string numbered(const char* what, std::uint64_t number)
{
    return what + std::to_string(number);
}

LineAdded line_of(std::uint64_t order, std::uint64_t place)
{
    const auto drawn = mixed(order * 3 + place);
    return {{numbered("sku-", drawn % 10'000)},
            static_cast<std::int64_t>(drawn % 12 + 1),
            static_cast<std::int64_t>(drawn % 10'000),
            numbered("WHITE HANGING HEART T-LIGHT HOLDER ", drawn % 10'000)};
}

std::int64_t total_of(std::uint64_t order)
{
    std::int64_t total = 0;
    for (std::uint64_t place = 0; place < 3; ++place) {
        const auto line = line_of(order, place);
        total += line.quantity * line.price;
    }
    return total;
}

Customer customer_of(std::uint64_t order)
{
    return {numbered("customer-", mixed(order) % 10'000)};
}

void put_step(el::NewEvent& event, std::uint64_t order, std::uint64_t step)
{
    switch (step) {
    case 0:
        return put(
            event, "opened",
            Opened{customer_of(order), {numbered("country-", order % 40)}, static_cast<std::int64_t>(order / 3'000)});
    case 4:
        return put(event, "paid", Paid{numbered("receipt-", order), total_of(order)});
    case 5:
        return put(event, "picked", Picked{static_cast<std::int64_t>(order % 500)});
    case 6:
        return put(event, "packed", Packed{{numbered("parcel-", order)}, static_cast<std::int64_t>(order % 3'000)});
    case 7:
        return put(event, "shipped", Shipped{{numbered("parcel-", order)}, "ROYAL MAIL"});
    case 8:
        return put(event, "delivered", Delivered{{numbered("parcel-", order)}, "NEIGHBOUR"});
    case 9:
        return put(event, "closed", Closed{customer_of(order), total_of(order)});
    default:
        return put(event, "line-added", line_of(order, step - 1));
    }
}

template <class... Indexes>
el::Projected<OrderId, OrderRow> order_rows(const char* name, const Indexes&... indexes)
{
    return el::projection<OrderId, OrderRow>(
        name, 1, indexes...,
        [](OrderRow& row, const Opened& event) {
            row = {event.customer.name, event.country.name, "open", event.day, 0, 0, 0, {}, {}};
        },
        [](OrderRow& row, const LineAdded& event) {
            ++row.lines;
            row.pieces += event.quantity;
            row.total += event.quantity * event.price;
        },
        [](OrderRow& row, const Paid& event) {
            row.stage   = "paid";
            row.receipt = event.receipt;
        },
        [](OrderRow& row, const Picked&) { row.stage = "picked"; },
        [](OrderRow& row, const Packed& event) {
            row.stage  = "packed";
            row.parcel = event.parcel.number;
        },
        [](OrderRow& row, const Shipped&) { row.stage = "shipped"; },
        [](OrderRow& row, const Delivered&) { row.stage = "delivered"; },
        [](OrderRow& row, const Closed&) { row.stage = "closed"; });
}

} // namespace

el::Projected<OrderId, OrderRow> orders()
{
    return order_rows("orders", el::index("stage", [](const OrderRow& row) { return row.stage; }));
}

el::Projected<OrderId, OrderRow> plain_orders()
{
    return order_rows("plain-orders");
}

std::uint64_t steps_seen(const OrderRow& row)
{
    if (row.stage == "open") return 1 + static_cast<std::uint64_t>(row.lines);
    constexpr std::array stages{"paid", "picked", "packed", "shipped", "delivered", "closed"};
    const auto stage = std::find(stages.begin(), stages.end(), row.stage);
    require(stage != stages.end(), "a row has a stage");
    return 5 + static_cast<std::uint64_t>(stage - stages.begin());
}

el::Projected<Activity, ActivityRow> activity()
{
    using Table      = el::Rows<Activity, ActivityRow>;
    const auto count = [](Table& table, const char* what, std::int64_t amount) {
        auto& row = table.update({what});
        ++row.events;
        row.amount += amount;
    };
    return el::projection<Activity, ActivityRow>(
        "activity", 1, el::from<Order>(), [count](Table& table, const Opened&) { count(table, "opened", 0); },
        [count](Table& table, const LineAdded& event) { count(table, "lines", event.quantity); },
        [count](Table& table, const Paid& event) { count(table, "paid", event.amount); },
        [count](Table& table, const Picked&) { count(table, "picked", 0); },
        [count](Table& table, const Packed& event) { count(table, "packed", event.grams); },
        [count](Table& table, const Shipped&) { count(table, "shipped", 0); },
        [count](Table& table, const Delivered&) { count(table, "delivered", 0); },
        [count](Table& table, const Closed& event) { count(table, "closed", event.total); });
}

el::Projected<Customer, CustomerRow> customers()
{
    return el::projection<Customer, CustomerRow>(
        "customers", 1, el::from<Order>(), [](CustomerRow& row, const Opened&) { ++row.orders; },
        [](CustomerRow& row, const Closed& event) { row.turnover += event.total; });
}

el::Projected<Sku, ArticleRow> articles()
{
    return el::projection<Sku, ArticleRow>("articles", 1, el::from<Order>(),
                                           [](ArticleRow& row, const LineAdded& event) {
                                               row.description = event.description;
                                               row.pieces += event.quantity;
                                               row.turnover += event.quantity * event.price;
                                           });
}

el::Projected<Parcel, ParcelRow> parcels()
{
    return el::projection<Parcel, ParcelRow>(
        "parcels", 1, el::from<Order>(), [](ParcelRow& row, const Packed& event) { row.grams = event.grams; },
        [](ParcelRow& row, const Shipped& event) { row.carrier = event.carrier; },
        [](ParcelRow& row, const Delivered& event) { row.signed_by = event.signed_by; });
}

std::uint64_t order_of_event(std::uint64_t number, std::uint64_t open)
{
    return number / (open * events_of_an_order) * open + number % open;
}

Written event_number(std::uint64_t number, std::uint64_t open)
{
    const auto step  = number % (open * events_of_an_order) / open;
    const auto order = order_of_event(number, open);
    Written written{.stream = numbered("order-", order), .version = step, .event = {}};
    written.event.id = id_of(number);
    put_step(written.event, order, step);
    return written;
}

void load(TestedStore& store, std::uint64_t orders, std::uint64_t open)
{
    require(orders % open == 0 && open >= events_an_append, "whole blocks of open orders");
    store.begin_load();
    for (std::uint64_t number = 0; number < orders * events_of_an_order;) {
        PreparedAppend append;
        for (std::uint64_t i = 0; i < events_an_append; ++i, ++number) {
            auto written = event_number(number, open);
            append.add(written.stream, written.version, {std::move(written.event)});
        }
        store.load(std::move(append));
    }
    store.end_load();
}

} // namespace bench::lives

template const eventloom::EventTypes& eventloom::event_types<bench::lives::Order>();
