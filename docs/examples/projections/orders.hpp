// The domain of docs/projections.md: orders are placed, paid and cancelled.
#pragma once

#include <eventloom/framework/aggregate.hpp>

namespace chapter {

namespace el = eventloom;

struct Order;
using OrderId    = el::id<Order>;
using CustomerId = el::id<struct Customer>;
using Sku        = el::id<struct Article>;

struct Money {
    std::int64_t cents = 0;

    friend auto operator<=>(const Money&, const Money&) = default;
    Money& operator+=(Money other)
    {
        cents += other.cents;
        return *this;
    }
};

struct Line {
    Sku sku;
    std::int64_t pieces = 0;
    Money price; // of all of them
};

// clang-format off
struct Placed    { CustomerId customer; std::string country; std::vector<Line> lines; };
struct Paid      { std::string receipt; };
struct Cancelled { std::string reason; };
// clang-format on

struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>, el::event<"order-paid", Paid>,
                              el::event<"order-cancelled", Cancelled>>;
};
template <el::event_of<Order> Fact>
Order evolve(Order order, const Fact&)
{
    return order;
}

inline Money total_of(const std::vector<Line>& lines)
{
    Money total;
    for (const Line& line : lines) total += line.price;
    return total;
}

} // namespace chapter
