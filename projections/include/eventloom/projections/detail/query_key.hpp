// What a query compares with: whole values of an index or a key, or only their beginning.
//
//     orders.by("customer", CustomerId{"ada"});                                  // the first part of (customer, placed_at)
//     orders.by("customer", std::tuple{CustomerId{"ada"}, placed_at});           // both parts
//     orders.by("customer", std::tuple{CustomerId{"ada"}, el::starting_with{"2011"}});  // if the second part is a text
//
// Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/members.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/id.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

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

// Of what the parts of a key are ids, in their order; empty for a part that is no id. Ids of two types have the same shape.
struct IdTypes {
    static constexpr std::size_t most = 16;

    constexpr void add(std::string_view type)
    {
        if (count < most) of[count++] = type;
    }

    std::string_view of[most] = {};
    std::size_t count         = 0;
};

template <class T>
constexpr void find_ids(IdTypes& found)
{
    if constexpr (is_id<T>) {
        constexpr std::string_view name = []<class Of>(std::type_identity<id<Of>>) {
            constexpr std::string_view of = full_name<Of>();
            return of;
        }(std::type_identity<T>{});
        found.add(name);
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        found.add({});
    } else if constexpr (requires(const T& maybe) { maybe.has_value(); }) {
        find_ids<typename T::value_type>(found);
    } else if constexpr (requires { std::tuple_size<T>::value; }) {
        [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            (find_ids<std::remove_cvref_t<std::tuple_element_t<Index, T>>>(found), ...);
        }(std::make_index_sequence<std::tuple_size<T>::value>{});
    } else if constexpr (plain<T>) {
        [&]<class... Member>(std::type_identity<MembersFound<Member...>>) {
            (find_ids<std::remove_cv_t<Member>>(found), ...);
        }(std::type_identity<decltype(with_members(std::declval<T&>(), FindMembers{}))>{});
    } else {
        found.add({});
    }
}

template <class T>
inline constexpr IdTypes ids_in = [] {
    IdTypes found;
    find_ids<T>(found);
    return found;
}();

} // namespace detail

} // namespace eventloom
