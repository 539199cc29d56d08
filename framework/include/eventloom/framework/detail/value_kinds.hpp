// What kind of value a type is: how it is written, read and shown follows from that.
//
//     static_assert(kind_of<std::vector<Line>>() == Kind::list);
//
// description.hpp has what else is known of a type. Threads: constant.
#pragma once

#include <eventloom/framework/detail/members.hpp>
#include <eventloom/framework/detail/personal.hpp>
#include <eventloom/framework/id.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace eventloom::detail {

// array: elements within the object, as many as `count` says; list: side by side elsewhere; sequence: any other elements; map: keys
// with values; moment: a time of a clock that is none of the calendar's; own: with functions of its own.
enum class Kind : std::uint8_t {
    flag,
    whole,
    counting,
    real,
    text,
    time,
    moment,
    span,
    record,
    pair,
    tuple,
    array,
    list,
    sequence,
    map,
    maybe,
    choice,
    personal,
    own
};

namespace probe {
struct Archive {}; // of no namespace that has functions for archives
} // namespace probe

// clang-format off
template <class T> concept has_own_serialize   = requires(T& value, probe::Archive& archive) { value.serialize(archive); };
template <class T> concept has_serialize_beside = requires(T& value, probe::Archive& archive) { serialize(archive, value); };
template <class T> concept has_own_functions   = has_own_serialize<T> || has_serialize_beside<T> ||
    requires(const T& from, T& value, probe::Archive& archive) { from.save(archive); value.load(archive); } ||
    requires(const T& from, T& value, probe::Archive& archive) { save(archive, from); load(archive, value); } ||
    requires(const T& value, probe::Archive& archive) { value.save_minimal(archive); } ||
    requires(const T& value, probe::Archive& archive) { save_minimal(archive, value); } ||
    requires(T& value, probe::Archive& archive) { value.serialize(archive, std::uint32_t{}); } ||
    requires(T& value, probe::Archive& archive) { serialize(archive, value, std::uint32_t{}); } ||
    requires(const T& from, T& value, probe::Archive& archive) { from.save(archive, std::uint32_t{}); value.load(archive, std::uint32_t{}); };

template <class T> concept is_tick_count  = requires { typename T::rep; typename T::period; };
template <class T> concept is_point       = requires(const T& time) { typename T::clock; time.time_since_epoch(); };
template <class T> concept is_calendar    = is_point<T> && requires { T::clock::to_time_t(T{}); };
template <class T> concept is_tuple_like  = requires { std::tuple_size<T>::value; };
template <class T> concept is_pair        = is_tuple_like<T> && requires { typename T::first_type; };
template <class T> concept is_array       = is_tuple_like<T> && requires(T& all) { all.fill(all.front()); all.data(); };
template <class T> concept has_elements   = requires(T& all) { typename T::value_type; all.begin(); all.end(); all.size(); all.clear(); };
template <class T> concept is_map         = has_elements<T> && requires { typename T::mapped_type; };
template <class T> concept is_list        = has_elements<T> && requires(T& all) { all.data(); all.resize(std::size_t{}); };
template <class T> concept is_maybe       = requires(T& maybe) { typename T::value_type; maybe.has_value(); maybe.emplace(); maybe.reset(); };
template <class T> concept is_choice      = requires(const T& choice) { choice.index(); choice.valueless_by_exception(); };
// clang-format on

template <class T>
consteval Kind kind_of_class()
{
    if constexpr (std::is_same_v<T, std::string> || is_id<T>) {
        return Kind::text;
    } else if constexpr (has_own_functions<T>) {
        return Kind::own;
    } else if constexpr (is_personal<T>) {
        return Kind::personal;
    } else if constexpr (is_tick_count<T>) {
        return is_calendar<T> ? Kind::time : is_point<T> ? Kind::moment : Kind::span;
    } else if constexpr (plain<T>) {
        return Kind::record;
    } else if constexpr (is_tuple_like<T>) {
        return is_array<T> ? Kind::array : is_pair<T> ? Kind::pair : Kind::tuple;
    } else if constexpr (has_elements<T>) {
        return is_map<T> ? Kind::map : is_list<T> ? Kind::list : Kind::sequence;
    } else {
        return is_maybe<T> ? Kind::maybe : is_choice<T> ? Kind::choice : Kind::own;
    }
}

template <class T>
consteval Kind kind_of()
{
    if constexpr (std::is_same_v<T, bool>) {
        return Kind::flag;
    } else if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
        return Kind::real;
    } else if constexpr (std::is_integral_v<T>) {
        return std::is_signed_v<T> ? Kind::whole : Kind::counting;
    } else if constexpr (std::is_enum_v<T>) {
        return kind_of<std::underlying_type_t<T>>();
    } else if constexpr (std::is_class_v<T>) {
        return kind_of_class<T>();
    } else {
        return Kind::own;
    }
}

} // namespace eventloom::detail
