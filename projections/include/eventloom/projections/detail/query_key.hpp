// What a query compares with: whole values of an index or a key, or only their beginning.
//
//     orders.by("customer", CustomerId{"ada"});                                  // the first part of (customer, placed_at)
//     orders.by("customer", std::tuple{CustomerId{"ada"}, placed_at});           // both parts
//     orders.by("customer", std::tuple{CustomerId{"ada"}, el::starting_with{"2011"}});  // if the second part is a text
//
// Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/members.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace eventloom {

// The beginning of a text. It may be the whole value of a query, or its last part.
struct starting_with {
    std::string text;
};

namespace detail {

template <class T>
inline constexpr bool ends_open = false;
template <>
inline constexpr bool ends_open<starting_with> = true;
template <class... Part>
inline constexpr bool ends_open<std::tuple<Part...>> =
    ends_open<std::tuple_element_t<sizeof...(Part) - 1, std::tuple<Part...>>>;

// The bytes with which the ordered keys of all matching values begin.
template <class Value>
std::string ordered_beginning(const Value& value)
{
    auto key = ordered_key(value);
    if constexpr (ends_open<Value>) key.resize(key.size() - 2); // without the end of the text
    return key;
}

// The kinds of the parts of an ordered key, a letter each. Keys of different shapes must not be compared: a query would
// silently find too little.
template <class T>
void append_shape(std::string& shape)
{
    if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        shape.push_back('t');
    } else if constexpr (std::is_same_v<T, bool>) {
        shape.push_back('b');
    } else if constexpr (std::is_enum_v<T>) {
        append_shape<std::underlying_type_t<T>>(shape);
    } else if constexpr (std::unsigned_integral<T>) {
        shape.push_back('u');
    } else if constexpr (std::floating_point<T>) {
        shape.push_back('f');
    } else if constexpr (std::signed_integral<T> || requires(const T& time) { time.time_since_epoch().count(); }) {
        shape.push_back('s');
    } else if constexpr (requires(const T& maybe) { maybe.has_value(); }) {
        shape.push_back('o');
        append_shape<typename T::value_type>(shape);
    } else if constexpr (requires { std::tuple_size<T>::value; }) {
        std::apply([&](const auto&... part) { (append_shape<std::remove_cvref_t<decltype(part)>>(shape), ...); }, T{});
    } else {
        with_members(T{},
                     [&](const auto&... member) { (append_shape<std::remove_cvref_t<decltype(member)>>(shape), ...); });
    }
}

template <class T>
std::string shape_of()
{
    std::string shape;
    append_shape<T>(shape);
    return shape;
}

} // namespace detail

} // namespace eventloom
