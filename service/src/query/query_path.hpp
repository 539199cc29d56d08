// Where a table is looked through for the rows that meet some conditions: between two keys, or between two entries of an index.
//
//     const auto path = best_path(table, conditions);
//
// There are all rows in it that meet them, and others too: each is to be looked at. Threads: pure functions.
#pragma once

#include "query/query_conditions.hpp"

#include <eventloom/projections/rows_as_json.hpp>

namespace eventloom {

struct QueryPath {
    KeySpan span;
    bool in_order_of_keys = true; // as it gives rows
    int worth             = 0;    // how much narrower than the whole table, to be compared
};

KeySpan every_row(const TableDescription& table);

QueryPath best_path(const TableDescription& table, const std::vector<Condition>& conditions);

// The ordered keys of the rows to which the entries of an index lead, ascending. Nothing when they are so many that the whole
// table is read sooner.
result<std::optional<std::vector<std::string>>> keys_in_order(const RowsAsJson& rows, const KeySpan& entries);

} // namespace eventloom
