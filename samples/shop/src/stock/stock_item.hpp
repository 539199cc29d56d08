// One article on the shelf. At any time: received = on hand + reserved + shipped + written off - returned.
// Orders for which too little is there may wait for a delivery. Whatever comes onto the shelf is reserved for those that wait, the
// oldest first; nobody is served before them.
#pragma once

#include "../ids.hpp"
#include "../money.hpp"

#include <eventloom/framework/aggregate.hpp>

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
el::result<el::facts_of<StockItem>> decide(const Receive& command, const StockItem& item);
el::result<std::optional<Reserved>> decide(const Reserve& command, const StockItem& item);
el::result<el::facts_of<StockItem>> decide(const Await& command, const StockItem& item);
el::result<el::facts_of<StockItem>> decide(const Release& command, const StockItem& item);
el::result<std::optional<Dispatched>> decide(const Dispatch& command, const StockItem& item);
el::result<WrittenOff> decide(const WriteOff& command, const StockItem&);
el::result<el::facts_of<StockItem>> decide(const TakeBack& command, const StockItem& item);

static_assert(el::aggregate<StockItem>);

} // namespace shop::stock
