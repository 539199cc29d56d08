#include "order.hpp"

namespace shop::orders {

Money total_of(const std::vector<Line>& lines)
{
    Money total;
    for (const Line& line : lines) total += line.price * line.quantity;
    return total;
}

el::result<void> check_lines(const std::vector<Line>& lines)
{
    if (lines.empty()) return el::refuse("no-lines", "At least one line is needed.");
    if (lines.size() > most_lines) return el::refuse("too-many-lines", "At most 5,000 lines are allowed.");
    for (const Line& line : lines) {
        if (line.quantity < 1) return el::refuse("no-quantity", "A line is of at least one piece.");
        if (line.quantity > most_pieces)
            return el::refuse("too-many-pieces", "A line is of at most 1,000,000,000 pieces.");
        if (line.price < Money{}) return el::refuse("negative-price", "A price is not below zero.");
        if (line.price.pence > most_worth.pence / line.quantity) {
            return el::refuse("too-dear", "A line is worth at most 10,000,000 pounds.");
        }
    }
    return el::done();
}

el::result<Placed> decide(const Place& command, const Order& order)
{
    if (order.stage != Order::Stage::none) return el::refuse("already-placed", "This order was placed before.");
    if (const auto checked = check_lines(command.lines); not checked) return checked.as_failure();
    return Placed{command.customer, command.country, command.placed_at, command.lines, total_of(command.lines)};
}

el::result<std::optional<Completed>> decide(const Complete& command, const Order& order)
{
    if (order.stage == Order::Stage::completed) return std::nullopt; // asked twice, done once
    if (order.stage != Order::Stage::placed)
        return el::refuse("not-placed", "Only an order that was placed, and not cancelled, can be completed.");
    return Completed{command.receipt, command.tracking};
}

el::result<std::optional<Cancelled>> decide(const Cancel& command, const Order& order)
{
    if (order.stage == Order::Stage::cancelled) return std::nullopt;
    if (order.stage == Order::Stage::none) return el::refuse("no-such-order", "There is no such order.");
    if (order.stage == Order::Stage::completed)
        return el::refuse("on-its-way", "A completed order cannot be cancelled.");
    const Placed& placed = order.placed;
    return Cancelled{command.reason, placed.customer, placed.country, placed.placed_at, placed.lines, placed.total};
}

el::result<std::optional<Approved>> decide(const Approve& command, const Order& order)
{
    if (order.stage == Order::Stage::none) return el::refuse("no-such-order", "There is no such order.");
    if (order.is_approved) return std::nullopt;
    if (not needs_approval(order.placed.total))
        return el::refuse("needs-no-approval", "An order of at most 200,000 pounds needs no approval.");
    if (order.stage != Order::Stage::placed)
        return el::refuse("not-placed", "Only an order that was placed, and not cancelled, can be approved.");
    return Approved{command.by};
}

// The goods are not there: it waits for a delivery, unless it was cancelled at the same time.
el::result<std::optional<Backordered>> decide(const Backorder& command, const Order& order)
{
    if (order.stage == Order::Stage::none) return el::refuse("no-such-order", "There is no such order.");
    if (order.stage == Order::Stage::completed)
        return el::refuse("on-its-way", "A completed order waits for no delivery.");
    if (order.stage != Order::Stage::placed) return std::nullopt;
    return Backordered{command.reason, order.placed.lines};
}

// The goods have come, and are reserved for it. Nothing follows when it was cancelled at the same time.
el::result<std::optional<Supplied>> decide(const Supply&, const Order& order)
{
    if (order.stage == Order::Stage::none) return el::refuse("no-such-order", "There is no such order.");
    if (order.stage != Order::Stage::waiting) return std::nullopt;
    const Placed& placed = order.placed;
    return Supplied{placed.customer, placed.country, placed.lines, placed.total};
}

} // namespace shop::orders
