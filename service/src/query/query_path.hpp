// Where a query looks for the rows that meet some conditions: between two keys, or between two entries of an index.
//
//     const auto path = best_path(table, conditions);
//
// All matching rows are there, and maybe others too, so each row must be checked. Threads: pure functions.
#pragma once

#include "query/query_conditions.hpp"

#include <eventloom/projections/detail/rows_as_json.hpp>

namespace eventloom {

struct QueryPath {
    KeySpan span;
    bool in_order_of_keys = true; // as it gives rows
    int worth             = 0;    // how much it narrows the table; to compare paths
};

KeySpan every_row(const TableDescription& table);

QueryPath best_path(const TableDescription& table, const std::vector<Condition>& conditions);

// The ordered keys of the rows of these index entries, ascending. Nothing when there are so many that reading the whole table
// is faster.
result<std::optional<std::vector<std::string>>> keys_in_order(const RowsAsJson& rows, const KeySpan& entries);

} // namespace eventloom
