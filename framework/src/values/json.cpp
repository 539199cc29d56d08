#include "values/plan.hpp"

#include <eventloom/framework/detail/own_functions.hpp>
#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/framework/number_text.hpp>
#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>

#include <charconv>
#include <cmath>

namespace eventloom::detail {

namespace {

template <class Number>
void append_number(std::string& out, Number number)
{
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

// The fewest digits that give the number again; with a point or an exponent, so that it reads as a float. Up to 21 digits stand before
// the point, up to six zeros after it.
void append_finite(std::string& out, double number)
{
    char text[40];
    const std::string_view written{text,
                                   std::to_chars(text, text + sizeof text, number, std::chars_format::scientific).ptr};
    const auto e = written.find('e');
    int exponent = 0;
    std::from_chars(written.data() + e + (written[e + 1] == '+' ? 2 : 1), written.data() + written.size(), exponent);
    std::string digits;
    for (const char c : written.substr(0, e)) {
        if (c >= '0' && c <= '9') digits += c;
    }
    if (written.front() == '-') out += '-';
    const int point = exponent + 1; // how many digits stand before it
    const int count = static_cast<int>(digits.size());
    if (point > 0 && point <= 21) {
        if (point >= count) {
            out.append(digits).append(static_cast<std::size_t>(point - count), '0') += ".0";
        } else {
            out.append(digits, 0, static_cast<std::size_t>(point))
                .append(".")
                .append(digits, static_cast<std::size_t>(point));
        }
    } else if (point > -6 && point <= 0) {
        out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
    } else {
        out.append(digits, 0, 1);
        if (count > 1) out.append(".").append(digits, 1);
        out.append("e").append(std::to_string(exponent));
    }
}

// As exact as its unit is. Outside the years 0 to 9999, for which there is no such text, it is the number of units since 1970.
template <class Number>
std::string text_of_time(const Description& type, Number ticks)
{
    constexpr double first_second = -62'167'219'200; // of the year 0
    constexpr double end          = 253'402'300'800; // of the year 9999
    const auto [num, den]         = type.tick;
    const double seconds          = static_cast<double>(ticks) * static_cast<double>(num) / static_cast<double>(den);
    if (not(seconds >= first_second && seconds < end)) return std::to_string(ticks);
    std::int64_t micros = 0;
    if constexpr (std::is_floating_point_v<Number>) {
        micros = static_cast<std::int64_t>(std::floor(seconds * 1e6));
    } else {
        const auto units = static_cast<std::int64_t>(ticks) * num;
        const auto whole = units / den - (units % den < 0 ? 1 : 0); // seconds
        micros           = whole * 1'000'000 + (units - whole * den) * 1'000'000 / den;
    }
    const auto text = to_string(Time{std::chrono::microseconds{micros}});
    if (num / den >= 86'400) return text.substr(0, std::string_view{"2011-12-09"}.size());
    if (num >= den) return text.substr(0, std::string_view{"2011-12-09T12:50:00"}.size()) + "Z";
    return text;
}

const Description& shown_alone(const Description& type)
{
    return type.alone != nullptr ? *type.alone : type;
}

const void* member_at(const void* object, const Field& field)
{
    return static_cast<const char*>(object) + field.offset;
}

} // namespace

bool is_one_value(const Description& type)
{
    switch (type.kind) {
    case Kind::flag:
    case Kind::whole:
    case Kind::counting:
    case Kind::real:
    case Kind::text:
    case Kind::time:
        return true;
    case Kind::record:
        return type.count == 1 && is_one_value(*type.parts[0]);
    default:
        return false;
    }
}

void JsonWriter::text(std::string_view text)
{
    constexpr std::string_view escaped = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt", digits = "0123456789ABCDEF";
    out_ += '"';
    for (const char c : text) {
        const auto special = escaped.find(c);
        if (special != std::string_view::npos) {
            (out_ += '\\') += letters[special];
        } else if (static_cast<unsigned char>(c) < 0x20) {
            ((out_ += "\\u00") += digits[static_cast<unsigned char>(c) >> 4]) += digits[c & 15];
        } else {
            out_ += c;
        }
    }
    out_ += '"';
}

void JsonWriter::name(std::string_view name)
{
    text(name);
    out_ += ": ";
}

void JsonWriter::begin_place()
{
    Node& node = nodes_.back();
    if (node.kind == Node::place) return;
    const bool is_first = node.kind == Node::new_object || node.kind == Node::new_list;
    if (node.kind == Node::new_object) node.kind = Node::object;
    if (node.kind == Node::new_list) node.kind = Node::list;
    out_ += not is_first ? "," : node.kind == Node::object ? "{" : "[";
    if (node.kind == Node::list) return;
    name(next_name_.empty() ? "value" + std::to_string(node.unnamed++) : next_name_);
    next_name_.clear();
}

void JsonWriter::begin_node()
{
    begin_place();
    nodes_.push_back({Node::new_object});
}

void JsonWriter::end_node()
{
    constexpr const char* ends[] = {"", "{}", "}", "[]", "]"};
    out_ += ends[nodes_.back().kind];
    nodes_.pop_back();
}

void JsonWriter::elements(const Description& type, const void* value)
{
    const Held held  = type.held(value);
    const char* at   = static_cast<const char*>(held.at);
    const auto& each = *type.parts[0];
    out_ += '[';
    for (std::size_t i = 0; i < held.number; ++i, at += each.size) {
        if (i > 0) out_ += ',';
        this->value(each, at);
    }
    out_ += ']';
}

void JsonWriter::entries(const Description& type, const void* value)
{
    struct Context {
        JsonWriter& json;
        const Description& type;
        const char* before = "";
    } context{*this, type};
    out_ += '[';
    type.each(value, &context, [](void* held, const void* first, const void* second) {
        auto& [json, type, before] = *static_cast<Context*>(held);
        json.out_ += std::exchange(before, ",");
        if (second == nullptr) return json.value(*type.parts[0], first);
        json.out_ += "{\"key\": ";
        json.value(*type.parts[0], first);
        json.out_ += ",\"value\": ";
        json.value(*type.parts[1], second);
        json.out_ += '}';
    });
    out_ += ']';
}

void JsonWriter::choice(const Description& type, const void* value)
{
    const Held held = type.held(value);
    out_ += "{\"index\": " + std::to_string(held.number) + ",\"data\": ";
    this->value(*type.parts[held.number], held.at);
    out_ += '}';
}

// A tuple, a pair, an array: an object with names that are made up.
void JsonWriter::parts(const Description& type, const void* value)
{
    if (type.count == 0) return static_cast<void>(out_ += "{}");
    const auto* at = static_cast<const char*>(value);
    for (std::uint32_t i = 0; i < type.count; ++i) {
        out_ += i == 0 ? '{' : ',';
        if (type.kind == Kind::array) {
            name("value" + std::to_string(i));
            this->value(*type.parts[0], at + i * type.parts[0]->size);
        } else {
            name(type.kind == Kind::pair ? (i == 0 ? "first" : "second") : "tuple_element" + std::to_string(i));
            this->value(*type.parts[i], member_at(value, plan_of(type, value).fields[i]));
        }
    }
    out_ += '}';
}

void JsonWriter::members(const Description& record, const void* value)
{
    const Plan& plan = plan_of(record, value);
    out_ += '{';
    for (const Field& field : plan.fields) {
        if (&field != plan.fields.data()) out_ += ',';
        name(field.name);
        member(record, *field.type, member_at(value, field));
    }
    out_ += '}';
}

// Where a member is optional or personal, it is its value; elsewhere these are objects.
void JsonWriter::member(const Description& owner, const Description& type, const void* value)
{
    if (&type == owner.record && shown_alone(type).kind == Kind::record) return members(shown_alone(type), value);
    if (type.kind != Kind::personal && type.kind != Kind::maybe) return this->value(type, value);
    const Held held         = type.held(value);
    const Description& part = *type.parts[0];
    if (held.at == nullptr) return static_cast<void>(out_ += type.kind == Kind::maybe ? "null" : "{\"erased\": true}");
    type.kind == Kind::personal || part.kind == Kind::personal ? member(owner, part, held.at)
                                                               : this->value(part, held.at);
}

void JsonWriter::value(const Description& type, const void* value)
{
    const Held held = type.kind == Kind::maybe || type.kind == Kind::personal ? type.held(value) : Held{};
    switch (type.kind) {
    case Kind::flag:
        out_ += *static_cast<const bool*>(value) ? "true" : "false";
        break;
    case Kind::whole:
    case Kind::counting:
        if (type.is_quoted) out_ += '"';
        with_integer(type, value, [&](auto number) { append_number(out_, number); });
        if (type.is_quoted) out_ += '"';
        break;
    case Kind::real:
        type.size == sizeof(float) ? real(*static_cast<const float*>(value)) : real(*static_cast<const double*>(value));
        break;
    case Kind::text:
        text(*static_cast<const std::string*>(value));
        break;
    case Kind::time:
        time(type, value);
        break;
    case Kind::moment:
    case Kind::span:
        out_ += type.kind == Kind::span ? "{\"count\": " : "{\"time_since_epoch\": {\"count\": ";
        this->value(*type.parts[0], value);
        out_ += type.kind == Kind::span ? "}" : "}}";
        break;
    case Kind::record:
        is_one_value(type) ? this->value(*type.parts[0], value) : members(type, value);
        break;
    case Kind::list:
        elements(type, value);
        break;
    case Kind::sequence:
    case Kind::map:
        entries(type, value);
        break;
    case Kind::maybe:
        out_ += held.at == nullptr ? "{\"nullopt\": true" : "{\"nullopt\": false,\"data\": ";
        if (held.at != nullptr) this->value(*type.parts[0], held.at);
        out_ += '}';
        break;
    case Kind::personal:
        out_ += held.at == nullptr ? "{\"erased\": true" : "{\"value\": ";
        if (held.at != nullptr) this->value(*type.parts[0], held.at);
        out_ += '}';
        break;
    case Kind::choice:
        choice(type, value);
        break;
    case Kind::own:
        nodes_.push_back({Node::place});
        type.own->show(value, *this);
        nodes_.pop_back();
        break;
    default:
        parts(type, value);
    }
}

template <class Number>
void JsonWriter::real(Number number)
{
    std::isfinite(number) ? append_finite(out_, with_the_same_digits(number)) : text(number_text(number));
}

void JsonWriter::time(const Description& type, const void* value)
{
    const Description& count = *type.parts[0];
    if (count.kind != Kind::real)
        return with_integer(count, value, [&](auto ticks) { text(text_of_time(type, ticks)); });
    text(text_of_time(type, count.size == sizeof(float) ? *static_cast<const float*>(value)
                                                        : *static_cast<const double*>(value)));
}

namespace {

// In the place of a value that its serializer cannot show: a text that says why.
std::string not_shown(const Error& thrown)
{
    std::string text = "\"(cannot be shown: ";
    for (const char character : thrown.sentence) {
        if (character == '"' || character == '\\') text.push_back('\\');
        text.push_back(character);
    }
    return text + ")\"";
}

} // namespace

std::string value_as_json(const Description& type, const void* value, std::string_view name)
{
    const Description& shown = shown_alone(type);
    std::string json;
    try {
        JsonWriter writer{json};
        if (shown.kind != Kind::record) {
            writer.value(shown, value);
        } else if (shown.count > 0) { // else it is an empty text
            writer.members(shown, value);
        }
    } catch (...) {
        return not_shown(exception_in_user_code("the serializer of", name));
    }
    return repaired_utf8(json);
}

std::string object_as_json(const Description& type, const void* value, std::string_view name)
{
    auto json = value_as_json(type, value, name);
    return shown_alone(type).kind == Kind::record ? json : "{\"value\": " + json + "}";
}

} // namespace eventloom::detail
