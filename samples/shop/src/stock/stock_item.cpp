#include "stock_item.hpp"

#include <algorithm>

namespace shop::stock {

namespace {

// Of one command: what keeps every sum exact.
constexpr std::int64_t most_pieces = 1'000'000'000'000;

el::result<void> check_quantity(std::int64_t quantity)
{
    if (quantity < 1) return el::refuse("no-quantity", "At least one piece is needed.");
    if (quantity > most_pieces)
        return el::refuse("too-many-pieces", "At most 1,000,000,000,000 pieces can move at once.");
    return el::done();
}

// What has happened, and then what is reserved for those that wait, the oldest first. A large order at their head holds up the
// others: else small ones could be served before it for ever.
template <class Event>
el::facts_of<StockItem> and_serves_those_that_wait(const Event& event, const StockItem& item)
{
    el::facts_of<StockItem> events{event};
    if (item.waiting.empty()) return events;
    auto now = evolve(item, event);
    while (not now.waiting.empty() && now.waiting.front().quantity <= now.on_hand) {
        const Reserved next{now.waiting.front().order, now.waiting.front().quantity};
        events.push_back(next);
        now = evolve(std::move(now), next);
    }
    return events;
}

bool is_waiting(const StockItem& item, const OrderId& order)
{
    return std::any_of(item.waiting.begin(), item.waiting.end(),
                       [&](const Awaited& one) { return one.order == order; });
}

bool has_enough(const StockItem& item, std::int64_t quantity)
{
    return item.waiting.empty() && item.on_hand >= quantity;
}

} // namespace

el::result<el::facts_of<StockItem>> decide(const Receive& command, const StockItem& item)
{
    if (const auto checked = check_quantity(command.quantity); not checked) return checked.as_failure();
    return and_serves_those_that_wait(Received{command.quantity, command.reference}, item);
}

el::result<std::optional<Reserved>> decide(const Reserve& command, const StockItem& item)
{
    if (item.reserved.contains(command.order)) return std::nullopt;
    if (const auto checked = check_quantity(command.quantity); not checked) return checked.as_failure();
    const auto what = command.article.value.empty() ? "" : " of " + command.article.value;
    if (not item.is_known) return el::refuse("never-in-stock", "The shop has never had any pieces" + what + ".");
    if (not has_enough(item, command.quantity)) {
        return el::refuse("out-of-stock", "Asked for " + std::to_string(command.quantity) + " pieces" + what +
                                              " and found " + std::to_string(item.on_hand) + " on hand, and " +
                                              std::to_string(item.waiting.size()) + " orders that wait for more.");
    }
    return Reserved{command.order, command.quantity};
}

el::result<el::facts_of<StockItem>> decide(const Await& command, const StockItem& item)
{
    if (item.reserved.contains(command.order) || is_waiting(item, command.order)) return el::facts_of<StockItem>{};
    if (const auto checked = check_quantity(command.quantity); not checked) return checked.as_failure();
    if (has_enough(item, command.quantity)) {
        return el::facts_of<StockItem>{Reserved{command.order, command.quantity}};
    }
    return el::facts_of<StockItem>{Awaited{command.order, command.quantity}};
}

el::result<el::facts_of<StockItem>> decide(const Release& command, const StockItem& item)
{
    if (is_waiting(item, command.order)) return and_serves_those_that_wait(Forgone{command.order}, item);
    const auto held = item.reserved.find(command.order);
    // Nothing was held, so nothing is to be let go.
    if (held == item.reserved.end()) return el::facts_of<StockItem>{};
    return and_serves_those_that_wait(Released{command.order, held->second}, item);
}

el::result<std::optional<Dispatched>> decide(const Dispatch& command, const StockItem& item)
{
    const auto held = item.reserved.find(command.order);
    if (held == item.reserved.end()) return std::nullopt;
    return Dispatched{command.order, held->second};
}

// A write-off says what somebody has seen on the shelf, so it is never refused for want of stock: when more is gone than
// the books had, the books were wrong, and stay below zero until goods come in.
el::result<WrittenOff> decide(const WriteOff& command, const StockItem&)
{
    if (const auto checked = check_quantity(command.quantity); not checked) return checked.as_failure();
    return WrittenOff{command.quantity, command.reason, command.row};
}

el::result<el::facts_of<StockItem>> decide(const TakeBack& command, const StockItem& item)
{
    if (const auto checked = check_quantity(command.quantity); not checked) return checked.as_failure();
    return and_serves_those_that_wait(TakenBack{command.from, command.quantity}, item);
}

} // namespace shop::stock
