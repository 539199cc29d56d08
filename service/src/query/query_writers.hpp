// Writes the rows of a query page by page: a table for people, JSON or CSV for programs.
#pragma once

#include "terminal/table_text.hpp"

#include <eventloom/projections/detail/column_description.hpp>
#include <eventloom/service/output.hpp>

#include <memory>

namespace eventloom {

class QueryWriter {
public:
    virtual ~QueryWriter()                   = default;
    virtual void page(const TableRows& rows) = 0;
    virtual void finish()                    = 0; // also when there was no page
};

using QueryColumns = std::vector<const ColumnDescription*>;

// The first page decides the width; later rows may be wider.
std::unique_ptr<QueryWriter> write_table(Console& console, const QueryColumns& columns);
// One array of objects, an object on each line. Numbers are not formatted.
std::unique_ptr<QueryWriter> write_json(Console& console, const QueryColumns& columns);
// RFC 4180, with the names of the columns in the first line. Values as people type them.
std::unique_ptr<QueryWriter> write_csv(Console& console, const QueryColumns& columns);

} // namespace eventloom
