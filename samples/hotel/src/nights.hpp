// Which room is taken in which night. A stay does not know the others, so a decision context decides about nights.
#pragma once

#include "stay.hpp"

#include <eventloom/framework/decision.hpp>

#include <vector>

namespace grand_hotel {

using Day     = std::chrono::sys_days;
using NightId = el::id<struct NightOfRoom>; // "12/2026-12-24"

// clang-format off
// Nights of one room, one after the other.
struct Nights { RoomId room; Day from{}; std::int32_t number = 0; };

// Events.
struct NightsTaken { StayId stay; Nights nights; };
struct NightsFreed { StayId stay; Nights nights; };

// Commands.
struct TakeNights  { StayId stay; Nights nights; };
struct FreeNights  { StayId stay; Nights nights; };

// A view: who has this night.
struct Night { NightId id; std::optional<StayId> stay; };
// clang-format on

inline std::vector<Night> views_of(const Nights& nights)
{
    std::vector<Night> views;
    for (std::int32_t night = 0; night < nights.number; ++night) {
        views.push_back({{nights.room.value + "/" + el::time_text(nights.from + std::chrono::days{night})}, {}});
    }
    return views;
}
inline el::Tags tags_of(const Night& view)
{
    return {el::tag("night", view.id)};
}
inline el::Tags tags_of(const Nights& nights)
{
    el::Tags tags;
    for (const Night& night : views_of(nights)) tags.push_back(el::tag("night", night.id));
    return tags;
}

// clang-format off
inline el::Tags tags_of(const NightsTaken& event) { return tags_of(event.nights); }
inline el::Tags tags_of(const NightsFreed& event) { return tags_of(event.nights); }

inline Night evolve(Night view, const NightsTaken& event) { view.stay = event.stay; return view; }
inline Night evolve(Night view, const NightsFreed&)       { view.stay.reset(); return view; }
// clang-format on

struct Calendar {
    static constexpr auto stream = "nights";
    using Events = el::events<el::event<"nights-taken", NightsTaken>, el::event<"nights-freed", NightsFreed>>;
};
static_assert(el::decision_context<Calendar>);

inline std::vector<Night> boundary_of(const TakeNights& command)
{
    return views_of(command.nights);
}
inline std::vector<Night> boundary_of(const FreeNights& command)
{
    return views_of(command.nights);
}
inline el::result<NightsTaken> decide(const TakeNights& command, const std::vector<Night>& nights)
{
    for (const Night& night : nights) {
        if (night.stay) {
            return el::refuse("night-taken", "The room is taken in the night " + night.id.value + ".");
        }
    }
    return NightsTaken{command.stay, command.nights};
}
// Also right when this stay never had them: then nothing happens. Nights are taken together, so the first one tells.
inline el::result<std::optional<NightsFreed>> decide(const FreeNights& command, const std::vector<Night>& nights)
{
    if (nights.empty() || nights.front().stay != command.stay) return std::nullopt;
    return NightsFreed{command.stay, command.nights};
}

} // namespace grand_hotel
