// An order: placed by a customer, approved by somebody if it is large; it may wait for a delivery, and is in the end completed or
// cancelled.
#pragma once

#include "../ids.hpp"
#include "../money.hpp"

#include <eventloom/framework/aggregate.hpp>

#include <optional>
#include <string>
#include <vector>

namespace shop::orders {

struct Line {
    Sku sku;
    std::string description;
    std::int64_t quantity = 1;
    Money price; // of one
};

// What keeps every sum exact, and an order within what a store takes.
inline constexpr std::size_t most_lines   = 5'000;
inline constexpr std::int64_t most_pieces = 1'000'000'000; // of one line
inline constexpr Money most_worth{1'000'000'000};          // of one line: ten million pounds

// A payment of more than this waits for somebody's approval.
inline constexpr Money most_without_approval{20'000'000};
inline bool needs_approval(Money total)
{
    return total > most_without_approval;
}

// clang-format off

// Events: what has happened. Past tense, plain data, kept for ever.
struct Placed    { CustomerId customer; std::string country; BusinessTime placed_at; std::vector<Line> lines; Money total; };
struct Completed { std::string receipt; std::string tracking; };
struct Cancelled { std::string reason; CustomerId customer; std::string country; BusinessTime placed_at; std::vector<Line> lines; Money total; };
struct Approved  { std::string by; };
struct Backordered { std::string reason; std::vector<Line> lines; };
struct Supplied  { CustomerId customer; std::string country; std::vector<Line> lines; Money total; };

// Commands: what somebody asks for. Imperative, and open to refusal.
struct Place    { CustomerId customer; std::string country; BusinessTime placed_at; std::vector<Line> lines; };
struct Complete { std::string receipt; std::string tracking; };
struct Cancel   { std::string reason; };
struct Approve  { std::string by; };
struct Backorder { std::string reason; };
struct Supply   { };

// State: only what the next decision needs to know.
struct Order {
    static constexpr auto category = "order"; // order 536365 lives in the stream "order-536365"

    // The quoted names are what the disk holds. Rename a struct as you like; never rename these.
    using Events = el::events<el::event<"order-placed", Placed>,
                              el::event<"order-completed", Completed>,
                              el::event<"order-cancelled", Cancelled>,
                              el::event<"order-approved", Approved>,
                              el::event<"order-backordered", Backordered>,
                              el::event<"order-supplied", Supplied>>;

    enum class Stage { none, placed, waiting, completed, cancelled };

    Stage stage      = Stage::none;
    bool is_approved = false;
    Placed placed; // a cancellation says what it cancels
};

// Evolve: what has happened cannot be refused, so these cannot fail.
inline Order evolve(Order order, const Placed& event) { order.stage = Order::Stage::placed; order.placed = event; return order; }
inline Order evolve(Order order, const Completed&) { order.stage = Order::Stage::completed; return order; }
inline Order evolve(Order order, const Cancelled&) { order.stage = Order::Stage::cancelled; return order; }
inline Order evolve(Order order, const Approved&) { order.is_approved = true; return order; }
inline Order evolve(Order order, const Backordered&) { order.stage = Order::Stage::waiting; return order; }
inline Order evolve(Order order, const Supplied&) { order.stage = Order::Stage::placed; return order; }

// clang-format on

Money total_of(const std::vector<Line>& lines);
// Whether lines can be those of an order, or of a return.
el::result<void> check_lines(const std::vector<Line>& lines);

// Decide: a command and the state give an event, nothing, or a refusal. The rules are in the source file.
el::result<Placed> decide(const Place& command, const Order& order);
el::result<std::optional<Completed>> decide(const Complete& command, const Order& order);
el::result<std::optional<Cancelled>> decide(const Cancel& command, const Order& order);
el::result<std::optional<Approved>> decide(const Approve& command, const Order& order);
el::result<std::optional<Backordered>> decide(const Backorder& command, const Order& order);
el::result<std::optional<Supplied>> decide(const Supply&, const Order& order);

static_assert(el::aggregate<Order>); // every event above has its evolve, and every stored name is its own

} // namespace shop::orders
