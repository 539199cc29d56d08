// A context beside an aggregate: a stay is an aggregate, and no stay knows of the others. So a context decides whether a night
// in a room is free. It also hears an event of the stays: one that is cancelled frees its night.
#pragma once

#include <eventloom/framework/command_bus.hpp>

namespace nights {

namespace el = eventloom;

struct Stay;
using StayId  = el::id<Stay>;
using NightId = el::id<struct RoomAndDay>; // "12/2026-11-29"

// clang-format off

struct Taken     { StayId stay; NightId night; };        // an event of the context
struct Booked    { NightId night; std::string guest; };  // events of the aggregate
struct Cancelled { NightId night; };

inline el::Tags tags_of(const Taken& event)     { return {tag("night", event.night)}; }
inline el::Tags tags_of(const Cancelled& event) { return {tag("night", event.night)}; }

// The aggregate.
struct Stay {
    static constexpr auto category = "stay";
    using Events = el::events<el::event<"stay-booked", Booked>, el::event<"stay-cancelled", Cancelled>>;
    std::optional<NightId> night;
};
inline Stay evolve(Stay stay, const Booked& event) { stay.night = event.night; return stay; }
inline Stay evolve(Stay stay, const Cancelled&)    { stay.night.reset(); return stay; }

// The context. "stay-cancelled" is in both lists, with the same struct.
struct Nights {
    static constexpr auto stream = "nights";
    using Events = el::events<el::event<"night-taken", Taken>, el::event<"stay-cancelled", Cancelled>>;
};
static_assert(el::decision_context<Nights>);

struct Night { NightId id; std::optional<StayId> stay; };

inline el::Tags tags_of(const Night& view)             { return {tag("night", view.id)}; }
inline Night evolve(Night view, const Taken& event)    { view.stay = event.stay; return view; }
inline Night evolve(Night view, const Cancelled&)      { view.stay.reset(); return view; }

struct Take   { StayId stay; NightId night; };
struct Book   { NightId night; std::string guest; };
struct Cancel {};

inline auto boundary_of(const Take& command) { return Night{command.night, {}}; }

// clang-format on

inline el::result<std::optional<Taken>> decide(const Take& command, const Night& night)
{
    if (night.stay == command.stay) return std::nullopt; // it has this night already
    if (night.stay) return el::refuse("night-taken", "The room is taken for this night.");
    return Taken{command.stay, command.night};
}
inline el::result<std::optional<Booked>> decide(const Book& command, const Stay& stay)
{
    if (stay.night) return std::nullopt;
    return Booked{command.night, command.guest};
}
inline el::result<std::optional<Cancelled>> decide(const Cancel&, const Stay& stay)
{
    if (not stay.night) return std::nullopt;
    return Cancelled{*stay.night};
}
static_assert(el::aggregate<Stay>);

// First the context, then the aggregate. Each may be done again.
inline el::result<void> book(el::CommandBus& bus, const StayId& stay, const NightId& night, const std::string& guest)
{
    BOOST_OUTCOME_TRY(bus.decide<Nights>(Take{stay, night}));
    BOOST_OUTCOME_TRY(bus.send(stay, Book{night, guest}));
    return el::done();
}

} // namespace nights
