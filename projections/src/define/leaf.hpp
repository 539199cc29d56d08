// The single values of which keys and rows are made: texts, numbers, times. Everything that is done with one walks its description.
//
//     each_leaf(description, &key, [&](const Description& type, const void* at) { parts.push_back(leaf_text(type, at)); });
//
// Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/description.hpp>
#include <eventloom/framework/time.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom::detail {

constexpr bool has_parts(Kind kind)
{
    return kind == Kind::record || kind == Kind::pair || kind == Kind::tuple || kind == Kind::array;
}

// A struct that gives a type of its own to one value.
constexpr bool is_value_type(const Description& type)
{
    return type.kind == Kind::record && type.count == 1;
}

// The names of a struct's members.
std::vector<std::string> member_names(const Description& type);

// Where the parts are, in their order. Of nullptr: nowhere.
std::vector<void*> places_of_parts(const Description& type, const void* object);

// What has no parts, in its order, however deep it is in structs and tuples. Of nullptr: types alone.
using VisitLeaf = std::function<void(const Description& type, void* at)>;
void each_leaf(const Description& type, const void* object, const VisitLeaf& visit);

// Calls `visit` with a flag, a whole number or a real number as the type that it is.
template <class Visit>
decltype(auto) with_number(const Description& type, void* at, const Visit& visit)
{
    const bool is_signed = type.kind == Kind::whole;
    if (type.kind == Kind::flag) return visit(*static_cast<bool*>(at));
    if (type.kind == Kind::real && type.size == sizeof(float)) return visit(*static_cast<float*>(at));
    if (type.kind == Kind::real) return visit(*static_cast<double*>(at));
    switch (type.size) {
    case 1:
        return is_signed ? visit(*static_cast<std::int8_t*>(at)) : visit(*static_cast<std::uint8_t*>(at));
    case 2:
        return is_signed ? visit(*static_cast<std::int16_t*>(at)) : visit(*static_cast<std::uint16_t*>(at));
    case 4:
        return is_signed ? visit(*static_cast<std::int32_t*>(at)) : visit(*static_cast<std::uint32_t*>(at));
    default:
        return is_signed ? visit(*static_cast<std::int64_t*>(at)) : visit(*static_cast<std::uint64_t*>(at));
    }
}

constexpr bool is_number(Kind kind)
{
    return kind <= Kind::real;
}

// Of Kind::time.
Time time_at(const Description& type, const void* at);

// What people type for it: "text", "whole number".
std::string_view word_for(const Description& type);
// False: the text is no such value.
bool parse_leaf(const Description& type, const std::string& text, void* at);
// With a backslash before each slash and backslash.
std::string leaf_text(const Description& type, const void* at);
// The bytes of append_ordered. False: it has none.
bool append_ordered_leaf(std::string& key, const Description& type, const void* at);

} // namespace eventloom::detail
