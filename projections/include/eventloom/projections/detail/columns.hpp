// The columns of a key and a row, made from their members.
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
#include <eventloom/projections/detail/projection_parts.hpp>
#include <eventloom/projections/key_text.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

namespace eventloom::detail {

template <class T>
inline constexpr bool has_known_members = kind_of<T>() == Kind::record;
template <class T>
inline constexpr bool is_optional = kind_of<T>() == Kind::maybe;
template <class T>
concept value_type = has_known_members<T> && member_count<T>
== 1;

// A value type that people write as a text of its own holds one whole number.
template <class T>
std::int64_t whole_number_of(const T& value)
{
    if constexpr (value_type<T>) {
        return with_members(value, [](const auto& only) { return whole_number_of(only); });
    } else {
        return static_cast<std::int64_t>(value);
    }
}

template <class T>
consteval ColumnKind column_kind()
{
    if constexpr (is_optional<T>) {
        return column_kind<typename T::value_type>();
    } else if constexpr (kind_of<T>() == Kind::time) {
        return ColumnKind::time;
    } else if constexpr (std::is_same_v<T, bool>) {
        return ColumnKind::truth;
    } else if constexpr (std::is_floating_point_v<T>) {
        return ColumnKind::number;
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
        return ColumnKind::whole_number;
    } else if constexpr (std::is_same_v<T, std::string> || is_id<T>) {
        return ColumnKind::text;
    } else if constexpr (value_type<T>) {
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
            return value ? std::optional{whole_number_of(*value)} : std::nullopt;
        };
    }
}

// Takes the texts that it needs from the front.
template <class T>
bool append_ordered_texts(std::span<const std::string>& texts, std::string& key)
{
    [[maybe_unused]] const auto parts = [&]<class... Part>(const Part&...) {
        return (append_ordered_texts<Part>(texts, key) && ...);
    };
    if constexpr (is_optional<T>) {
        key.push_back(1);
        return append_ordered_texts<typename T::value_type>(texts, key);
    } else if constexpr (requires { std::tuple_size<T>::value; }) {
        return std::apply(parts, T{});
    } else if constexpr (plain<T> && not is_id<T> && not has_text_form<T>) {
        return with_members(T{}, parts);
    } else {
        if (texts.empty()) return false;
        const std::string& text = texts.front();
        texts                   = texts.subspan(1);
        if constexpr (is_id<T> || std::is_convertible_v<const T&, std::string_view>) {
            append_ordered_text(key, text);
            return text.find("\xEF\xBF\xBD") == std::string::npos; // U+FFFD stands for bytes that are not UTF-8
        } else if constexpr (has_text_form<T>) {
            const auto value = text_form<T>::read(text);
            if (value) append_ordered(key, *value);
            return value.has_value();
        } else {
            T value{};
            if (not parse_part(text, value)) return false;
            append_ordered(key, value);
            return true;
        }
    }
}

// The ordered bytes of a value as people type it; with several parts there is a slash between them.
template <class T>
std::optional<std::string> ordered_of_text(std::string_view text)
{
    constexpr bool of_parts = (requires { std::tuple_size<T>::value; }) || (has_known_members<T> && not value_type<T>);
    const auto parts        = of_parts ? split_key(text) : std::vector{std::string{text}};
    std::span<const std::string> left{parts};
    std::string key;
    return append_ordered_texts<T>(left, key) && left.empty() ? std::optional{key} : std::nullopt;
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
        if constexpr (column_kind<T>() != ColumnKind::other) column.ordered = &ordered_of_text<T>;
        columns.push_back(std::move(column));
    }
}

template <class Key, class Row>
std::vector<ColumnDescription> columns_of()
{
    std::vector<ColumnDescription> columns;
    if constexpr (has_known_members<Key> && column_kind<Key>() == ColumnKind::other) {
        append_members<Key>(columns, "", {"key"}, true);
    } else if constexpr (value_type<Key>) {
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

// The columns of a member of a row: several when it is a struct.
template <class Row>
std::vector<std::string> columns_of_member(const Row& row, const void* wanted,
                                           const std::vector<ColumnDescription>& columns)
{
    std::vector<std::string> names;
    const auto add = [&](const void* member, std::string_view name) {
        for (const ColumnDescription& column : columns) {
            const bool is_of_member = not column.of_key && column.path.size() > 1 && column.path[1] == name;
            if (member == wanted && is_of_member) names.push_back(column.name);
        }
    };
    with_members(row, [&]<class... Member>(const Member&... member) {
        [&]<std::size_t... Index>(std::index_sequence<Index...>)
        {
            (add(&member, member_name<Row, Index>()), ...);
        }
        (std::index_sequence_for<Member...>{});
    });
    return names;
}

// The columns whose values an index has, in order; none when a function makes them.
template <class Row, class... Member>
std::vector<std::string> index_columns(const members_of_row<Row, Member...>& of,
                                       const std::vector<ColumnDescription>& columns)
{
    std::vector<std::string> names;
    if constexpr (has_known_members<Row>) {
        const Row row{};
        const auto add = [&](const void* member) {
            for (auto& name : columns_of_member(row, member, columns)) names.push_back(std::move(name));
        };
        std::apply([&](auto... member) { (add(&(row.*member)), ...); }, of.members);
    }
    return names;
}

template <class Of>
std::vector<std::string> index_columns(const Of&, const std::vector<ColumnDescription>&)
{
    return {};
}

} // namespace eventloom::detail
