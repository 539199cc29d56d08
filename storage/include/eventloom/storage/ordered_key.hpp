// Keys whose byte order is the natural order of the values in them.
//
//     std::string key;
//     append_ordered(key, customer);       // text, ids
//     append_ordered(key, total);          // a plain struct: its members in order
//     append_ordered(key, std::uint64_t{7});
//
// One key never is the beginning of another of the same type, so keys of several parts compare part by part. The exact
// bytes are in docs/format.md, "Ordered keys".
#pragma once

#include <eventloom/framework/detail/members.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace eventloom {

// Big-endian, eight bytes.
void append_big_endian(std::string& key, std::uint64_t number);
std::uint64_t read_big_endian(std::string_view eight_bytes);

// Text in byte order: 0x00 is written 0x00 0xff, the end is 0x00 0x01.
void append_ordered_text(std::string& key, std::string_view text);
// Numbers: the sign bit flipped, big-endian.
void append_ordered_signed(std::string& key, std::int64_t number);
void append_ordered_floating(std::string& key, double number);

template <class T>
void append_ordered(std::string& key, const T& value)
{
    if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        append_ordered_text(key, value);
    } else if constexpr (std::is_same_v<T, bool>) {
        key.push_back(value ? 1 : 0);
    } else if constexpr (std::is_enum_v<T>) {
        append_ordered(key, static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::unsigned_integral<T>) {
        append_big_endian(key, value);
    } else if constexpr (std::signed_integral<T>) {
        append_ordered_signed(key, value);
    } else if constexpr (std::floating_point<T>) {
        append_ordered_floating(key, value);
    } else if constexpr (requires { value.time_since_epoch().count(); }) {
        append_ordered_signed(key, value.time_since_epoch().count());
    } else if constexpr (requires {
                             value.has_value();
                             *value;
                         }) {
        key.push_back(value.has_value() ? 1 : 0);
        if (value.has_value()) append_ordered(key, *value);
    } else if constexpr (requires { std::tuple_size<T>::value; }) {
        std::apply([&](const auto&... parts) { (append_ordered(key, parts), ...); }, value);
    } else if constexpr (plain<T>) {
        with_members(value, [&](const auto&... members) { (append_ordered(key, members), ...); });
    } else {
        static_assert(std::is_void_v<T>,
                      "this type has no natural order as a key: use text, numbers, times, ids, tuples "
                      "or plain structs of these");
    }
}

template <class... Parts>
std::string ordered_key(const Parts&... parts)
{
    std::string key;
    (append_ordered(key, parts), ...);
    return key;
}

// The first key after all keys that begin with `prefix`; empty when there is none.
std::string after_prefix(std::string_view prefix);

} // namespace eventloom
