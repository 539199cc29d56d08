// A domain as its author writes it: a reservation in a hotel, with ten events.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/time.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace hotel {

namespace el = eventloom;

struct Reservation;
using ReservationId = el::id<Reservation>;
using RoomId        = el::id<struct Room>;
using GuestId       = el::id<struct Guest>;
using Day           = std::chrono::sys_days;

struct Money {
    std::int64_t cents = 0;

    friend auto operator<=>(const Money&, const Money&) = default;
};

struct Extra {
    std::string what;
    Money price;
};

// Events: what has happened.
struct Requested {
    GuestId guest;
    RoomId room;
    Day from;
    Day until;
    Money price;
    std::vector<Extra> extras;
};
struct Confirmed {
    std::string receipt;
    Money paid;
};
struct Moved {
    RoomId room;
    std::optional<std::string> reason;
};
struct Extended {
    Day until;
    Money price;
};
struct ExtraOrdered {
    Extra extra;
};
struct ExtraReturned {
    std::string what;
    Money refunded;
};
struct CheckedIn {
    std::string document;
    int persons = 1;
};
struct CheckedOut {
    Money minibar;
};
struct Billed {
    std::string invoice;
    Money total;
};
struct Cancelled {
    std::string reason;
};

// Commands: what somebody asks for.
struct Request {
    GuestId guest;
    RoomId room;
    Day from;
    Day until;
    Money price;
};
struct Confirm {
    std::string receipt;
    Money paid;
};
struct OrderExtra {
    Extra extra;
};
struct CheckIn {
    std::string document;
    int persons = 1;
};
struct CheckOut {
    Money minibar;
};
struct Cancel {
    std::string reason;
};

enum class Stage { none, requested, confirmed, inside, left, cancelled };

// State: what the next decision needs to know.
struct Reservation {
    static constexpr auto category = "reservation";
    using Events =
        el::events<el::event<"reservation-requested", Requested>, el::event<"reservation-confirmed", Confirmed>,
                   el::event<"reservation-moved", Moved>, el::event<"reservation-extended", Extended>,
                   el::event<"extra-ordered", ExtraOrdered>, el::event<"extra-returned", ExtraReturned>,
                   el::event<"guest-checked-in", CheckedIn>, el::event<"guest-checked-out", CheckedOut>,
                   el::event<"stay-billed", Billed>, el::event<"reservation-cancelled", Cancelled>>;
    Stage stage = Stage::none;
    RoomId room;
    Money due;
};

inline Reservation evolve(Reservation reservation, const Requested& event)
{
    reservation.stage = Stage::requested;
    reservation.room  = event.room;
    reservation.due   = event.price;
    return reservation;
}
inline Reservation evolve(Reservation reservation, const Confirmed& event)
{
    reservation.stage = Stage::confirmed;
    reservation.due.cents -= event.paid.cents;
    return reservation;
}
inline Reservation evolve(Reservation reservation, const Moved& event)
{
    reservation.room = event.room;
    return reservation;
}
inline Reservation evolve(Reservation reservation, const Extended& event)
{
    reservation.due.cents += event.price.cents;
    return reservation;
}
inline Reservation evolve(Reservation reservation, const ExtraOrdered& event)
{
    reservation.due.cents += event.extra.price.cents;
    return reservation;
}
inline Reservation evolve(Reservation reservation, const ExtraReturned& event)
{
    reservation.due.cents -= event.refunded.cents;
    return reservation;
}
inline Reservation evolve(Reservation reservation, const CheckedIn&)
{
    reservation.stage = Stage::inside;
    return reservation;
}
inline Reservation evolve(Reservation reservation, const CheckedOut& event)
{
    reservation.stage = Stage::left;
    reservation.due.cents += event.minibar.cents;
    return reservation;
}
inline Reservation evolve(Reservation reservation, const Billed&)
{
    reservation.due = {};
    return reservation;
}
inline Reservation evolve(Reservation reservation, const Cancelled&)
{
    reservation.stage = Stage::cancelled;
    return reservation;
}

inline el::result<Requested> decide(const Request& command, const Reservation& reservation)
{
    if (reservation.stage != Stage::none) return el::refuse("reservation-known", "This reservation exists already.");
    if (command.until <= command.from) return el::refuse("no-night", "A stay has at least one night.");
    return Requested{command.guest, command.room, command.from, command.until, command.price, {}};
}
inline el::result<Confirmed> decide(const Confirm& command, const Reservation& reservation)
{
    if (reservation.stage != Stage::requested) return el::refuse("not-requested", "There is nothing to confirm.");
    return Confirmed{command.receipt, command.paid};
}
inline el::result<ExtraOrdered> decide(const OrderExtra& command, const Reservation& reservation)
{
    if (reservation.stage != Stage::inside) return el::refuse("not-inside", "The guest is not in the house.");
    return ExtraOrdered{command.extra};
}
inline el::result<CheckedIn> decide(const CheckIn& command, const Reservation& reservation)
{
    if (reservation.stage != Stage::confirmed) return el::refuse("not-confirmed", "The reservation is not confirmed.");
    return CheckedIn{command.document, command.persons};
}
inline el::result<std::tuple<CheckedOut, Billed>> decide(const CheckOut& command, const Reservation& reservation)
{
    if (reservation.stage != Stage::inside) return el::refuse("not-inside", "The guest is not in the house.");
    const Money total{reservation.due.cents + command.minibar.cents};
    return std::tuple{CheckedOut{command.minibar}, Billed{"invoice", total}};
}
inline el::result<std::optional<Cancelled>> decide(const Cancel& command, const Reservation& reservation)
{
    if (reservation.stage == Stage::cancelled) return std::nullopt;
    if (reservation.stage == Stage::inside) return el::refuse("inside", "The guest is in the house.");
    return Cancelled{command.reason};
}

static_assert(el::aggregate<Reservation>);

} // namespace hotel
