// The columns of a key and a row, found by their members.
//
//     columns_of<OrderId, OrderRow>();        // key, customer, total, placed_at, ...
//     columns_of<SalesKey, Sales>();          // by, value, orders, pieces, ...
//
// A key that is an id or the like is the column `key`; one that is a struct, a column for each member, by its name. A member of
// the row that is called as one of the key's is `row.NAME`. Structs within structs give a column for each member, lists and the like are one. Threads: pure functions.
#pragma once

#include <eventloom/framework/binary_values.hpp>
#include <eventloom/framework/json_values.hpp>
#include <eventloom/framework/text_form.hpp>
#include <eventloom/projections/column_description.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace eventloom::detail {

template <class T>
inline constexpr bool has_known_members =
    plain<T> && not is_id<T> && not serialized_beside<T> && not serializes_itself<T, probe::Archive>;

template <class T>
consteval ColumnKind column_kind()
{
    if constexpr (is_optional<T>) {
        return column_kind<typename T::value_type>();
    } else if constexpr (is_time<T>) {
        return ColumnKind::time;
    } else if constexpr (std::is_same_v<T, bool>) {
        return ColumnKind::truth;
    } else if constexpr (std::is_floating_point_v<T>) {
        return ColumnKind::number;
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
        return ColumnKind::whole_number;
    } else if constexpr (std::is_same_v<T, std::string> || is_id<T>) {
        return ColumnKind::text;
    } else if constexpr (has_known_members<T> && is_value_type<T>()) {
        using Only = decltype(with_members(std::declval<const T&>(),
                                           []<class One>(const One&) { return std::type_identity<One>{}; }));
        return column_kind<typename Only::type>();
    } else {
        return ColumnKind::other;
    }
}

template <class T>
void give_text_form(ColumnDescription& column)
{
    if constexpr (is_optional<T>) {
        give_text_form<typename T::value_type>(column);
    } else if constexpr (has_text_form<T>) {
        column.write = [](std::int64_t number) { return text_form<T>::write(T{number}); };
        column.read  = [](std::string_view text) -> std::optional<std::int64_t> {
            const auto value = text_form<T>::read(text);
            return value ? std::optional<std::int64_t>{json_value_of(*value)} : std::nullopt;
        };
    }
}

template <class T>
void append_columns(std::vector<ColumnDescription>& columns, const std::string& name,
                    const std::vector<std::string>& path, bool of_key);

template <class T>
void append_members(std::vector<ColumnDescription>& columns, const std::string& prefix,
                    const std::vector<std::string>& path, bool of_key)
{
    with_members(T{}, [&]<class... Member>(const Member&...) {
        [&]<std::size_t... Index>(std::index_sequence<Index...>)
        {
            const auto one = [&]<class Only>(std::type_identity<Only>, std::string_view member) {
                auto deeper = path;
                deeper.emplace_back(member);
                append_columns<Only>(columns, prefix + std::string{member}, deeper, of_key);
            };
            (one(std::type_identity<Member>{}, member_name<T, Index>()), ...);
        }
        (std::index_sequence_for<Member...>{});
    });
}

template <class T>
void append_columns(std::vector<ColumnDescription>& columns, const std::string& name,
                    const std::vector<std::string>& path, bool of_key)
{
    if constexpr (has_known_members<T> && column_kind<T>() == ColumnKind::other) {
        append_members<T>(columns, name + ".", path, of_key);
    } else {
        ColumnDescription column{.name = name, .path = path, .kind = column_kind<T>(), .of_key = of_key};
        give_text_form<T>(column);
        columns.push_back(std::move(column));
    }
}

template <class Key, class Row>
std::vector<ColumnDescription> columns_of()
{
    std::vector<ColumnDescription> columns;
    if constexpr (has_known_members<Key> && column_kind<Key>() == ColumnKind::other) {
        append_members<Key>(columns, "", {"key"}, true);
    } else if constexpr (has_known_members<Key> && is_value_type<Key>()) {
        append_columns<Key>(columns, std::string{member_name<Key, 0>()}, {"key"}, true);
    } else {
        append_columns<Key>(columns, "key", {"key"}, true);
    }
    const auto keys = columns.size();
    if constexpr (has_known_members<Row>) {
        append_members<Row>(columns, "", {"row"}, false);
    } else {
        append_columns<Row>(columns, "row", {"row"}, false);
    }
    for (auto row = columns.begin() + static_cast<std::ptrdiff_t>(keys); row != columns.end(); ++row) {
        const auto taken = std::any_of(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(keys),
                                       [&](const auto& key) { return key.name == row->name; });
        if (taken) row->name = "row." + row->name;
    }
    return columns;
}

} // namespace eventloom::detail
