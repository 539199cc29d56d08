// What a value is in JSON that people read, where it is one text or one number.
//
//     json_value_of(Money{450});                            // 450: a value type is what its one member is
//     json_value_of(OrderId{"1042"});                       // "1042"
//     json_value_of(std::chrono::sys_days{...});            // "2011-12-09"
//     using record = Row;                                   // in a struct: its member of this type is an object all the same
//
// Include cereal_codec.hpp for whole values. Threads: pure functions.
#pragma once

#include <eventloom/framework/id.hpp>
#include <eventloom/framework/members.hpp>
#include <eventloom/framework/time_text.hpp>

#include <optional>
#include <string>
#include <type_traits>

namespace eventloom::detail {

template <class T>
inline constexpr bool is_time = false;
template <class Unit>
inline constexpr bool is_time<std::chrono::sys_time<Unit>> = true;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class Owner, class Member>
inline constexpr bool is_record_of = [] {
    if constexpr (requires { typename Owner::record; }) {
        return std::is_same_v<typename Owner::record, Member>;
    } else {
        return false;
    }
}();

template <class T>
consteval bool is_value_type()
{
    if constexpr (plain<T> && not is_id<T>) {
        return member_count<T> == 1;
    } else {
        return false;
    }
}

// Nothing for what is no one text or number.
template <class T>
auto json_value_of(const T& value)
{
    if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
        return value;
    } else if constexpr (is_id<T>) {
        return value.value;
    } else if constexpr (is_time<T>) {
        return time_text(value);
    } else if constexpr (std::is_enum_v<T>) {
        return static_cast<std::underlying_type_t<T>>(value);
    } else if constexpr (is_value_type<T>()) {
        return with_members(value, [](const auto& only) { return json_value_of(only); });
    }
}

template <class T>
inline constexpr bool has_json_value = not std::is_void_v<decltype(json_value_of(std::declval<const T&>()))>;

} // namespace eventloom::detail
