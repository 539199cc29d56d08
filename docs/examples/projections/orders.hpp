// The domain of docs/projections.md: orders are placed, paid and cancelled.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/text_form.hpp>

#include <charconv>

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

enum class Stage { placed, paid };

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

// Amounts, as people read and type them in `query`.
template <>
struct eventloom::text_form<chapter::Money> {
    static std::string write(const chapter::Money& money) { return std::to_string(money.cents) + " cents"; }
    static std::optional<chapter::Money> read(std::string_view text)
    {
        std::int64_t cents = 0;
        const auto end     = std::from_chars(text.data(), text.data() + text.size(), cents).ptr;
        const auto rest    = text.substr(static_cast<std::size_t>(end - text.data()));
        return rest == " cents" ? std::optional{chapter::Money{cents}} : std::nullopt;
    }
};

// An enum, in words.
template <>
struct eventloom::text_form<chapter::Stage> {
    static std::string write(const chapter::Stage& stage) { return stage == chapter::Stage::paid ? "paid" : "placed"; }
    static std::optional<chapter::Stage> read(std::string_view text)
    {
        if (text == "paid") return chapter::Stage::paid;
        return text == "placed" ? std::optional{chapter::Stage::placed} : std::nullopt;
    }
};
