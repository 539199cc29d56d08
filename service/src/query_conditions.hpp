// What is typed behind --where: a column, an operator, a value.
//
//     BOOST_OUTCOME_TRY(const auto condition, Condition::parse("total >= 12.50", columns));
//     condition.holds(row);
//
// Threads: values.
#pragma once

#include "table_text.hpp"

#include <eventloom/framework/result.hpp>
#include <eventloom/projections/column_description.hpp>

#include <variant>

namespace eventloom {

// What cells of one column are compared as. Nothing comes before everything. A long double holds every whole number of
// sixty-four bits.
using Comparable = std::variant<std::monostate, bool, long double, std::string>;

// The cell of a column in a row's JSON; null when it is not there.
Cell cell_of(const ColumnDescription& column, const Cell& row);
Comparable comparable(const ColumnDescription& column, const Cell& cell);

// Failure::invalid "no-such-column", with all their names.
result<const ColumnDescription*> find_column(const std::vector<ColumnDescription>& columns, std::string_view name);

// Failure::invalid "column-without-order": it holds a list or the like.
result<void> check_has_order(const ColumnDescription& column);

class Condition {
public:
    enum class Operator : std::uint8_t { equal, unequal, less, at_most, greater, at_least, begins_with, contains };

    // Failure::invalid "malformed-where", "no-such-column", "column-without-order", "wrong-operator", "wrong-value".
    static result<Condition> parse(std::string_view text, const std::vector<ColumnDescription>& columns);

    bool holds(const Cell& row) const;

    // The value that the column must have, as a key is typed; nothing when it is not that kind of condition.
    std::optional<std::string> equal_to(const ColumnDescription& column) const;

private:
    const ColumnDescription* column_ = nullptr;
    Operator operator_               = Operator::equal;
    std::string text_;
    Comparable value_;
};

} // namespace eventloom
