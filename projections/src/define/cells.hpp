// The values of a key or a row as cells, for places that keep rows in tables with real columns.
//
//     append_columns(columns, description_of<OrderSummary>, "row");      // its members by their names
//     visit_cells(description_of<OrderSummary>, &row, visitor);
//
// Texts and ids are text. Whole numbers, enums and booleans are integers. Times are text in the form of SQL's own functions.
// NaN is the text NaN. An optional or a personal field is its value or nothing. A struct of one member is that member.
// Everything else is JSON. The parts of a tuple are NAME_1, NAME_2. Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/description.hpp>
#include <eventloom/projections/detail/sql_columns.hpp>

#include <string>
#include <vector>

namespace eventloom::detail {

void append_columns(std::vector<RowColumn>& columns, const Description& type, const std::string& name);
void visit_cells(const Description& type, const void* value, CellVisitor& visitor);

} // namespace eventloom::detail
