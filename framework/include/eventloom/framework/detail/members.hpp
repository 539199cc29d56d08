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

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

// Members are counted and named with functions and objects that are never defined.
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif

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
    return requires { T{(static_cast<void>(Index), anything<T>{})...}; };
}

inline constexpr std::size_t most_members = 16;

// Upwards, for most structs are small, and up to one more than the limit, so that a struct that is too large is seen as such.
template <class T, std::size_t Count = 0>
consteval std::size_t count_members()
{
    if constexpr (Count <= most_members && takes_members<T>(std::make_index_sequence<Count + 1>{})) {
        return count_members<T, Count + 1>();
    } else {
        return Count;
    }
}

} // namespace detail

template <class T>
concept plain = std::is_class_v<T> && std::is_aggregate_v<T> && not requires(T value) { value.begin(); } &&
                not requires { std::tuple_size<T>::value; };

template <class T>
concept plain_reference = plain<std::remove_cvref_t<T>>;

template <plain T>
inline constexpr std::size_t member_count = [] {
    constexpr auto count = detail::count_members<T>();
    static_assert(count > 0 || std::is_empty_v<T>,
                  "the members of this struct cannot be counted: some of them have no default value");
    return count;
}();

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
extern box<T> nowhere;

// In rows, for clang prints no more than ten elements of an array.
struct Places {
    void* at[most_members / 8][8];
};
template <class... Member>
struct MembersFound : Places {
    static_assert(not(std::is_const_v<Member> || ...), "a const member cannot be read back");
};
// Where members are, and of which types they are.
struct FindMembers {
    template <class... Member>
    constexpr MembersFound<Member...> operator()(Member&... member) const
    {
        MembersFound<Member...> found{};
        std::size_t index = 0;
        ((found.at[index / 8][index % 8] = &member, ++index), ...);
        return found;
    }
};

template <Places Members>
consteval std::string_view signature()
{
    return __PRETTY_FUNCTION__;
}

// A text that has the names of all members, in their order.
template <plain T>
consteval std::string_view names_in_signature()
{
    return signature<static_cast<Places>(with_members(nowhere<T>.value, FindMembers{}))>();
}

// Takes the next name from the front of such a text: from "... (& box<T>::value.T::name)), ((const void*)(& ..." of GCC, from
// "{{&nowhere.value.name, &nowhere.value.other, ..." of clang. Within the <> of a template, and within the {} of GCC's
// "{anonymous}::T::name", there may be all of these signs.
constexpr std::string_view take_name(std::string_view& text)
{
    std::size_t end = text.find('&') + 1;
    for (int depth = 0; end < text.size() && (depth > 0 || (text[end] != ',' && text[end] != '}')); ++end) {
        if (text[end] == '<' || text[end] == '{') ++depth;
        if (text[end] == '>' || text[end] == '}') --depth;
    }
    const auto place = text.substr(0, end);
    const auto name  = place.substr(0, place.find_last_not_of(')') + 1);
    text.remove_prefix(end);
    return name.substr(name.find_last_of(":.") + 1);
}

} // namespace detail

// The name of a member as the source has it.
template <plain T, std::size_t Index>
consteval std::string_view member_name()
{
    auto text = detail::names_in_signature<T>();
    for (std::size_t i = 0; i < Index; ++i) detail::take_name(text);
    return detail::take_name(text);
}

namespace detail {

template <class Wanted>
struct HasMember {
    template <class... Member>
    std::bool_constant<(std::is_same_v<Member, Wanted> || ...)> operator()(const Member&...) const
    {
        return {};
    }
};
// Whether a struct has a member of that type.
template <class Wanted, class T>
inline constexpr bool has_member = decltype(with_members(std::declval<const T&>(), HasMember<Wanted>{}))::value;

// The first such member.
template <class Wanted, class T>
const Wanted& member_of(const T& value)
{
    const Wanted* found = nullptr;
    const auto choose   = [&](const auto& member) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, Wanted>) {
            if (found == nullptr) found = &member;
        }
    };
    with_members(value, [&](const auto&... member) { (choose(member), ...); });
    return *found;
}

} // namespace detail

// Whether two values are equal: by their own ==, or member by member, or element by element. Events need no ==.
template <class T>
constexpr bool same(const T& left, const T& right)
{
    // Ranges first: a vector's own == is not constrained, so asking for it would be a hard error instead of an answer.
    if constexpr (requires { left.begin(); } && not std::is_convertible_v<const T&, std::string_view>) {
        auto a = left.begin();
        auto b = right.begin();
        while (a != left.end() && b != right.end() && same(*a, *b)) ++a, ++b;
        return a == left.end() && b == right.end();
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

#ifdef __clang__
#pragma clang diagnostic pop
#endif
