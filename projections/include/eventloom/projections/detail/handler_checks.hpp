// Reads the parameters of a projection's handlers, and gives the compiler its messages when they are wrong.
//
//     heard_by<decltype([](Row&, const Placed&) {})>          // Placed
//
// For projection.hpp: include that. Threads: compile-time only.
#pragma once

#include <eventloom/framework/detail/call_signature.hpp>
#include <eventloom/framework/detail/members.hpp>
#include <eventloom/projections/detail/projection_parts.hpp>
#include <eventloom/projections/projected.hpp>

#include <algorithm>
#include <optional>
#include <tuple>
#include <type_traits>

namespace eventloom {

// Never defined: the compiler's first error line shows the event.
template <class Fact, class Sources>
struct handler_of_an_event_that_is_not_in;

namespace detail {

// ---- the kinds of parts

template <class T>
inline constexpr bool is_from = false;
template <class... State>
inline constexpr bool is_from<from<State...>> = true;
template <class T>
inline constexpr bool is_index = false;
template <class Of>
inline constexpr bool is_index<index_part<Of>> = true;
template <class T>
inline constexpr bool is_kept = false;
template <class Key, class Row, class... Of>
inline constexpr bool is_kept<table_part<Key, Row, Of...>> = true;
template <class T>
inline constexpr bool is_key = false;
template <class Of>
inline constexpr bool is_key<key_part<Of>> = true;
template <class T>
inline constexpr bool is_handler = not is_from<T> && not is_index<T> && not is_kept<T> && not is_key<T>;

template <class Stored>
using key_of = decltype(Stored::key);
template <class Stored>
using row_of = decltype(Stored::row);

// ---- what a handler's parameters say

template <class Argument>
inline constexpr bool is_table_argument = false;
template <class Key, class Row>
inline constexpr bool is_table_argument<Rows<Key, Row>&> = true;

template <class... Argument>
consteval std::size_t leading_tables(std::type_identity<std::tuple<Argument...>>)
{
    const bool are_tables[] = {is_table_argument<Argument>..., false};
    return static_cast<std::size_t>(std::find(std::begin(are_tables), std::end(are_tables), false) - are_tables);
}

// How many tables a handler takes; 0 when it takes a row.
template <class Handler>
inline constexpr std::size_t tables_taken = leading_tables(std::type_identity<arguments_of<Handler>>{});
template <class Handler>
inline constexpr std::size_t event_place = std::max<std::size_t>(tables_taken<Handler>, 1);
template <class Handler>
inline constexpr std::size_t arguments_count = std::tuple_size_v<arguments_of<Handler>>;
template <class Handler>
inline constexpr bool asks_for_the_record = arguments_count<Handler> == event_place<Handler> + 2;

template <class Handler>
using touched_by = std::tuple_element_t<0, arguments_of<Handler>>;
template <class Handler>
using heard_by = std::remove_cvref_t<std::tuple_element_t<event_place<Handler>, arguments_of<Handler>>>;

// ---- whose events are heard

template <class Key>
struct aggregates_of_key {
    using type = from<>;
};
template <aggregate State>
struct aggregates_of_key<id<State>> {
    using type = from<State>;
};

template <class... From>
struct all_of {
    using type = from<>;
};
template <class... State>
struct all_of<from<State...>> {
    using type = from<State...>;
};
template <class... State, class... More, class... Rest>
struct all_of<from<State...>, from<More...>, Rest...> : all_of<from<State..., More...>, Rest...> {};

// The aggregates of el::from, or else those whose ids are keys.
template <class Keys, class... Part>
struct sources;
template <class... Key>
struct sources<std::tuple<Key...>> : all_of<typename aggregates_of_key<Key>::type...> {};
template <class... Key, class Other, class... Rest>
struct sources<std::tuple<Key...>, Other, Rest...> : sources<std::tuple<Key...>, Rest...> {};
template <class... Key, class... State, class... Rest>
struct sources<std::tuple<Key...>, from<State...>, Rest...> {
    using type = from<State...>;
};

// The aggregate that lists the event; void when none does.
template <class Fact, class Sources>
struct owner {
    using type = void;
};
template <class Fact, class State, class... Rest>
struct owner<Fact, from<State, Rest...>> {
    using type = typename std::conditional_t<State::Events::template has<Fact>, std::type_identity<State>,
                                             owner<Fact, from<Rest...>>>::type;
};

// ---- what must hold

template <class Handler, class Sources>
consteval bool hears_a_known_event()
{
    using event = heard_by<Handler>;
    if constexpr (std::is_void_v<typename owner<event, Sources>::type>) {
        static_cast<void>(sizeof(handler_of_an_event_that_is_not_in<event, Sources>));
    }
    static_assert(not std::is_void_v<typename owner<event, Sources>::type>,
                  "this handler's event is in no event list of the projection's aggregates (el::from<...>)");
    static_assert(not reads_by_tags<typename owner<event, Sources>::type>(),
                  "a projection hears the events of aggregates (el::from<...>), not those of a context of decisions");
    return true;
}

template <class... Stored, class... Argument>
consteval bool tables_are_kept(std::type_identity<std::tuple<Stored...>>, std::type_identity<std::tuple<Argument...>>)
{
    const auto kept = []<class One>(std::type_identity<One>) {
        return not is_table_argument<One> || (std::is_same_v<One, Rows<key_of<Stored>, row_of<Stored>>&> || ...);
    };
    return (kept(std::type_identity<Argument>{}) && ...);
}

template <class Handler, class... Stored>
consteval bool takes_a_row_that_is_kept(std::type_identity<std::tuple<Stored...>>)
{
    return (static_cast<int>(std::is_same_v<touched_by<Handler>, row_of<Stored>&>) + ...) == 1;
}

template <class Handler, class Tables, class Sources>
consteval bool checked_handler()
{
    static_assert(has_one_signature<Handler>,
                  "a projection's handler is a lambda that names its event's type; `const auto&` names none");
    if constexpr (has_one_signature<Handler>) {
        constexpr bool has_an_event =
            arguments_count<Handler> == event_place<Handler> + 1 || asks_for_the_record<Handler>;
        static_assert(has_an_event,
                      "a projection's handler takes a row or tables, an event, and at most the recorded event");
        if constexpr (has_an_event) {
            using All = std::type_identity<Tables>;
            static_assert(tables_taken<Handler> > 0 || takes_a_row_that_is_kept<Handler>(All{}),
                          "a projection's handler takes first `Row&`, of one table that has such rows, or tables, "
                          "`el::Rows<Key, Row>&`");
            static_assert(tables_are_kept(All{}, std::type_identity<arguments_of<Handler>>{}),
                          "a projection's handler takes an el::Rows<Key, Row>& that the projection does not keep");
            return hears_a_known_event<Handler, Sources>();
        }
    }
    return false;
}

template <class Part, class Tables, class Sources>
consteval bool checked_part()
{
    if constexpr (is_handler<Part>) {
        return checked_handler<Part, Tables, Sources>();
    } else {
        return true;
    }
}

template <class... Fact>
consteval bool all_different()
{
    if constexpr (sizeof...(Fact) < 2) {
        return true;
    } else {
        return []<class First, class... Rest>(std::type_identity<std::tuple<First, Rest...>>) {
            return (not std::is_same_v<First, Rest> && ...) && all_different<Rest...>();
        }(std::type_identity<std::tuple<Fact...>>{});
    }
}

// ---- which row an event means

// Whether a part gives the key of this event's row.
template <class Key, class Fact, class Part>
consteval bool gives_key()
{
    if constexpr (is_key<Part>) {
        using Of = decltype(Part::of);
        return std::is_same_v<std::remove_cvref_t<std::tuple_element_t<0, arguments_of<Of>>>, Fact> &&
               std::is_same_v<std::remove_cvref_t<answer_of<Of>>, Key>;
    } else {
        return false;
    }
}

// "1042" of the stream "order-1042".
std::string id_in_stream(const std::string& stream);

template <class Key, class Fact>
Key key_in(const Fact& fact, const RecordedEvent& event)
{
    if constexpr (has_member<Key, Fact>) {
        return member_of<Key>(fact);
    } else if constexpr (is_id<Key>) {
        return Key{id_in_stream(event.stream)};
    } else {
        static_assert(is_id<Key>,
                      "the row of this event is not known: give the event a member of the key's type, key the "
                      "rows by an el::id, say el::keyed_by, or take the whole table");
    }
}

// Whether an event of this aggregate changes the row of its stream, and only events of that stream change that row.
template <class Key, class State, class Fact, class... Part>
consteval bool is_keyed_by_stream(std::type_identity<std::tuple<Part...>>)
{
    if constexpr (std::is_same_v<Key, id<State>>) {
        constexpr bool is_said = (gives_key<Key, Fact, Part>() || ...);
        return not is_said && not has_member<Key, Fact>;
    } else {
        return false;
    }
}

// Whether a handler changes only the row of the stream that its event was recorded in.
template <class Handler, class State, class Parts, class First, class... Rest>
consteval bool keeps_to_its_stream()
{
    return sizeof...(Rest) == 0 && tables_taken<Handler> == 0 &&
           is_keyed_by_stream<key_of<First>, State, heard_by<Handler>>(std::type_identity<Parts>{});
}

// Which part of all gives the key of this event's row; their number when none does.
template <class Key, class Fact, class... Part>
consteval std::size_t place_of_key_part(std::type_identity<std::tuple<Part...>>)
{
    const bool gives[] = {gives_key<Key, Fact, Part>()..., true};
    return static_cast<std::size_t>(std::find(std::begin(gives), std::end(gives), true) - std::begin(gives));
}

// What el::keyed_by says, or else the event's own member of the key's type, or else the stream.
template <class Key, class Fact, class Parts>
Key key_for(const Parts& parts, const Fact& fact, const RecordedEvent& event)
{
    constexpr auto place = place_of_key_part<Key, Fact>(std::type_identity<Parts>{});
    if constexpr (place < std::tuple_size_v<Parts>) {
        return std::get<place>(parts).of(fact);
    } else {
        return key_in<Key>(fact, event);
    }
}

// Whether it is the stream that says it.
template <class Key, class Fact, class Parts>
consteval bool key_is_of_stream()
{
    constexpr bool is_said = place_of_key_part<Key, Fact>(std::type_identity<Parts>{}) < std::tuple_size_v<Parts>;
    return is_id<Key> && not is_said && not has_member<Key, Fact>;
}

// The place among all tables of the one whose rows a handler takes, and of one that it takes whole.
template <class Row, class... Stored>
consteval std::size_t place_of_row()
{
    const bool has_it[] = {std::is_same_v<row_of<Stored>, Row>...};
    return static_cast<std::size_t>(std::find(std::begin(has_it), std::end(has_it), true) - std::begin(has_it));
}
template <class Table, class... Stored>
consteval std::size_t place_of_table()
{
    const bool is_it[] = {std::is_same_v<Rows<key_of<Stored>, row_of<Stored>>, Table>...};
    return static_cast<std::size_t>(std::find(std::begin(is_it), std::end(is_it), true) - std::begin(is_it));
}

} // namespace detail

} // namespace eventloom
