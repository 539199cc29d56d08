// A condition as it is typed after --where: a column, an operator, a value.
//
//     BOOST_OUTCOME_TRY(const auto condition, Condition::parse("total >= 12.50", table));
//     condition.holds(row);
//
// The name of an index means its first column. For an index over a function it means the value of the index, which is only in
// the index.
// Threads: values.
#pragma once

#include "terminal/table_text.hpp"

#include <eventloom/framework/result.hpp>
#include <eventloom/projections/projected.hpp>

#include <compare>
#include <variant>

namespace eventloom {

// What cells of one column are compared as. Nothing comes before everything. A long double holds every whole number of
// sixty-four bits.
using Comparable = std::variant<std::monostate, bool, long double, std::string>;

// NaN equals itself and comes after all other numbers.
std::weak_ordering order_of(const Comparable& left, const Comparable& right);

// The cell of a column in a row's JSON; null when it is not there.
Json cell_of(const ColumnDescription& column, const Json& row);
Comparable comparable(const ColumnDescription& column, const Json& cell);

// Failure::invalid "no-such-column", with all their names.
result<const ColumnDescription*> find_column(const std::vector<ColumnDescription>& columns, std::string_view name);

// nullptr: the table has no such index.
const IndexDescription* find_index(const TableDescription& table, std::string_view name);
// The column of that name, or the first column of the index over members that has it.  Failure::invalid "no-such-column".
result<const ColumnDescription*> find_column_or_index(const TableDescription& table, std::string_view name);

// Failure::invalid "column-without-order": it holds a list or the like; "column-of-own-form".
result<void> check_has_order(const ColumnDescription& column);

class Condition {
public:
    enum class Operator : std::uint8_t { equal, unequal, less, at_most, greater, at_least, begins_with, contains };

    // Failure::invalid "malformed-where", "no-such-column", "column-without-order", "column-of-own-form",
    // "wrong-operator", "wrong-value".
    static result<Condition> parse(std::string_view text, const TableDescription& table);

    // Whether a row meets it. For an index over a function, each row that the index gives does.
    bool holds(const Json& row) const;

    // Either it is of a column, or of an index alone.
    const ColumnDescription* column() const { return column_; }
    const IndexDescription* index() const { return index_; }
    Operator how() const { return operator_; }
    // The ordered bytes of its value in keys and indexes. Nothing when there is no such value, or when there could be several.
    const std::optional<std::string>& ordered() const { return ordered_; }

private:
    result<void> take_index(const IndexDescription& index);
    result<void> take_column(const ColumnDescription& column);

    const ColumnDescription* column_ = nullptr;
    const IndexDescription* index_   = nullptr;
    Operator operator_               = Operator::equal;
    std::string text_;
    Comparable value_;
    std::optional<std::string> ordered_;
};

} // namespace eventloom
