#include "json/value_of_json.hpp"

#include <eventloom/framework/detail/description.hpp>
#include <eventloom/framework/detail/members.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/number_text.hpp>
#include <eventloom/framework/time.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

namespace eventloom {

namespace {

using detail::Description;
using detail::Kind;

// What is read, for messages.
struct Place {
    std::string what;   // "the event "order-placed""
    std::string member; // "lines[2].sku"; empty: the whole

    Place within(std::string_view name) const
    {
        return {what, member.empty() ? std::string{name} : member + "." + std::string{name}};
    }
    Place element(std::size_t number) const { return {what, fmt::format("{}[{}]", member, number)}; }
};

Error does_not_fit(const Place& place, std::string_view how)
{
    const auto where = place.member.empty() ? std::string{"it"} : "its member \"" + place.member + "\"";
    return {Failure::invalid, "json-does-not-fit",
            fmt::format("read {} from JSON and found that {} {}; write it in the form in which it is shown", place.what,
                        where, how)};
}

result<void> read_value(const Description& type, void* value, const Json& json, const Place& place);

// `is_quoted`: as numbers of the type long long are shown, which may be given as numbers, too.
template <class Number>
result<void> set_number(void* value, const Json& json, bool is_quoted, const Place& place)
{
    const auto out_of_range = [&] { return does_not_fit(place, "is too large, or too small, for its type"); };
    if (json.is_text() && is_quoted) {
        const auto& text = json.text();
        Number number{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || end != text.data() + text.size()) return does_not_fit(place, "is no whole number");
        *static_cast<Number*>(value) = number;
        return done();
    }
    if (not json.is_whole()) return does_not_fit(place, "is no whole number");
    using Limits = std::numeric_limits<Number>;
    if (json.is_unsigned()) {
        if (json.unsigned_whole() > static_cast<std::uint64_t>(Limits::max())) return out_of_range();
        *static_cast<Number*>(value) = static_cast<Number>(json.unsigned_whole());
        return done();
    }
    if (not Limits::is_signed || json.whole() < static_cast<std::int64_t>(Limits::min())) return out_of_range();
    *static_cast<Number*>(value) = static_cast<Number>(json.whole());
    return done();
}

result<void> read_integer(const Description& type, void* value, const Json& json, const Place& place)
{
    const auto set = [&]<class Signed, class Unsigned>(Signed, Unsigned) {
        return type.kind == Kind::whole ? set_number<Signed>(value, json, type.is_quoted, place)
                                        : set_number<Unsigned>(value, json, type.is_quoted, place);
    };
    switch (type.size) {
    case 1:
        return set(std::int8_t{}, std::uint8_t{});
    case 2:
        return set(std::int16_t{}, std::uint16_t{});
    case 4:
        return set(std::int32_t{}, std::uint32_t{});
    default:
        return set(std::int64_t{}, std::uint64_t{});
    }
}

// Only what JSON has no number for is a text: "NaN".
result<void> read_real(const Description& type, void* value, const Json& json, const Place& place)
{
    std::optional<double> number;
    if (json.is_number()) number = json.number();
    if (json.is_text()) number = eventloom::number_of(json.text());
    if (not number || (json.is_text() && std::isfinite(*number))) return does_not_fit(place, "is no number");
    if (type.size == sizeof(float)) {
        *static_cast<float*>(value) = static_cast<float>(*number);
    } else {
        *static_cast<double*>(value) = *number;
    }
    return done();
}

result<void> read_time(const Description& type, void* value, const Json& json, const Place& place)
{
    const Description& count = *type.parts[0];
    const auto time          = json.is_text() ? parse_time(json.text()) : std::nullopt;
    if (not time) return does_not_fit(place, "is no time such as \"2026-12-24T18:00:00Z\"");
    const auto micros     = time->time_since_epoch().count();
    const auto [num, den] = type.tick;
    if (count.kind == Kind::real) {
        const double ticks = static_cast<double>(micros) / 1e6 * static_cast<double>(den) / static_cast<double>(num);
        return read_real(count, value, Json(ticks), place);
    }
    const auto whole = micros / 1'000'000 - (micros % 1'000'000 < 0 ? 1 : 0);
    const auto part  = micros - whole * 1'000'000;
    return read_integer(count, value, Json(num == 1 ? whole * den + part * den / 1'000'000 : whole * den / num), place);
}

bool may_be_absent(const Description& type)
{
    return type.kind == Kind::maybe;
}

result<void> read_maybe(const Description& type, void* value, const Json& json, const Place& place)
{
    void* const held = type.make(value, json.is_null() ? 0 : 1, 0);
    return json.is_null() ? done() : read_value(*type.parts[0], held, json, place);
}

result<void> read_members(const Description& type, void* value, const Json& json, const Place& place)
{
    if (not json.is_object()) return does_not_fit(place, "is no JSON object");
    std::vector<void*> members(type.count);
    if (type.count > 0) type.locate(value, members.data());
    std::string_view names = type.names;
    std::vector<std::string_view> known;
    for (std::uint32_t i = 0; i < type.count; ++i) {
        const auto name         = known.emplace_back(detail::take_name(names));
        const Json* const found = json.find(name);
        if (found == nullptr && not may_be_absent(*type.parts[i])) {
            return does_not_fit(place.within(name), "is missing");
        }
        static const Json null;
        BOOST_OUTCOME_TRY(read_value(*type.parts[i], members[i], found == nullptr ? null : *found, place.within(name)));
    }
    for (const auto& [name, _] : json.items()) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return does_not_fit(place.within(name), "is unknown");
        }
    }
    return done();
}

