// What a projection is made of, and what its handlers' parameters say: the parts of projection.hpp that run nothing.
//
//     el::projection<OrderId, Row>("orders", 1, el::from<Order, Return>(), el::index("customer", customer_of), handlers...);
//
// Include projection.hpp instead. Threads: compile-time only.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/members.hpp>

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace eventloom {

struct drop_row_t {};
// What a handler answers to remove its row.
inline constexpr drop_row_t drop_row{};

// The aggregates whose events a projection hears.
template <aggregate... State>
struct from {
};

template <class Of>
struct index_part {
    std::string name;
    Of of;
};

// An index over what `of` makes of a row: text, numbers, money, times, or a tuple of these; in their natural order.
template <class Of>
index_part<Of> index(std::string name, Of of)
{
    return {std::move(name), std::move(of)};
}

// The rows of a read model, for handlers that change several of them.
template <class Key, class Row>
class table {
public:
    virtual ~table() = default;
    // The row, made when it is not there.
    virtual Row& update(const Key& key)     = 0;
    virtual const Row* find(const Key& key) = 0;
    virtual void erase(const Key& key)      = 0;
};

// Never defined: names the event in the compiler's first error line.
template <class Fact, class Sources>
struct handler_of_an_event_that_is_not_in;

namespace detail {

// ---- what a handler's parameters say

template <class Call>
struct call_signature;
template <class Handler, class Answer, class... Argument>
struct call_signature<Answer (Handler::*)(Argument...) const> {
    using answer    = Answer;
    using arguments = std::tuple<Argument...>;
};

template <class Handler>
concept has_one_signature = requires
{
    &Handler::operator();
};

template <class Handler>
using arguments_of = typename call_signature<decltype(&Handler::operator())>::arguments;
template <class Handler>
using touched_by = std::tuple_element_t<0, arguments_of<Handler>>;
template <class Handler>
using heard_by = std::remove_cvref_t<std::tuple_element_t<1, arguments_of<Handler>>>;

template <class T>
inline constexpr bool is_from = false;
template <class... State>
inline constexpr bool is_from<from<State...>> = true;
template <class T>
inline constexpr bool is_index = false;
template <class Of>
inline constexpr bool is_index<index_part<Of>> = true;
template <class T>
inline constexpr bool is_handler = not is_from<T> && not is_index<T>;

// ---- whose events are heard

template <class Key>
struct aggregates_of_key {
    using type = from<>;
};
template <aggregate State>
struct aggregates_of_key<id<State>> {
    using type = from<State>;
};

template <class Key, class... Part>
struct sources : aggregates_of_key<Key> {
};
template <class Key, class Other, class... Rest>
struct sources<Key, Other, Rest...> : sources<Key, Rest...> {
};
template <class Key, class... State, class... Rest>
struct sources<Key, from<State...>, Rest...> {
    using type = from<State...>;
};

// The aggregate whose list holds the event; void when none does.
template <class Fact, class Sources>
struct owner {
    using type = void;
};
template <class Fact, class State, class... Rest>
struct owner<Fact, from<State, Rest...>> {
    using type = typename std::conditional_t<State::Events::template has<Fact>, std::type_identity<State>,
                                             owner<Fact, from<Rest...>>>::type;
};

template <class Handler, class Sources>
consteval bool hears_a_known_event()
{
    using event = heard_by<Handler>;
    if constexpr (std::is_void_v<typename owner<event, Sources>::type>) {
        static_cast<void>(sizeof(handler_of_an_event_that_is_not_in<event, Sources>));
    }
    static_assert(not std::is_void_v<typename owner<event, Sources>::type>,
                  "this handler's event is in no event list of the projection's aggregates (el::from<...>)");
    return true;
}

template <class Handler, class Key, class Row, class Sources>
consteval bool checked_handler()
{
    static_assert(has_one_signature<Handler>,
                  "a projection's handler is a lambda that names its event's type; `const auto&` names none");
    if constexpr (has_one_signature<Handler>) {
        static_assert(std::tuple_size_v<arguments_of<Handler>> == 2 || std::tuple_size_v<arguments_of<Handler>> == 3,
                      "a projection's handler takes a row or the table, an event, and at most the recorded event");
        static_assert(std::is_same_v<touched_by<Handler>, Row&> ||
                          std::is_same_v<touched_by<Handler>, table<Key, Row>&>,
                      "a projection's handler takes first `Row&` or `el::table<Key, Row>&`");
        return hears_a_known_event<Handler, Sources>();
    }
    return false;
}

template <class Part, class Key, class Row, class Sources>
consteval bool checked_part()
{
    if constexpr (is_handler<Part>) {
        return checked_handler<Part, Key, Row, Sources>();
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

template <class Key, class Fact>
Key key_for(const Fact& fact, const RecordedEvent& event)
{
    const Key* own    = nullptr;
    const auto choose = [&](const auto& member) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, Key>) {
            if (own == nullptr) own = &member;
        }
    };
    with_members(fact, [&](const auto&... member) { (choose(member), ...); });
    if (own != nullptr) return *own;
    if constexpr (is_id<Key>) {
        const auto hyphen = event.stream.find('-');
        return Key{hyphen == std::string::npos ? std::string{} : event.stream.substr(hyphen + 1)};
    } else {
        static_assert(is_id<Key>,
                      "the row of this event is not known: give the event a member of the key's type, key the "
                      "rows by an el::id, or take the whole table");
    }
}

} // namespace detail

} // namespace eventloom
