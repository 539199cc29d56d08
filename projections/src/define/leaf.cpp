#include "define/leaf.hpp"

#include <eventloom/framework/number_text.hpp>
#include <eventloom/framework/time.hpp>
#include <eventloom/projections/detail/key_text.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <charconv>
#include <numeric>

namespace eventloom::detail {

namespace {

// A time counts in units of `num / den` seconds: `to` times so many units are `from` times so many microseconds.
struct Units {
    std::int64_t from;
    std::int64_t to;
};

Units units_of(const Description& type)
{
    constexpr std::int64_t microseconds = 1'000'000;
    const auto [num, den]               = type.tick;
    const auto from                     = num * microseconds;
    const auto common                   = std::gcd(from, den);
    return {from / common, den / common};
}

template <class Number>
Number scaled(Number count, std::int64_t times, std::int64_t parts)
{
    return static_cast<Number>(count * static_cast<Number>(times) / static_cast<Number>(parts));
}

void put_time(const Description& type, Time time, void* at)
{
    const auto [from, to] = units_of(type);
    with_number(*type.parts[0], at, [&]<class Number>(Number& count) {
        if constexpr (std::is_floating_point_v<Number>) {
            count = scaled(static_cast<Number>(time.time_since_epoch().count()), to, from);
        } else {
            count = static_cast<Number>(scaled<std::int64_t>(time.time_since_epoch().count(), to, from));
        }
    });
}

template <class Number>
bool parse_number(const std::string& text, Number& number)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

} // namespace

std::vector<std::string> member_names(const Description& type)
{
    std::vector<std::string> names;
    auto text = type.names;
    for (std::uint32_t i = 0; i < type.count; ++i) names.emplace_back(take_name(text));
    return names;
}

std::vector<void*> places_of_parts(const Description& type, const void* object)
{
    std::vector<void*> places(type.count);
    if (object == nullptr) return places;
    auto* const begin = static_cast<char*>(const_cast<void*>(object)); // parts are located, and left as they are
    if (type.kind != Kind::array) {
        type.locate(begin, places.data());
        return places;
    }
    for (std::uint32_t i = 0; i < type.count; ++i) places[i] = begin + i * type.parts[0]->size;
    return places;
}

void each_leaf(const Description& type, const void* object, const VisitLeaf& visit)
{
    if (not has_parts(type.kind)) return visit(type, const_cast<void*>(object));
    const auto places = places_of_parts(type, object);
    for (std::uint32_t i = 0; i < type.count; ++i) {
        each_leaf(*type.parts[type.kind == Kind::array ? 0 : i], places[i], visit);
    }
}

Time time_at(const Description& type, const void* at)
{
    const auto [from, to] = units_of(type);
    return with_number(*type.parts[0], const_cast<void*>(at), [&]<class Number>(const Number& count) {
        if constexpr (std::is_floating_point_v<Number>) {
            return Time{Duration{static_cast<std::int64_t>(scaled(count, from, to))}};
        } else {
            return Time{Duration{scaled(static_cast<std::int64_t>(count), from, to)}};
        }
    });
}

std::string_view word_for(const Description& type)
{
    switch (type.kind) {
    case Kind::text:
        return "text";
    case Kind::flag:
        return "true or false";
    case Kind::whole:
    case Kind::counting:
        return "whole number";
    case Kind::real:
        return "number";
    case Kind::time:
        return "time";
    default:
        return "something that cannot be typed";
    }
}

bool parse_leaf(const Description& type, const std::string& text, void* at)
{
    if (type.kind == Kind::text) {
        *static_cast<std::string*>(at) = text;
        return true;
    }
    if (type.kind == Kind::time) {
        const auto time = parse_time(text);
        if (time) put_time(type, *time, at);
        return time.has_value();
    }
    if (not is_number(type.kind)) return false;
    return with_number(type, at, [&]<class Number>(Number& number) {
        if constexpr (std::is_same_v<Number, bool>) {
            const auto word = parse_bool(text);
            if (word) number = *word;
            return word.has_value();
        } else {
            return parse_number(text, number);
        }
    });
}

std::string leaf_text(const Description& type, const void* at)
{
    if (type.kind == Kind::text) return escaped_part(*static_cast<const std::string*>(at));
    if (type.kind == Kind::time) return to_string(time_at(type, at));
    if (not is_number(type.kind)) return "?";
    return with_number(type, const_cast<void*>(at), []<class Number>(const Number& number) -> std::string {
        if constexpr (std::is_same_v<Number, bool>) {
            return number ? "true" : "false";
        } else if constexpr (std::is_floating_point_v<Number>) {
            return number_text(number);
        } else {
            return std::to_string(number);
        }
    });
}

bool append_ordered_leaf(std::string& key, const Description& type, const void* at)
{
    if (type.kind == Kind::text) {
        append_ordered_text(key, *static_cast<const std::string*>(at));
        return true;
    }
    if (type.kind == Kind::time) {
        with_number(*type.parts[0], const_cast<void*>(at),
                    [&](const auto& count) { append_ordered_signed(key, static_cast<std::int64_t>(count)); });
        return true;
    }
    if (is_number(type.kind)) {
        with_number(type, const_cast<void*>(at), [&](const auto& number) { append_ordered(key, number); });
    }
    return is_number(type.kind);
}

} // namespace eventloom::detail
