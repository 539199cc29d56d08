#include "define/cells.hpp"

#include "define/leaf.hpp"

#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/framework/number_text.hpp>
#include <eventloom/framework/time.hpp>

#include <cmath>
#include <limits>

namespace eventloom::detail {

namespace {

ColumnType column_type(const Description& type)
{
    switch (type.kind) {
    case Kind::real:
        return ColumnType::real;
    case Kind::flag:
    case Kind::whole:
    case Kind::counting:
        return ColumnType::integer;
    case Kind::span:
    case Kind::maybe:
    case Kind::personal:
        return column_type(*type.parts[0]);
    default:
        return is_value_type(type) ? column_type(*type.parts[0]) : ColumnType::text;
    }
}

template <class T>
void visit_number(const T& number, CellVisitor& visitor)
{
    if constexpr (std::is_floating_point_v<T>) {
        // SQLite would store NULL for NaN. As a text it is there, equals itself, and sorts after all numbers.
        std::isnan(number) ? visitor.text("NaN") : visitor.real(with_the_same_digits(number));
    } else if constexpr (std::is_same_v<T, std::uint64_t>) {
        constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
        number > largest ? visitor.real(static_cast<double>(number))
                         : visitor.integer(static_cast<std::int64_t>(number));
    } else {
        visitor.integer(static_cast<std::int64_t>(number));
    }
}

void visit_cell(const Description& type, void* value, CellVisitor& visitor)
{
    switch (type.kind) {
    case Kind::text:
        return visitor.text(*static_cast<const std::string*>(value));
    case Kind::time: {
        const auto text = to_string(time_at(type, value));
        // A date alone is one; a time has its microseconds.
        const bool is_day = type.tick[0] == 86'400 && type.tick[1] == 1;
        return visitor.text(is_day ? std::string_view{text}.substr(0, text.find('T')) : text);
    }
    case Kind::flag:
    case Kind::whole:
    case Kind::counting:
    case Kind::real:
        return with_number(type, value, [&](const auto& number) { visit_number(number, visitor); });
    case Kind::span:
        return visit_cell(*type.parts[0], value, visitor);
    case Kind::maybe:
    case Kind::personal: {
        const Held held = type.held(value);
        return held.number == 0 ? visitor.nothing() : visit_cell(*type.parts[0], const_cast<void*>(held.at), visitor);
    }
    default:
        break;
    }
    if (is_value_type(type)) return visit_cell(*type.parts[0], places_of_parts(type, value).front(), visitor);
    visitor.text(value_as_json(type, value, "a cell"));
}

bool has_columns(const Description& type)
{
    return has_parts(type.kind) && type.kind != Kind::array;
}

} // namespace

void append_columns(std::vector<RowColumn>& columns, const Description& type, const std::string& name)
{
    if (not has_columns(type)) return columns.push_back({name, column_type(type)});
    const bool is_struct = type.kind == Kind::record;
    const auto names     = is_struct ? member_names(type) : std::vector<std::string>{};
    for (std::uint32_t i = 0; i < type.count; ++i) {
        columns.push_back({is_struct ? names[i] : name + "_" + std::to_string(i + 1), column_type(*type.parts[i])});
    }
}

void visit_cells(const Description& type, const void* value, CellVisitor& visitor)
{
    if (not has_columns(type)) return visit_cell(type, const_cast<void*>(value), visitor);
    const auto places = places_of_parts(type, value);
    for (std::uint32_t i = 0; i < type.count; ++i) visit_cell(*type.parts[i], places[i], visitor);
}

} // namespace eventloom::detail
