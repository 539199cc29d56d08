// The parcels of docs/concepts.md: what `decide` may return.
#pragma once

#include <eventloom/framework/aggregate.hpp>

namespace parcels {

namespace el = eventloom;

// clang-format off
struct Opened  {};
struct Packed  { std::string what; };
struct Refused { std::string what; };
struct Closed  { std::string seal; };

struct Open    {};
struct Pack    { std::string what; bool fragile = false; };
struct PackAll { std::vector<std::string> what; };
struct Close   {};
struct Send    {};
// clang-format on

struct Parcel {
    static constexpr auto category = "parcel";
    using Events                   = el::events<el::event<"parcel-opened", Opened>, el::event<"item-packed", Packed>,
                              el::event<"item-refused", Refused>, el::event<"parcel-closed", Closed>>;
    bool open                      = false;
};
inline Parcel evolve(Parcel parcel, const Opened&)
{
    parcel.open = true;
    return parcel;
}
inline Parcel evolve(Parcel parcel, const Packed&)
{
    return parcel;
}
inline Parcel evolve(Parcel parcel, const Refused&)
{
    return parcel;
}
inline Parcel evolve(Parcel parcel, const Closed&)
{
    parcel.open = false;
    return parcel;
}

// One event.
inline el::result<Opened> decide(const Open&, const Parcel& parcel)
{
    if (parcel.open) return el::refuse("parcel-open", "The parcel is open.");
    return Opened{};
}
// One event or none. None is a success: the command had nothing to do, and its receipt says so with `events` = 0.
inline el::result<std::optional<Closed>> decide(const Close&, const Parcel& parcel)
{
    if (not parcel.open) return std::nullopt;
    return Closed{"red"};
}
// One of several.
inline el::result<std::variant<Packed, Refused>> decide(const Pack& command, const Parcel&)
{
    if (command.fragile) return Refused{command.what};
    return Packed{command.what};
}
// Several in this order. Each part may be optional.
inline el::result<std::tuple<Packed, std::optional<Closed>>> decide(const Send&, const Parcel& parcel)
{
    if (not parcel.open) return std::tuple{Packed{"label"}, std::optional<Closed>{}};
    return std::tuple{Packed{"label"}, std::optional{Closed{"blue"}}};
}
// Any number. `el::facts_of<Parcel>` is a vector of the events of Parcel; a vector of one event, such as
// std::vector<Packed>, works as well.
inline el::result<el::facts_of<Parcel>> decide(const PackAll& command, const Parcel& parcel)
{
    el::facts_of<Parcel> events;
    if (not parcel.open) events.push_back(Opened{});
    for (const auto& what : command.what) events.push_back(Packed{what});
    return events;
}

static_assert(el::aggregate<Parcel>);

} // namespace parcels
