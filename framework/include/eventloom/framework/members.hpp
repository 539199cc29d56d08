// The members of plain structs, found without macros: count them, visit them, name them, compare them.
//
//     struct Paid { std::string receipt; Money amount; };
//     with_members(paid, [](const auto&... member) { (print(member), ...); });
//     static_assert(member_name<Paid, 1>() == "amount");
//     CHECK(same(paid, Paid{"receipt-1", Money{900}}));
//
// A plain struct is an aggregate without base classes and with at most sixteen members. Names serve printing and JSON; the
// stored bytes never depend on them. Threads: pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace eventloom {

namespace detail {

template <class Member, class Owner>
concept other_than = not std::is_same_v<std::remove_cvref_t<Member>, Owner>;

// Stands for a value of any type but the struct that is being counted.
template <class Owner>
struct anything {
    template <other_than<Owner> Member>
    operator Member() const;
};

template <class T, std::size_t... Index>
consteval bool takes_members(std::index_sequence<Index...>)
{
    return requires
    {
        T{(static_cast<void>(Index), anything<T>{})...};
    };
}

inline constexpr std::size_t most_members = 16;

// One more than the limit is tried first, so that a struct that is too large is seen as such.
template <class T, std::size_t Count = most_members + 1>
consteval std::size_t count_members()
{
    if constexpr (takes_members<T>(std::make_index_sequence<Count>{})) {
        return Count;
    } else if constexpr (Count == 0) {
        return 0;
    } else {
        return count_members<T, Count - 1>();
    }
}

} // namespace detail

// clang-format off
template <class T>
concept plain = std::is_class_v<T> && std::is_aggregate_v<T> &&
                not requires(T value) { value.begin(); } && not requires { std::tuple_size<T>::value; };
// clang-format on

template <class T>
concept plain_reference = plain<std::remove_cvref_t<T>>;

template <plain T>
inline constexpr std::size_t member_count = detail::count_members<T>();

// Calls `visit` with all members of `value`, in their order.
template <plain_reference T, class Visit>
constexpr decltype(auto) with_members(T&& value, Visit&& visit)
{
    constexpr auto count = member_count<std::remove_cvref_t<T>>;
    static_assert(count <= detail::most_members, "a plain struct has more than sixteen members: group some of them");
    // clang-format off
    if constexpr (count == 0) { return visit(); }
    else if constexpr (count == 1) { auto& [a] = value; return visit(a); }
    else if constexpr (count == 2) { auto& [a, b] = value; return visit(a, b); }
    else if constexpr (count == 3) { auto& [a, b, c] = value; return visit(a, b, c); }
    else if constexpr (count == 4) { auto& [a, b, c, d] = value; return visit(a, b, c, d); }
    else if constexpr (count == 5) { auto& [a, b, c, d, e] = value; return visit(a, b, c, d, e); }
    else if constexpr (count == 6) { auto& [a, b, c, d, e, f] = value; return visit(a, b, c, d, e, f); }
    else if constexpr (count == 7) { auto& [a, b, c, d, e, f, g] = value; return visit(a, b, c, d, e, f, g); }
    else if constexpr (count == 8) { auto& [a, b, c, d, e, f, g, h] = value; return visit(a, b, c, d, e, f, g, h); }
    else if constexpr (count == 9) { auto& [a, b, c, d, e, f, g, h, i] = value; return visit(a, b, c, d, e, f, g, h, i); }
    else if constexpr (count == 10) { auto& [a, b, c, d, e, f, g, h, i, j] = value; return visit(a, b, c, d, e, f, g, h, i, j); }
    else if constexpr (count == 11) { auto& [a, b, c, d, e, f, g, h, i, j, k] = value; return visit(a, b, c, d, e, f, g, h, i, j, k); }
    else if constexpr (count == 12) { auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value; return visit(a, b, c, d, e, f, g, h, i, j, k, l); }
    else if constexpr (count == 13) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = value; return visit(a, b, c, d, e, f, g, h, i, j, k, l, m); }
    else if constexpr (count == 14) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = value; return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n); }
    else if constexpr (count == 15) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = value; return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o); }
    else { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = value; return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p); }
    // clang-format on
}

namespace detail {

template <class T>
struct box {
    T value;
};
// Never defined: only the addresses of its members are named, at compile time.
template <class T>
extern const box<T> nowhere;

template <class Pointer>
struct held {
    Pointer pointer;
};

template <auto Held>
consteval std::string_view signature()
{
    return __PRETTY_FUNCTION__;
}

template <class T, std::size_t Index>
consteval auto member_address()
{
    return with_members(nowhere<T>.value,
                        [](auto&... member) { return std::get<Index>(std::tuple<decltype(&member)...>(&member...)); });
}

} // namespace detail

// The name of a member as the source has it. GCC only; with another compiler it is a word that is not the name.
template <plain T, std::size_t Index>
consteval std::string_view member_name()
{
#if defined(__GNUC__) && !defined(__clang__)
    // "... [with auto Held = eventloom::detail::held<...>{(& eventloom::detail::nowhere<T>.box<T>::value.T::name)}]"
    const auto text = detail::signature<detail::held{detail::member_address<T, Index>()}>();
    const auto head = text.substr(0, text.find_last_of(')'));
    return head.substr(head.find_last_of(":.") + 1);
#else
    return "member";
#endif
}

// Whether two values are equal: by their own ==, or member by member, or element by element. Events need no ==.
template <class T>
constexpr bool same(const T& left, const T& right)
{
    // Ranges first: a vector's own == is not constrained, so asking for it would be a hard error instead of an answer.
    if constexpr (requires { left.begin(); } && not std::is_convertible_v<const T&, std::string_view>) {
        return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                          [](const auto& a, const auto& b) { return same(a, b); });
    } else if constexpr (plain<T> && not requires { bool(left == right); }) {
        return with_members(left, [&](const auto&... a) {
            return with_members(right, [&](const auto&... b) { return (same(a, b) && ...); });
        });
    } else if constexpr (requires {
                             left.has_value();
                             *left;
                         }) {
        return left.has_value() == right.has_value() && (not left.has_value() || same(*left, *right));
    } else if constexpr (requires {
                             left.first;
                             left.second;
                         }) {
        return same(left.first, right.first) && same(left.second, right.second);
    } else {
        return left == right;
    }
}

} // namespace eventloom
