// One article on the shelf. At any time: received = on hand + reserved + shipped + written off - returned.
// Orders for which too little is there may wait for a delivery. Whatever comes onto the shelf is reserved for those that wait, the
// oldest first; nobody is served before them.
#pragma once

#include "../ids.hpp"
#include "../money.hpp"

#include <eventloom/framework/aggregate.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shop::stock {

// The row of an invoice that a write-off was read from; without an invoice there is none.
struct InvoiceRow {
    std::string invoice;
    std::string description;
    BusinessTime date;
    Money price; // of one
    CustomerId customer;
    std::string country;
};

// clang-format off

// Events.
struct Received   { std::int64_t quantity = 0; std::string reference; };
struct Reserved   { OrderId order; std::int64_t quantity = 0; };
struct Released   { OrderId order; std::int64_t quantity = 0; };
struct Dispatched { OrderId order; std::int64_t quantity = 0; };
struct WrittenOff { std::int64_t quantity = 0; std::string reason; InvoiceRow row = {}; };
struct TakenBack  { ReturnId from; std::int64_t quantity = 0; };
struct Awaited    { OrderId order; std::int64_t quantity = 0; };
struct Forgone    { OrderId order; };

// What they were before: a write-off did not say where it was read.
struct WrittenOffV1 { std::int64_t quantity = 0; std::string reason; };
inline WrittenOff upcast(const WrittenOffV1& event) { return {event.quantity, event.reason, {}}; }

// Commands.
struct Receive  { std::int64_t quantity = 0; std::string reference; };
struct Reserve  { OrderId order; std::int64_t quantity = 0; Sku article = {}; }; // the article: for the sentence of a refusal
struct Await    { OrderId order; std::int64_t quantity = 0; };                   // reserves, now or after a delivery
struct Release  { OrderId order; };
struct Dispatch { OrderId order; };
struct WriteOff { std::int64_t quantity = 0; std::string reason; InvoiceRow row = {}; };
struct TakeBack { ReturnId from; std::int64_t quantity = 0; };

// State.
struct StockItem {
    static constexpr auto category  = "stock";
    static constexpr auto snapshots = el::snapshots{.version = 2, .every = 100}; // an article is sold for years

    using Events = el::events<el::event<"stock-received", Received>,
                              el::event<"stock-reserved", Reserved>,
                              el::event<"stock-released", Released>,
                              el::event<"stock-dispatched", Dispatched>,
                              el::event<"stock-written-off", WrittenOff, WrittenOffV1>,
                              el::event<"stock-taken-back", TakenBack>,
                              el::event<"stock-awaited", Awaited>,
                              el::event<"stock-forgone", Forgone>>;

    std::int64_t on_hand = 0;                // may be below zero: see WriteOff
    std::map<OrderId, std::int64_t> reserved; // by orders that have neither been dispatched nor let go
    std::vector<Awaited> waiting;            // the oldest first
    bool is_known = false;                   // the shop has had some
};

// Evolve.
inline StockItem evolve(StockItem item, const Received& event)   { item.on_hand += event.quantity; item.is_known = true; return item; }
inline StockItem evolve(StockItem item, const Reserved& event)
{
    item.on_hand -= event.quantity;
    item.reserved[event.order] = event.quantity;
    std::erase_if(item.waiting, [&](const Awaited& one) { return one.order == event.order; });
    return item;
}
inline StockItem evolve(StockItem item, const Released& event)   { item.on_hand += event.quantity; item.reserved.erase(event.order); return item; }
inline StockItem evolve(StockItem item, const Dispatched& event) { item.reserved.erase(event.order); return item; }
inline StockItem evolve(StockItem item, const WrittenOff& event) { item.on_hand -= event.quantity; return item; }
inline StockItem evolve(StockItem item, const TakenBack& event)  { item.on_hand += event.quantity; item.is_known = true; return item; }
inline StockItem evolve(StockItem item, const Awaited& event)    { item.waiting.push_back(event); return item; }
inline StockItem evolve(StockItem item, const Forgone& event)
{
    std::erase_if(item.waiting, [&](const Awaited& one) { return one.order == event.order; });
    return item;
}

// clang-format on

// Decide.

// Of one command: what keeps every sum exact.
inline constexpr std::int64_t most_pieces = 1'000'000'000'000;

inline el::result<void> check_quantity(std::int64_t quantity)
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

inline bool is_waiting(const StockItem& item, const OrderId& order)
{
    return std::any_of(item.waiting.begin(), item.waiting.end(),
                       [&](const Awaited& one) { return one.order == order; });
}

inline bool has_enough(const StockItem& item, std::int64_t quantity)
{
    return item.waiting.empty() && item.on_hand >= quantity;
}

inline el::result<el::facts_of<StockItem>> decide(const Receive& command, const StockItem& item)
{
    if (const auto checked = check_quantity(command.quantity); not checked) return checked.as_failure();
    return and_serves_those_that_wait(Received{command.quantity, command.reference}, item);
}

inline el::result<std::optional<Reserved>> decide(const Reserve& command, const StockItem& item)
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

inline el::result<el::facts_of<StockItem>> decide(const Await& command, const StockItem& item)
{
    if (item.reserved.contains(command.order) || is_waiting(item, command.order)) return el::facts_of<StockItem>{};
    if (const auto checked = check_quantity(command.quantity); not checked) return checked.as_failure();
    if (has_enough(item, command.quantity)) {
        return el::facts_of<StockItem>{Reserved{command.order, command.quantity}};
    }
    return el::facts_of<StockItem>{Awaited{command.order, command.quantity}};
}

inline el::result<el::facts_of<StockItem>> decide(const Release& command, const StockItem& item)
{
    if (is_waiting(item, command.order)) return and_serves_those_that_wait(Forgone{command.order}, item);
    const auto held = item.reserved.find(command.order);
    // Nothing was held, so nothing is to be let go.
    if (held == item.reserved.end()) return el::facts_of<StockItem>{};
    return and_serves_those_that_wait(Released{command.order, held->second}, item);
}

inline el::result<std::optional<Dispatched>> decide(const Dispatch& command, const StockItem& item)
{
    const auto held = item.reserved.find(command.order);
    if (held == item.reserved.end()) return std::nullopt;
    return Dispatched{command.order, held->second};
}

// A write-off says what somebody has seen on the shelf, so it is never refused for want of stock: when more is gone than
// the books had, the books were wrong, and stay below zero until goods come in.
inline el::result<WrittenOff> decide(const WriteOff& command, const StockItem&)
{
    if (const auto checked = check_quantity(command.quantity); not checked) return checked.as_failure();
    return WrittenOff{command.quantity, command.reason, command.row};
}

inline el::result<el::facts_of<StockItem>> decide(const TakeBack& command, const StockItem& item)
{
    if (const auto checked = check_quantity(command.quantity); not checked) return checked.as_failure();
    return and_serves_those_that_wait(TakenBack{command.from, command.quantity}, item);
}

static_assert(el::aggregate<StockItem>);

} // namespace shop::stock
