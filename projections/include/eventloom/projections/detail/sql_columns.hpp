// A row as columns and cells, for places that keep rows in tables with real columns.
//
//     for (const RowColumn& column : table.sql_columns) ...           // "customer" TEXT, "total" INTEGER, ...
//     BOOST_OUTCOME_TRY(table.read_cells(stored, cells));      // visits one cell for each column, in their order
//
// Threads: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

enum class ColumnType : std::uint8_t { integer, real, text };

struct RowColumn {
    std::string name;
    ColumnType type = ColumnType::text;
};

class CellVisitor {
public:
    virtual ~CellVisitor()                    = default;
    virtual void integer(std::int64_t number) = 0;
    virtual void real(double number)          = 0;
    virtual void text(std::string_view text)  = 0; // of any bytes
    virtual void nothing()                    = 0; // an empty optional
};

// The same columns with distinct names, compared without case: the second column with a name becomes NAME_2.
// None is called _key or _stored.
std::vector<RowColumn> with_distinct_names(std::vector<RowColumn> columns);

} // namespace eventloom
