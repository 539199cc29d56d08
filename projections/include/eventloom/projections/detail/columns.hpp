// The columns of a key and a row, made from the descriptions of their types.
//
//     columns_of<OrderId, OrderRow>();        // key, customer, total, placed_at, ...
//     columns_of<SalesKey, Sales>();          // by, value, orders, pieces, ...
//
// A key that is an id or another single value is the column `key`; a key that is a struct gives a column for each member, with
// its name. A member of the row with the name of a key's member is `row.NAME`. A struct within a struct gives a column for each
// member; a list is one column. Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/description.hpp>
#include <eventloom/framework/text_form.hpp>
#include <eventloom/projections/detail/column_description.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace eventloom::detail {

// How people write and type the whole number in a value of a type: its text_form, for code that does not know the type.
struct NumberForm {
    const Description* type;
    std::string (*write)(std::int64_t number);
    std::optional<std::int64_t> (*read)(std::string_view text);
};
using NumberForms = std::span<const NumberForm>;

// The number in a value type that has a text form.
template <class T>
std::int64_t whole_number_of(const T& value)
{
    if constexpr (plain<T>) {
        return with_members(value, [](const auto& only) { return whole_number_of(only); });
    } else {
        return static_cast<std::int64_t>(value);
    }
}

// The reverse.
template <class T>
T of_whole_number(std::int64_t number)
{
    if constexpr (plain<T>) {
        T value{};
        with_members(value,
                     [number](auto& only) { only = of_whole_number<std::remove_reference_t<decltype(only)>>(number); });
        return value;
    } else {
        return static_cast<T>(number);
    }
}

template <class T>
inline constexpr NumberForm number_form{
    &description_of<T>, [](std::int64_t number) { return text_form<T>::write(of_whole_number<T>(number)); },
    [](std::string_view text) -> std::optional<std::int64_t> {
        const auto value = text_form<T>::read(text);
        return value ? std::optional{whole_number_of(*value)} : std::nullopt;
    }};

// The forms of the types that a type is made of.
template <class T>
consteval auto number_forms();

template <class... Part>
consteval auto number_forms(std::type_identity<std::tuple<Part...>>)
{
    constexpr std::size_t count = (std::size_t{0} + ... + number_forms<std::remove_cv_t<Part>>().size());
    std::array<NumberForm, count> all{};
    std::size_t at                  = 0;
    [[maybe_unused]] const auto add = [&](const auto& forms) {
        for (const NumberForm& form : forms) all[at++] = form;
    };
    (add(number_forms<std::remove_cv_t<Part>>()), ...);
    return all;
}
template <class... Member>
consteval auto number_forms(std::type_identity<MembersFound<Member...>>)
{
    return number_forms(std::type_identity<std::tuple<Member...>>{});
}

template <class T>
consteval auto number_forms()
{
    constexpr Kind kind = kind_of<T>();
    if constexpr (has_text_form<T>) {
        return std::array{number_form<T>};
    } else if constexpr (kind == Kind::maybe) {
        return number_forms<std::remove_cv_t<typename T::value_type>>();
    } else if constexpr (kind == Kind::record) {
        return number_forms(std::type_identity<decltype(with_members(std::declval<T&>(), FindMembers{}))>{});
    } else if constexpr (kind == Kind::tuple) {
        return number_forms(std::type_identity<T>{});
    } else if constexpr (kind == Kind::pair) {
        return number_forms(std::type_identity<std::tuple<typename T::first_type, typename T::second_type>>{});
    } else {
        return std::array<NumberForm, 0>{};
    }
}
template <class T>
inline constexpr auto number_forms_of = number_forms<T>();

std::vector<ColumnDescription> columns_of(const Description& key, const Description& row, NumberForms forms);

template <class Key, class Row>
std::vector<ColumnDescription> columns_of()
{
    return columns_of(description_of<Key>, description_of<Row>, number_forms_of<std::tuple<Key, Row>>);
}

// The ordered bytes of a value as people type it; with several parts there is a slash between them.
std::optional<std::string> ordered_of_text(const Description& type, NumberForms forms, std::string_view text);

// The kinds of the parts of an ordered key, a letter each: shape_of (query_key.hpp).
std::string ordered_shape(const Description& type);

// The names of the columns of members of a row, in order. `row` is one such row, `members` are parts of it.
std::vector<std::string> columns_of_members(const Description& type, const void* row,
                                            std::span<const void* const> members,
                                            const std::vector<ColumnDescription>& columns);

} // namespace eventloom::detail
