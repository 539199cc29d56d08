// The events of an aggregate: a list of stored names, each with its plain struct.
//
//     using Events = el::events<el::event<"order-placed", Placed, PlacedV1>,   // an earlier form after the present one
//                               el::event<"order-paid", Paid>>;
//
// The quoted names are stored: rename a struct as you like, but never change a name. When a struct must change, keep the
// old one under another name, add it after the present one (oldest first), and write `Placed upcast(const PlacedV1&)` beside it.
// The schema version counts the forms. Each form turns into the next one, or into events of the list: a std::optional of one may give
// none, a std::tuple or std::vector several, a std::variant one of them. docs/changing-events.md.
// `el::Tags tags_of(const Placed&)` beside a struct gives the tags that are stored with its events, for decisions about several
// streams (decision.hpp). `std::string subject_of(const Placed&)` says whose data its personal fields are (personal.hpp).
// Threads: compile-time only, and a constant table.
// For aggregate.hpp: include that.
#pragma once

#include <eventloom/framework/detail/shape.hpp>
#include <eventloom/framework/result.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
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
    consteval text(const char (&literal)[Size])
    {
        for (std::size_t i = 0; i < Size; ++i) characters[i] = literal[i];
    }
    constexpr std::string_view view() const { return {characters, Size - 1}; }
};

// An earlier form of an event says what it is called now: found by argument-dependent lookup.
template <class Earlier>
concept upcasts = requires(const Earlier& earlier) { upcast(earlier); };

// One event: its stored name, its struct, and the structs it was before, oldest first.
template <text Name, class Fact, class... Earlier>
struct event {
    using fact                                    = Fact;
    using forms                                   = std::tuple<Earlier..., Fact>; // index + 1 is the schema version
    static constexpr std::string_view name        = Name.view();
    static constexpr std::uint32_t schema_version = sizeof...(Earlier) + 1;
};

// Stored names that an aggregate leaves out where it meets them, because what they said is of no use any more:
//
//     using Ignored = el::ignored<"order-note-added">;      // beside Events
//
// Any other name that the list has not is an error: what it says would be missing without a word.
template <text... Name>
struct ignored {
    static constexpr std::array<std::string_view, sizeof...(Name)> names{Name.view()...};
};

namespace detail {

template <class... Entries>
consteval bool distinct_names()
{
    constexpr std::array<std::string_view, sizeof...(Entries)> names{Entries::name...};
    for (std::size_t i = 0; i < names.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            if (names[i] == names[k]) return false;
        }
    }
    return true;
}

template <class Fact, class... Facts>
inline constexpr bool is_one_of = (std::is_same_v<Fact, Facts> || ...);

// Whether what an upcast gives may hold a fact.
template <class Given, class Fact>
inline constexpr bool may_hold = std::is_same_v<Given, Fact>;
template <template <class...> class Several, class... Part, class Fact>
inline constexpr bool may_hold<Several<Part...>, Fact> =
    std::is_same_v<Several<Part...>, Fact> || (may_hold<Part, Fact> || ...);

template <class Form, class Fact>
consteval bool may_become()
{
    if constexpr (std::is_same_v<Form, Fact>) {
        return true;
    } else if constexpr (upcasts<Form>) {
        return may_hold<decltype(upcast(std::declval<const Form&>())), Fact>;
    } else {
        return false;
    }
}

template <class Fact, class... Form>
consteval bool any_may_become(std::type_identity<std::tuple<Form...>>)
{
    return (may_become<Form, Fact>() || ...);
}

// Whether an event of this name in the log may stand for this fact: in one of its forms.
template <class Entry, class Fact>
consteval bool may_stand_for()
{
    return any_may_become<Fact>(std::type_identity<typename Entry::forms>{});
}

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
concept lists_events = requires { typename Owner::Events::variant; };

// Those whose events are heard: el::from<Order, Return>().
template <lists_events... Owner>
struct from {};

// A struct in such a list.
template <class Fact, class Owner>
concept event_of = Owner::Events::template has<Fact>;

// What an event is about: "course:c1".
using Tags = std::vector<std::string>;

// `tags_of(const T&)` stands beside T.
template <class T>
concept tagged = requires(const T& value) {
    {
        tags_of(value)
    } -> std::convertible_to<Tags>;
};

// Takes the facts that an event of the log stands for, in their order: the place of each in its list, and its struct. Holds a
// reference to what it is made of.
class TakeFact {
public:
    template <class Take>
    TakeFact(const Take& take)
        : take_{&take}, call_{[](const void* held, std::size_t index, const void* fact) -> result<void> {
              return (*static_cast<const Take*>(held))(index, fact);
          }}
    {
    }
    result<void> operator()(std::size_t index, const void* fact) const { return call_(take_, index, fact); }

private:
    const void* take_;
    result<void> (*call_)(const void* held, std::size_t index, const void* fact);
};

struct EventType;
// The events of one aggregate in the order of its list.
using EventTypes = std::vector<EventType>;

namespace detail {
struct StructForm;
} // namespace detail

// What the framework knows about one event at run time. `fact` points to a value of the event's struct.
struct EventType {
    std::string_view name;
    std::uint32_t schema_version;

    void encode(const void* fact, std::string& out) const;
    // The same, and says where in `out` the personal parts begin (personal.hpp).
    void encode_noting_places(const void* fact, std::string& out, std::vector<std::size_t>& personal_places) const;
    // Reads the form that `schema_version` names, and gives what it is up to date: one fact, or what an upcast makes of it.
    // Failure::corrupt  "newer-schema-version", or what codec<T>::decode says; and what `take` answers, which ends it.
    result<void> decode(std::uint32_t schema_version, std::string_view bytes, const TakeFact& take) const;
    // One line of JSON, brought up to date first.
    result<std::string> to_json(std::uint32_t schema_version, std::string_view bytes) const;

    bool is_personal = false;         // some form of it has personal fields
    std::vector<const Shape*> shapes; // of its forms: that of schema version 1 first

    const detail::StructForm* forms = nullptr; // as many as the schema version says
    const EventTypes& (*list)()     = nullptr; // that it is in
};

// The error of reading an event whose form this program does not know.
Error newer_schema_version(std::string_view name, std::uint32_t known, std::uint32_t found);

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

// The event lists of a program, with the category of their streams.
struct EventList {
    std::string_view category;
    const EventTypes& (*types)();
    bool of_a_context = false; // reads events of any category, by their tags
};

// Those of this program: every list whose codec it has.
const std::vector<EventList>& event_lists();

namespace detail {

bool add_event_list(EventList events);

template <class State>
consteval std::string_view category_of_list()
{
    if constexpr (requires { std::string_view{State::category}; }) {
        return State::category;
    } else if constexpr (requires { std::string_view{State::stream}; }) {
        return std::string_view{State::stream}.substr(0, std::string_view{State::stream}.find('-'));
    } else {
        return {};
    }
}

template <class State>
consteval bool reads_by_tags()
{
    return requires { std::string_view{State::stream}; };
}

// Before main begins, wherever a source has the codec of a list.
template <class State>
struct HasItsCodec {
    static const bool known;
};
template <class State>
const bool HasItsCodec<State>::known =
    add_event_list({category_of_list<State>(), &event_types<State>, reads_by_tags<State>()});

} // namespace detail

} // namespace eventloom