result<void> read_list(const Description& type, void* value, const Json& json, const Place& place)
{
    if (not json.is_array()) return does_not_fit(place, "is no JSON array");
    auto* at = static_cast<char*>(type.make(value, json.size(), 0));
    for (std::size_t i = 0; i < json.size(); ++i, at += type.parts[0]->size) {
        BOOST_OUTCOME_TRY(read_value(*type.parts[0], at, json.at(i), place.element(i)));
    }
    return done();
}

// A set, or a map: a list of {"key": ..., "value": ...}.
result<void> read_entries(const Description& type, void* value, const Json& json, const Place& place)
{
    if (not json.is_array()) return does_not_fit(place, "is no JSON array");
    struct Context {
        const Description& type;
        const Json& json;
        const Place& place;
        std::size_t number  = 0;
        result<void> so_far = done();
    } context{type, json, place};
    type.fill(value, json.size(), &context, [](void* held, const void* first, const void* second) {
        auto& [of, from, at, number, so_far] = *static_cast<Context*>(held);
        const Json& entry                    = from.at(number);
        const Place here                     = at.element(number++);
        if (not so_far) return;
        const bool is_map = second != nullptr;
        so_far            = read_value(*of.parts[0], const_cast<void*>(first), is_map ? entry["key"] : entry, here);
        if (so_far && is_map) so_far = read_value(*of.parts[1], const_cast<void*>(second), entry["value"], here);
    });
    return context.so_far;
}

result<void> read_value(const Description& type, void* value, const Json& json, const Place& place)
{
    switch (type.kind) {
    case Kind::flag:
        if (not json.is_boolean()) return does_not_fit(place, "is neither true nor false");
        *static_cast<bool*>(value) = json.boolean();
        return done();
    case Kind::whole:
    case Kind::counting:
        return read_integer(type, value, json, place);
    case Kind::real:
        return read_real(type, value, json, place);
    case Kind::text:
        if (not json.is_text()) return does_not_fit(place, "is no text");
        *static_cast<std::string*>(value) = json.text();
        return done();
    case Kind::time:
        return read_time(type, value, json, place);
    case Kind::span:
        if (not json.contains("count")) return does_not_fit(place, "is no {\"count\": ...}");
        return read_value(*type.parts[0], value, json["count"], place);
    case Kind::record: {
        if (not is_one_value(type) || json.is_object()) return read_members(type, value, json, place);
        void* member = nullptr;
        type.locate(value, &member);
        return read_value(*type.parts[0], member, json, place);
    }
    case Kind::list:
        return read_list(type, value, json, place);
    case Kind::sequence:
    case Kind::map:
        return read_entries(type, value, json, place);
    case Kind::maybe:
        return read_maybe(type, value, json, place);
    default:
        return does_not_fit(place, "is of a type that cannot be given as JSON");
    }
}

} // namespace

result<void> read_json(const detail::Description& type, void* value, std::string_view what, const Json& json)
{
    if (type.kind != Kind::record)
        return does_not_fit({std::string{what}, {}}, "is of a type that cannot be given as JSON");
    return read_members(type, value, json, {std::string{what}, {}});
}

result<std::string> event_of_json(const EventType& type, const Json& json)
{
    const detail::StructForm& form = type.forms[type.schema_version - 1];
    std::string bytes;
    const auto read = [&](std::size_t, const void* made) -> result<void> {
        // `make` has made it, and nothing else knows of it.
        BOOST_OUTCOME_TRY(
            read_json(*form.type, const_cast<void*>(made), fmt::format("the event \"{}\"", type.name), json));
        type.encode(made, bytes);
        return done();
    };
    BOOST_OUTCOME_TRY(call_user_code("the constructor of", form.struct_name, [&] { return form.make(read); }));
    return bytes;
}

} // namespace eventloom
