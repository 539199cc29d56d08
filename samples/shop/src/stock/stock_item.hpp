// One article on the shelf. At any time: received = on hand + reserved + shipped + written off - returned.
#pragma once

#include "../ids.hpp"
#include "../money.hpp"

#include <eventloom/framework/aggregate.hpp>

#include <map>
#include <optional>
#include <string>

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

// What they were before: a write-off did not say where it was read.
struct WrittenOffV1 { std::int64_t quantity = 0; std::string reason; };
inline WrittenOff upcast(const WrittenOffV1& event) { return {event.quantity, event.reason, {}}; }

// Commands.
struct Receive  { std::int64_t quantity = 0; std::string reference; };
struct Reserve  { OrderId order; std::int64_t quantity = 0; };
struct Release  { OrderId order; };
struct Dispatch { OrderId order; };
struct WriteOff { std::int64_t quantity = 0; std::string reason; InvoiceRow row = {}; };
struct TakeBack { ReturnId from; std::int64_t quantity = 0; };

// State.
struct StockItem {
    static constexpr auto category  = "stock";
    static constexpr auto snapshots = el::snapshots{.version = 1, .every = 100}; // an article is sold for years

    using Events = el::events<el::event<"stock-received", Received>,
                              el::event<"stock-reserved", Reserved>,
                              el::event<"stock-released", Released>,
                              el::event<"stock-dispatched", Dispatched>,
                              el::event<"stock-written-off", WrittenOff, WrittenOffV1>,
                              el::event<"stock-taken-back", TakenBack>>;

    std::int64_t on_hand = 0;                // may be below zero: see WriteOff
    std::map<OrderId, std::int64_t> reserved; // by orders that have neither been dispatched nor let go
};

// Evolve.
inline StockItem evolve(StockItem item, const Received& event)   { item.on_hand += event.quantity; return item; }
inline StockItem evolve(StockItem item, const Reserved& event)   { item.on_hand -= event.quantity; item.reserved[event.order] = event.quantity; return item; }
inline StockItem evolve(StockItem item, const Released& event)   { item.on_hand += event.quantity; item.reserved.erase(event.order); return item; }
inline StockItem evolve(StockItem item, const Dispatched& event) { item.reserved.erase(event.order); return item; }
inline StockItem evolve(StockItem item, const WrittenOff& event) { item.on_hand -= event.quantity; return item; }
inline StockItem evolve(StockItem item, const TakenBack& event)  { item.on_hand += event.quantity; return item; }

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

inline el::result<Received> decide(const Receive& command, const StockItem&)
{
    if (const auto checked = check_quantity(command.quantity); not checked) return checked.as_failure();
    return Received{command.quantity, command.reference};
}

inline el::result<std::optional<Reserved>> decide(const Reserve& command, const StockItem& item)
{
    if (item.reserved.contains(command.order)) return std::nullopt;
    if (const auto checked = check_quantity(command.quantity); not checked) return checked.as_failure();
    if (item.on_hand < command.quantity) {
        return el::refuse("out-of-stock", "Asked for " + std::to_string(command.quantity) + " pieces and found " +
                                              std::to_string(item.on_hand) + " on hand.");
    }
    return Reserved{command.order, command.quantity};
}

inline el::result<std::optional<Released>> decide(const Release& command, const StockItem& item)
{
    const auto held = item.reserved.find(command.order);
    if (held == item.reserved.end()) return std::nullopt; // nothing was held, so nothing is to be let go
    return Released{command.order, held->second};
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

inline el::result<TakenBack> decide(const TakeBack& command, const StockItem&)
{
    if (const auto checked = check_quantity(command.quantity); not checked) return checked.as_failure();
    return TakenBack{command.from, command.quantity};
}

static_assert(el::aggregate<StockItem>);

} // namespace shop::stock
