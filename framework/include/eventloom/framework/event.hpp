// The events of an aggregate: a list of stored name and plain struct, said once.
//
//     using Events = el::events<el::event<"order-placed", Placed, PlacedV1>,   // an earlier form behind the present one
//                               el::event<"order-paid", Paid>>;
//
// The quoted names are what the disk holds: rename a struct as you like, never a name. When a struct must change, keep the
// old one under another name, add it behind (oldest first), and write `Placed upcast(const PlacedV1&)` beside it; the
// schema version counts the forms. Each form turns into the next one.
// `el::Tags tags_of(const Placed&)` beside a struct gives the tags its events are stored with, for decisions that span
// streams (decision.hpp). `std::string subject_of(const Placed&)` says whose data its personal fields are (personal.hpp).
// Threads: compile-time only, and a constant table.
#pragma once

#include <eventloom/framework/result.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace eventloom {

// Text as a template argument.
template <std::size_t Size>
struct text {
    char characters[Size]{};
    consteval text(const char (&literal)[Size]) { std::copy_n(literal, Size, characters); }
    constexpr std::string_view view() const { return {characters, Size - 1}; }
};

// An earlier form of an event, and what it is called now: found by argument-dependent lookup.
template <class Earlier, class Next>
concept upcasts = requires(const Earlier& earlier)
{
    {
        upcast(earlier)
        } -> std::same_as<Next>;
};

// One event: its stored name, its struct, and the structs it was before, oldest first.
template <text Name, class Fact, class... Earlier>
struct event {
    using fact                                    = Fact;
    using forms                                   = std::tuple<Earlier..., Fact>; // index + 1 is the schema version
    static constexpr std::string_view name        = Name.view();
    static constexpr std::uint32_t schema_version = sizeof...(Earlier) + 1;
};

namespace detail {

template <class... Entries>
consteval bool distinct_names()
{
    std::array<std::string_view, sizeof...(Entries)> names{Entries::name...};
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) == names.end();
}

template <class Fact, class... Facts>
inline constexpr bool is_one_of = (std::is_same_v<Fact, Facts> || ...);

} // namespace detail

template <class... Entries>
struct events {
    static_assert(detail::distinct_names<Entries...>(), "two events share one stored name");

    using entries = std::tuple<Entries...>;
    using variant = std::variant<typename Entries::fact...>;

    template <class Fact>
    static constexpr bool has = detail::is_one_of<Fact, typename Entries::fact...>;

    // The place of an event in the list.
    template <class Fact>
    static constexpr std::size_t index_of = [] {
        std::size_t index = 0;
        static_cast<void>(((std::is_same_v<Fact, typename Entries::fact> ? true : (++index, false)) || ...));
        return index;
    }();
};

// A type that says which events there are: an aggregate, or the context of a decision.
template <class Owner>
concept lists_events = requires
{
    typename Owner::Events::variant;
};

// A struct in such a list.
template <class Fact, class Owner>
concept event_of = Owner::Events::template has<Fact>;

// What an event is about: "course:c1".
using Tags = std::vector<std::string>;

// `tags_of(const T&)` stands beside T.
template <class T>
concept tagged = requires(const T& value)
{
    {
        tags_of(value)
        } -> std::convertible_to<Tags>;
};

// What the framework knows about one event at run time. `fact` points to a value of the event's struct.
struct EventType {
    std::string_view name;
    std::uint32_t schema_version;
    void (*encode)(const void* fact, std::string& out);
    // Reads the form that `schema_version` names and brings it up to date.
    // Failure::corrupt  "newer-schema-version", or what codec<T>::decode says.
    result<void> (*decode)(std::uint32_t schema_version, std::string_view bytes, void* fact);
    // One line of JSON, brought up to date first.
    result<std::string> (*to_json)(std::uint32_t schema_version, std::string_view bytes);
    // As encode, and says where in `out` the personal parts begin (personal.hpp).
    void (*encode_noting_places)(const void* fact, std::string& out, std::vector<std::size_t>& personal_places);
    bool is_personal = false; // some form of it has personal fields
};

// The error of reading an event whose form this program does not know.
Error newer_schema_version(std::string_view name, std::uint32_t known, std::uint32_t found);

// The events of one aggregate in the order of its list.
using EventTypes = std::vector<EventType>;

// Declared here, defined in <eventloom/framework/event_codec.hpp>. One source file of the domain includes that and says
//     template const el::EventTypes& el::event_types<Order>();
template <class State>
const EventTypes& event_types();

// The description of one event of an aggregate.
template <class State, class Fact>
const EventType& event_type()
{
    return event_types<State>()[State::Events::template index_of<Fact>];
}

} // namespace eventloom
