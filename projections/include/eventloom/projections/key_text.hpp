// Keys of rows as people type and read them.
//
//     parse_key<OrderId>("536365");                  // text as it is
//     parse_key<SalesKey>("country/France");         // several parts with a slash between; \/ is a slash within one, \\ a \.
//     key_text(SalesKey{"month", "2011-12"});        // "month/2011-12"
//
// Texts, ids, numbers, enums as their numbers, `true` and `false`, times, and plain structs and tuples of these.
// Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/members.hpp>
#include <eventloom/framework/detail/number_text.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/framework/time.hpp>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace eventloom {

namespace detail {

std::vector<std::string> split_key(std::string_view text);
std::string escaped_part(std::string_view part);
std::optional<bool> parse_bool(std::string_view text);
// `parts` describes the key: "text/whole number".
Error not_a_key(std::string_view text, const std::string& parts);

template <class T>
concept timelike = requires(const T& time)
{
    time.time_since_epoch().count();
    typename T::duration;
};

// Visits the parts of a key that are not structs, in order.
template <class T, class Visit>
void visit_parts(T& key, const Visit& visit)
{
    using Bare = std::remove_const_t<T>;
    if constexpr (requires { std::tuple_size<Bare>::value; }) {
        std::apply([&](auto&... part) { (visit_parts(part, visit), ...); }, key);
    } else if constexpr (plain<Bare>) {
        with_members(key, [&](auto&... part) { (visit_parts(part, visit), ...); });
    } else {
        visit(key);
    }
}

template <class T>
std::string_view word_for()
{
    if constexpr (std::is_same_v<T, std::string>) return "text";
    if constexpr (std::is_same_v<T, bool>) return "true or false";
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) return "whole number";
    if constexpr (std::is_floating_point_v<T>) return "number";
    if constexpr (timelike<T>) return "time";
    return "something that cannot be typed";
}

template <class T>
bool parse_part(const std::string& text, T& part)
{
    if constexpr (std::is_same_v<T, std::string>) {
        part = text;
        return true;
    } else if constexpr (std::is_same_v<T, bool>) {
        const auto word = parse_bool(text);
        if (word) part = *word;
        return word.has_value();
    } else if constexpr (std::is_arithmetic_v<T>) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
        return error == std::errc{} && end == text.data() + text.size();
    } else if constexpr (std::is_enum_v<T>) {
        std::underlying_type_t<T> number{};
        if (not parse_part(text, number)) return false;
        part = static_cast<T>(number);
        return true;
    } else if constexpr (timelike<T>) {
        const auto time = parse_time(text);
        if (time) part = std::chrono::time_point_cast<typename T::duration>(*time);
        return time.has_value();
    } else {
        return false;
    }
}

template <class T>
std::string part_text(const T& part)
{
    if constexpr (std::is_same_v<T, std::string>) return escaped_part(part);
    if constexpr (std::is_same_v<T, bool>) return part ? "true" : "false";
    if constexpr (std::is_enum_v<T>) return std::to_string(static_cast<std::underlying_type_t<T>>(part));
    if constexpr (std::is_floating_point_v<T>) {
        return number_text(part);
    } else if constexpr (std::is_arithmetic_v<T>) {
        return std::to_string(part);
    }
    if constexpr (timelike<T>) return to_string(std::chrono::time_point_cast<Duration>(part));
    return "?";
}

} // namespace detail

// Failure::invalid "not-a-key".
template <class Key>
result<Key> parse_key(std::string_view text)
{
    Key key{};
    std::size_t count = 0;
    std::string kinds;
    detail::visit_parts(key, [&](auto& part) {
        kinds += (count++ == 0 ? "" : "/") + std::string{detail::word_for<std::remove_cvref_t<decltype(part)>>()};
    });
    // A key of one part is the whole text, with any characters.
    const auto texts = count == 1 ? std::vector{std::string{text}} : detail::split_key(text);
    bool fits        = texts.size() == count;
    std::size_t at   = 0;
    detail::visit_parts(key, [&](auto& part) { fits = fits && detail::parse_part(texts[at++], part); });
    if (not fits) return detail::not_a_key(text, kinds);
    return key;
}

template <class Key>
std::string key_text(const Key& key)
{
    std::vector<std::string> parts;
    const std::string* only_text = nullptr;
    detail::visit_parts(key, [&](const auto& part) {
        using Part = std::remove_cvref_t<decltype(part)>;
        if constexpr (std::is_same_v<Part, std::string>) only_text = &part;
        parts.push_back(detail::part_text(part));
    });
    if (parts.size() == 1 && only_text != nullptr) return *only_text;
    std::string text;
    for (const auto& part : parts) text += (&part == &parts.front() ? "" : "/") + part;
    return text;
}

} // namespace eventloom
