// The bookings of docs/changing-events.md.
#pragma once

#include <eventloom/framework/aggregate.hpp>

#include <optional>
#include <string>
#include <tuple>

namespace bookings {

namespace el = eventloom;

// The first form: one event for two things that happen, and a price without its currency.
struct BookedV1 {
    std::string guest;
    std::int64_t price   = 0;
    std::int64_t deposit = 0; // paid at once
};

// The second form has a currency. In the third, the present one, the deposit has an event of its own.
struct BookedV2 {
    std::string guest;
    std::int64_t price   = 0;
    std::int64_t deposit = 0;
    std::string currency;
};
struct Booked {
    std::string guest;
    std::int64_t price = 0;
    std::string currency;
};
struct DepositPaid {
    std::int64_t amount = 0;
};

// An upcast gives the next form,
inline BookedV2 upcast(const BookedV1& event)
{
    return {event.guest, event.price, event.deposit, "GBP"};
}
// or events of the list: one, several, or none.
inline std::tuple<Booked, std::optional<DepositPaid>> upcast(const BookedV2& event)
{
    std::optional<DepositPaid> paid;
    if (event.deposit > 0) paid = DepositPaid{event.deposit};
    return {Booked{event.guest, event.price, event.currency}, paid};
}

struct Room {
    static constexpr auto category = "room";
    using Events = el::events<el::event<"room-booked", Booked, BookedV1, BookedV2>, // the earlier forms, oldest first
                              el::event<"deposit-paid", DepositPaid>>;
    std::int64_t due = 0;
};

inline Room evolve(Room room, const Booked& event)
{
    room.due += event.price;
    return room;
}
inline Room evolve(Room room, const DepositPaid& event)
{
    room.due -= event.amount;
    return room;
}
static_assert(el::aggregate<Room>);

} // namespace bookings
