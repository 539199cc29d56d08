// The events and messages of docs/publish-and-subscribe.md: orders that are placed, customers who earn points, and prices.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/messaging/jobs.hpp>
#include <eventloom/messaging/messages.hpp>

namespace notices {

namespace el = eventloom;

struct Customer;
using CustomerId = el::id<Customer>;

struct PointsEarned {
    int points = 0;
};

struct Customer {
    static constexpr auto category = "customer";
    using Events                   = el::events<el::event<"points-earned", PointsEarned>>;

    int points = 0;
};

inline Customer evolve(Customer customer, const PointsEarned& event)
{
    customer.points += event.points;
    return customer;
}

struct Order;
using OrderId = el::id<Order>;

struct Place {
    CustomerId customer;
    int euros = 0;
};
struct Placed {
    CustomerId customer;
    int euros = 0;
};
struct Paid {};

struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>, el::event<"order-paid", Paid>>;

    bool is_placed = false;
};

inline Order evolve(Order order, const Placed&)
{
    order.is_placed = true;
    return order;
}
inline Order evolve(Order order, const Paid&)
{
    return order;
}

inline el::result<Placed> decide(const Place& command, const Order& order)
{
    if (order.is_placed) return el::refuse("placed-already", "The order was placed before.");
    return Placed{command.customer, command.euros};
}

static_assert(el::aggregate<Customer>);
static_assert(el::aggregate<Order>);

struct SendLetter {
    std::string to;
    std::string text;
};

struct Letters {
    static constexpr auto queue = "letters";
    using Jobs                  = el::jobs<el::job<"send-letter", SendLetter>>;
};

struct PriceChanged {
    std::string article;
    int cents = 0;
};

struct Prices {
    static constexpr auto topic = "prices";
    using Messages              = el::messages<el::message<"price-changed", PriceChanged>>;
};

} // namespace notices
