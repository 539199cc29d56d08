// What the projections are measured with: the lives of many orders, ten events each, as a shop sees them. Some of the orders
// are open at a time; all of these move on by a step before any of them takes the next one.
#pragma once

#include "yardsticks/tested_store.hpp"

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/projections/projected.hpp>

#include <cstdint>
#include <string>

namespace bench::lives {

struct Order;
using OrderId = eventloom::id<Order>;

// clang-format off
struct Customer { std::string name; };
struct Country  { std::string name; };
struct Sku      { std::string name; };
struct Parcel   { std::string number; };

struct Opened    { Customer customer; Country country; std::int64_t day = 0; };
struct LineAdded { Sku sku; std::int64_t quantity = 0; std::int64_t price = 0; std::string description; };
struct Paid      { std::string receipt; std::int64_t amount = 0; };
struct Picked    { std::int64_t shelf = 0; };
struct Packed    { Parcel parcel; std::int64_t grams = 0; };
struct Shipped   { Parcel parcel; std::string carrier; };
struct Delivered { Parcel parcel; std::string signed_by; };
struct Closed    { Customer customer; std::int64_t total = 0; };
// clang-format on

struct Order {
    static constexpr auto category = "order";

    using Events = eventloom::events<eventloom::event<"opened", Opened>, eventloom::event<"line-added", LineAdded>,
                                     eventloom::event<"paid", Paid>, eventloom::event<"picked", Picked>,
                                     eventloom::event<"packed", Packed>, eventloom::event<"shipped", Shipped>,
                                     eventloom::event<"delivered", Delivered>, eventloom::event<"closed", Closed>>;
};

template <class Fact>
Order evolve(Order order, const Fact&)
{
    return order;
}

inline constexpr std::uint64_t events_of_an_order = 10;
inline constexpr std::uint64_t orders_open        = 20'000; // at a time, unless somebody says otherwise

// ---- the projections

struct OrderRow {
    std::string customer;
    std::string country;
    std::string stage;
    std::int64_t day    = 0;
    std::int64_t lines  = 0;
    std::int64_t pieces = 0;
    std::int64_t total  = 0;
    std::string receipt;
    std::string parcel;
};
struct CustomerRow {
    std::int64_t orders   = 0;
    std::int64_t turnover = 0;
};
struct CountryRow {
    std::int64_t orders = 0;
};
struct ActivityRow {
    std::int64_t events = 0;
    std::int64_t amount = 0;
};
struct ArticleRow {
    std::string description;
    std::int64_t pieces   = 0;
    std::int64_t turnover = 0;
};
struct ParcelRow {
    std::int64_t grams = 0;
    std::string carrier;
    std::string signed_by;
};
struct Activity {
    std::string name;
};

eventloom::Projected<OrderId, OrderRow> orders();        // a row an order; hears everything; one index
eventloom::Projected<OrderId, OrderRow> plain_orders();  // the same without the index
eventloom::Projected<Activity, ActivityRow> activity();  // eight rows; hears everything
eventloom::Projected<Customer, CustomerRow> customers(); // a row each hundred orders; hears two events in ten
eventloom::Projected<Sku, ArticleRow> articles();        // ten thousand rows; hears three events in ten
eventloom::Projected<Parcel, ParcelRow> parcels();       // a row an order; hears three events in ten

// How many events of an order its row has seen.
std::uint64_t steps_seen(const OrderRow& row);

// ---- the log

struct Written {
    std::string stream;
    std::uint64_t version = 0;
    eventloom::NewEvent event;
};

// Event `number` of a log in which so many orders are open at a time. The log has a whole number of such blocks.
Written event_number(std::uint64_t number, std::uint64_t open = orders_open);

// The order that it is of.
std::uint64_t order_of_event(std::uint64_t number, std::uint64_t open = orders_open);

// Puts the events of `orders` orders into a store.
void load(TestedStore& store, std::uint64_t orders, std::uint64_t open = orders_open);

} // namespace bench::lives
