#include "values/plan.hpp"

#include <eventloom/framework/detail/own_functions.hpp>
#include <eventloom/framework/detail/value_codec.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>

namespace eventloom::detail {

void ShapeText::add_number(char kind, const Description& type)
{
    text_.append(1, kind).append(std::to_string(type.size));
}

// The last comma becomes the brace.
void ShapeText::close()
{
    if (text_.back() == ',') text_.pop_back();
    text_ += '}';
}

void ShapeText::add_parts(char kind, const Description& type)
{
    text_.append(1, kind) += '(';
    for (std::uint32_t i = 0; i < type.count; ++i) {
        add(*type.parts[type.kind == Kind::array ? 0 : i]);
        text_ += ',';
    }
    text_.back() = ')'; // of none: in the place of the other bracket, and shapes must stay as they are
}

// A map is a list of pairs, which count as a type that is being described.
void ShapeText::add_entries(const Description& map)
{
    text_ += "*(";
    within_.push_back(nullptr);
    add_parts('+', map);
    within_.pop_back();
    text_ += ')';
}

void ShapeText::add_named(std::string_view name, const Description& type)
{
    text_.append(name) += ':';
    add(type);
    text_ += ',';
}

void ShapeText::add_members(const Description& record)
{
    text_ += '{';
    auto names = record.names;
    for (std::uint32_t i = 0; i < record.count; ++i) add_named(take_name(names), *record.parts[i]);
    close();
}

void ShapeText::add_own(const Description& type)
{
    text_ += '{';
    try {
        type.own->visit == nullptr ? is_not_known() : type.own->visit(*this);
    } catch (...) {
        is_not_known();
    }
    close();
}

void ShapeText::add(const Description& type)
{
    // A type that holds itself: how many types further out it began.
    const auto outer = std::find(within_.rbegin(), within_.rend(), &type);
    if (outer != within_.rend()) {
        text_ += "^" + std::to_string(outer - within_.rbegin() + 1);
        return;
    }
    within_.push_back(&type);
    switch (type.kind) {
    case Kind::flag:
        text_ += "yes";
        break;
    case Kind::whole:
        add_number('s', type);
        break;
    case Kind::counting:
        add_number('u', type);
        break;
    case Kind::real:
        add_number('f', type);
        break;
    case Kind::text:
        text_ += "text";
        break;
    case Kind::time:
    case Kind::moment:
    case Kind::span:
        text_ += type.kind == Kind::span ? "span/" : "time/";
        text_ += fmt::format("{}/{}:", type.tick[0], type.tick[1]);
        add(*type.parts[0]);
        break;
    case Kind::record:
        add_members(type);
        break;
    case Kind::list:
    case Kind::sequence:
        add_parts('*', type);
        break;
    case Kind::map:
        add_entries(type);
        break;
    case Kind::maybe:
        add_parts('?', type);
        break;
    case Kind::choice:
        add_parts('|', type);
        break;
    case Kind::personal:
        add_parts('!', type);
        break;
    case Kind::own:
        add_own(type);
        break;
    default:
        add_parts('+', type);
    }
    within_.pop_back();
}

Shape ShapeText::shape() const
{
    if (not is_known_) return {};
    return {text_, fingerprint_of(text_)};
}

const Shape& shape_of(const Description& type)
{
    if (const Shape* const made = type.shape.load(std::memory_order_acquire)) return *made;
    static std::mutex one_at_a_time;
    static auto& shapes = *std::make_unique<std::deque<Shape>>().release(); // for ever, as the descriptions are
    const std::lock_guard lock{one_at_a_time};
    if (const Shape* const made = type.shape.load(std::memory_order_acquire)) return *made;
    ShapeText text;
    text.add(type);
    shapes.push_back(text.shape());
    type.shape.store(&shapes.back(), std::memory_order_release);
    return shapes.back();
}

} // namespace eventloom::detail
