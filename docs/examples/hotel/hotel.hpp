// The domain of docs/sagas.md: rooms, and guests who ask for a stay in one of them, or in several for a group.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/time.hpp>

namespace hotel {

namespace el = eventloom;

struct Stay;
struct Room;
using StayId = el::id<Stay>;
using RoomId = el::id<Room>;

// clang-format off
struct Requested      { RoomId room; std::int64_t cents = 0; };
struct GroupRequested { std::vector<RoomId> rooms; std::int64_t cents = 0; el::Time arrival{}; };
struct Approved       { std::string by; };
struct Withdrawn      {};
struct Confirmed      { std::string receipt; };
struct Reminded       {};
struct CheckedOut     { std::int64_t cents = 0; };
struct Paid           { std::int64_t cents = 0; };
struct GivenUp        { std::string reason; };

struct Request        { RoomId room; std::int64_t cents = 0; };
struct RequestGroup   { std::vector<RoomId> rooms; std::int64_t cents = 0; el::Time arrival{}; };
struct Approve        { std::string by; };
struct Withdraw       {};
struct Confirm        { std::string receipt; };
struct Remind         {};
struct CheckOut       { std::int64_t cents = 0; };
struct Pay            { std::int64_t cents = 0; };
struct GiveUp         { std::string reason; };
// clang-format on

struct Stay {
    static constexpr auto category = "stay";
    using Events = el::events<el::event<"stay-requested", Requested>, el::event<"stay-group-requested", GroupRequested>,
                              el::event<"stay-approved", Approved>, el::event<"stay-withdrawn", Withdrawn>,
                              el::event<"stay-confirmed", Confirmed>, el::event<"stay-reminded", Reminded>,
                              el::event<"stay-checked-out", CheckedOut>, el::event<"stay-paid", Paid>,
                              el::event<"stay-given-up", GivenUp>>;
    std::string stage = "unknown";
    std::int64_t owes = 0;
    int reminders     = 0;
};
inline Stay evolve(Stay stay, const Requested&)
{
    stay.stage = "requested";
    return stay;
}
inline Stay evolve(Stay stay, const GroupRequested&)
{
    stay.stage = "requested";
    return stay;
}
inline Stay evolve(Stay stay, const Approved&)
{
    return stay;
}
inline Stay evolve(Stay stay, const Withdrawn&)
{
    stay.stage = "withdrawn";
    return stay;
}
inline Stay evolve(Stay stay, const Reminded&)
{
    ++stay.reminders;
    return stay;
}
inline Stay evolve(Stay stay, const CheckedOut& event)
{
    stay.stage = "checked out";
    stay.owes  = event.cents;
    return stay;
}
inline Stay evolve(Stay stay, const Paid& event)
{
    stay.owes -= event.cents;
    if (stay.owes == 0) stay.stage = "paid";
    return stay;
}
inline Stay evolve(Stay stay, const Confirmed&)
{
    stay.stage = "confirmed";
    return stay;
}
inline Stay evolve(Stay stay, const GivenUp& event)
{
    stay.stage = "given up: " + event.reason;
    return stay;
}
inline el::result<Requested> decide(const Request& command, const Stay& stay)
{
    if (stay.stage != "unknown") return el::refuse("stay-known", "There is a stay with this number already.");
    return Requested{command.room, command.cents};
}
inline el::result<GroupRequested> decide(const RequestGroup& command, const Stay& stay)
{
    if (stay.stage != "unknown") return el::refuse("stay-known", "There is a stay with this number already.");
    return GroupRequested{command.rooms, command.cents, command.arrival};
}
inline el::result<Approved> decide(const Approve& command, const Stay& stay)
{
    if (stay.stage != "requested") return el::refuse("not-requested", "The stay is " + stay.stage + ".");
    return Approved{command.by};
}
inline el::result<Withdrawn> decide(const Withdraw&, const Stay& stay)
{
    if (stay.stage != "requested") return el::refuse("not-requested", "The stay is " + stay.stage + ".");
    return Withdrawn{};
}
inline el::result<Reminded> decide(const Remind&, const Stay&)
{
    return Reminded{};
}
inline el::result<Confirmed> decide(const Confirm& command, const Stay& stay)
{
    if (stay.stage != "requested") return el::refuse("not-requested", "The stay is " + stay.stage + ".");
    return Confirmed{command.receipt};
}
inline el::result<CheckedOut> decide(const CheckOut& command, const Stay& stay)
{
    if (stay.stage != "confirmed") return el::refuse("not-confirmed", "The stay is " + stay.stage + ".");
    return CheckedOut{command.cents};
}
inline el::result<Paid> decide(const Pay& command, const Stay& stay)
{
    if (command.cents <= 0 || command.cents > stay.owes) return el::refuse("not-owed", "The stay does not owe that.");
    return Paid{command.cents};
}
inline el::result<GivenUp> decide(const GiveUp& command, const Stay&)
{
    return GivenUp{command.reason};
}
static_assert(el::aggregate<Stay>);

// clang-format off
struct Held     { StayId stay; };
struct Released { StayId stay; };

struct Hold     { StayId stay; };
struct Release  { StayId stay; };
// clang-format on

struct Room {
    static constexpr auto category = "room";
    using Events                   = el::events<el::event<"room-held", Held>, el::event<"room-released", Released>>;
    StayId stay; // whom it is held for; empty: it is free
};
inline Room evolve(Room room, const Held& event)
{
    room.stay = event.stay;
    return room;
}
inline Room evolve(Room room, const Released&)
{
    room.stay = {};
    return room;
}
inline el::result<Held> decide(const Hold& command, const Room& room)
{
    if (not room.stay.value.empty()) return el::refuse("room-taken", "The room is taken.");
    return Held{command.stay};
}
// Also right for a room that was never held for this stay: then nothing happens.
inline el::result<std::optional<Released>> decide(const Release& command, const Room& room)
{
    if (room.stay != command.stay) return std::nullopt;
    return Released{command.stay};
}
static_assert(el::aggregate<Room>);

} // namespace hotel
