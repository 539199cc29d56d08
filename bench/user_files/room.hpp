// A room of the hotel, and for which reservations it is held and made ready.
#pragma once

#include "reservation.hpp"

#include <set>

namespace hotel {

struct Held {
    ReservationId reservation;
};
struct Released {
    ReservationId reservation;
};
struct Prepared {
    ReservationId reservation;
};

struct Hold {
    ReservationId reservation;
};
struct Release {
    ReservationId reservation;
};
struct Prepare {
    ReservationId reservation;
};

struct Room {
    static constexpr auto category = "room";
    using Events                   = el::events<el::event<"room-held", Held>, el::event<"room-released", Released>,
                              el::event<"room-prepared", Prepared>>;
    std::set<ReservationId> held;
};

inline Room evolve(Room room, const Held& event)
{
    room.held.insert(event.reservation);
    return room;
}
inline Room evolve(Room room, const Released& event)
{
    room.held.erase(event.reservation);
    return room;
}
inline Room evolve(Room room, const Prepared&)
{
    return room;
}

inline el::result<Held> decide(const Hold& command, const Room& room)
{
    if (not room.held.empty()) return el::refuse("room-taken", "The room is held for somebody else.");
    return Held{command.reservation};
}
inline el::result<std::optional<Released>> decide(const Release& command, const Room& room)
{
    if (not room.held.contains(command.reservation)) return std::nullopt;
    return Released{command.reservation};
}
inline el::result<Prepared> decide(const Prepare& command, const Room&)
{
    return Prepared{command.reservation};
}

static_assert(el::aggregate<Room>);

} // namespace hotel
