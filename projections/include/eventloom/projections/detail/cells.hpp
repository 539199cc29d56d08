// The columns of a key and a row, and the values of their cells.
//
//     append_columns<OrderSummary>(columns, "row");     // its members by their names
//     visit_cells(row, visitor);
//
// Texts and ids are text. Whole numbers, enums and booleans are integers. Times are text in the form of SQL's own functions.
// NaN is the text NaN. An optional or a personal field is its value or nothing. A struct of one member is that member.
// Everything else is JSON. For projection.hpp: include that. Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/number_text.hpp>
#include <eventloom/framework/time.hpp>
#include <eventloom/framework/value_codec.hpp>
#include <eventloom/projections/detail/sql_columns.hpp>
#include <eventloom/projections/key_text.hpp>

#include <cmath>
#include <limits>

namespace eventloom::detail {

// clang-format off
template <class T> concept textual    = is_id<T> || std::is_convertible_v<const T&, std::string_view>;
template <class T> concept durational = requires(const T& span) { span.count(); typename T::period; };
template <class T> concept optional_  = requires(const T& maybe) { maybe.has_value(); *maybe; };
template <class T> concept tuple_like = requires { std::tuple_size<T>::value; } && not requires(const T& all) { all.begin(); };
// A struct that gives a type of its own to one value.
template <class T> concept with_columns = kind_of<T>() == Kind::record;
template <class T> concept wrapping   = with_columns<T> && member_count<T> == 1;
// clang-format on

template <class T>
constexpr ColumnType column_type()
{
    if constexpr (textual<T> || timelike<T>) {
        return ColumnType::text;
    } else if constexpr (std::is_floating_point_v<T>) {
        return ColumnType::real;
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
        return ColumnType::integer;
    } else if constexpr (durational<T>) {
        return column_type<typename T::rep>();
    } else if constexpr (optional_<T> || is_personal<T>) {
        return column_type<typename T::value_type>();
    } else if constexpr (wrapping<T>) {
        ColumnType type{};
        with_members(T{}, [&]<class Member>(const Member&) { type = column_type<Member>(); });
        return type;
    } else {
        return ColumnType::text;
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

template <class T>
void visit_cell(const T& value, CellVisitor& visitor)
{
    if constexpr (is_id<T>) {
        visitor.text(value.value);
    } else if constexpr (textual<T>) {
        visitor.text(value);
    } else if constexpr (timelike<T>) {
        const auto text = to_string(std::chrono::time_point_cast<Duration>(value));
        // A date alone is one; a time has its microseconds.
        constexpr bool is_day = std::is_same_v<typename T::duration, std::chrono::days>;
        visitor.text(is_day ? std::string_view{text}.substr(0, text.find('T')) : text);
    } else if constexpr (std::is_arithmetic_v<T>) {
        visit_number(value, visitor);
    } else if constexpr (std::is_enum_v<T>) {
        visit_number(static_cast<std::underlying_type_t<T>>(value), visitor);
    } else if constexpr (durational<T>) {
        visit_number(value.count(), visitor);
    } else if constexpr (optional_<T>) {
        value.has_value() ? visit_cell(*value, visitor) : visitor.nothing();
    } else if constexpr (is_personal<T>) {
        value.is_erased() ? visitor.nothing() : visit_cell(*value.get(), visitor);
    } else if constexpr (wrapping<T>) {
        with_members(value, [&](const auto& member) { visit_cell(member, visitor); });
    } else {
        visitor.text(value_as_json(description_of<T>, &value, struct_name<T>()));
    }
}

// The members of a struct by their names, the parts of a tuple as NAME_1, NAME_2, and anything else as NAME.
template <class T>
void append_columns(std::vector<RowColumn>& columns, const std::string& name)
{
    if constexpr (with_columns<T>) {
        with_members(T{}, [&]<class... Member>(const Member&...) {
            [&]<std::size_t... Index>(std::index_sequence<Index...>)
            {
                (columns.push_back({std::string{member_name<T, Index>()}, column_type<Member>()}), ...);
            }
            (std::index_sequence_for<Member...>{});
        });
    } else if constexpr (tuple_like<T>) {
        std::size_t number = 0;
        std::apply(
            [&]<class... Part>(const Part&...) {
                (columns.push_back({name + "_" + std::to_string(++number), column_type<Part>()}), ...);
            },
            T{});
    } else {
        columns.push_back({name, column_type<T>()});
    }
}

template <class T>
void visit_cells(const T& value, CellVisitor& visitor)
{
    const auto each = [&](const auto&... part) { (visit_cell(part, visitor), ...); };
    if constexpr (with_columns<T>) {
        with_members(value, each);
    } else if constexpr (tuple_like<T>) {
        std::apply(each, value);
    } else {
        visit_cell(value, visitor);
    }
}

template <class Stored>
std::vector<RowColumn> sql_columns_of()
{
    std::vector<RowColumn> columns;
    append_columns<decltype(Stored::key)>(columns, "key");
    append_columns<decltype(Stored::row)>(columns, "row");
    return with_distinct_names(std::move(columns));
}

template <class Stored>
result<void> read_cells(std::string_view stored, CellVisitor& visitor)
{
    BOOST_OUTCOME_TRY(const auto row, codec<Stored>::decode(stored));
    visit_cells(row.key, visitor);
    visit_cells(row.row, visitor);
    return done();
}

} // namespace eventloom::detail
