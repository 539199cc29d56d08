// Whether a type has personal fields, however deep: in its members, in optional ones, in elements, in alternatives.
//
//     static_assert(holds_personal<Registered>());
//
// Not seen: what a type writes with a `serialize` of its own. Needs cereal: include event_codec.hpp instead. Compile time only.
#pragma once

#include <eventloom/framework/binary_values.hpp>
#include <eventloom/framework/personal.hpp>

#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace eventloom::detail {

template <class T, int Depth = 0>
consteval bool holds_personal();

template <int Depth, class... Part>
consteval bool any_holds_personal(std::type_identity<std::tuple<Part...>>)
{
    return (holds_personal<std::remove_cvref_t<Part>, Depth + 1>() || ...);
}

template <class T, std::size_t... Index>
auto elements_of_tuple(std::index_sequence<Index...>)
    -> std::type_identity<std::tuple<std::tuple_element_t<Index, T>...>>;
template <class... Held>
auto alternatives_of(std::type_identity<std::variant<Held...>>) -> std::type_identity<std::tuple<Held...>>;

struct MembersSeen {
    template <class... Member>
    auto operator()(Member&...) const
    {
        return std::type_identity<std::tuple<std::remove_cv_t<Member>...>>{};
    }
};
template <class T>
using members_of = decltype(with_members(std::declval<T&>(), MembersSeen{}));

template <class T>
inline constexpr bool is_variant_of_parts = false;
template <class... Held>
inline constexpr bool is_variant_of_parts<std::variant<Held...>> = true;

template <class T, int Depth>
consteval bool holds_personal()
{
    constexpr int deepest = 12; // a type may hold itself
    if constexpr (Depth > deepest) {
        return false;
    } else if constexpr (is_personal<T>) {
        return true;
    } else if constexpr (is_variant_of_parts<T>) {
        return any_holds_personal<Depth>(decltype(alternatives_of(std::type_identity<T>{})){});
    } else if constexpr (plain_bytes<T>) {
        return any_holds_personal<Depth>(members_of<T>{});
    } else if constexpr (requires { typename T::value_type; }) {
        return holds_personal<std::remove_cvref_t<typename T::value_type>, Depth + 1>();
    } else if constexpr (requires { std::tuple_size<T>::value; }) {
        using Parts = decltype(elements_of_tuple<T>(std::make_index_sequence<std::tuple_size_v<T>>{}));
        return any_holds_personal<Depth>(Parts{});
    } else {
        return false;
    }
}

} // namespace eventloom::detail
