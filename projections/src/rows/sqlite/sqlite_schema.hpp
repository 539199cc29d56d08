// The tables of a read model that is kept in SQLite: one for each table of the projection, with its columns; and two of
// Eventloom's own. docs/format.md, "Read models in SQLite".
//
//     const SqliteSchema schema{definition};
//     for (const auto& statement : schema.creates()) ...
//     schema.tables()[0].put;      // "INSERT OR REPLACE INTO ..."
//
// Threads: a value.
#pragma once

#include <eventloom/projections/projected.hpp>

#include <string>
#include <vector>

namespace eventloom {

// Keys of one kind, which one SQL table has.
struct SqliteSection {
    std::string prefix; // of these keys in the read model
    char kind;          // row_keys::row, entry or about
    std::size_t table;  // number of it in the projection; of no meaning for numbers
    std::string select; // key and value of each: "SELECT ... WHERE name", which a condition on the key goes on from

    // A key as the SQL table has it: entries have the whole.
    std::string_view inner(std::string_view key) const;
    std::string outer(std::string_view inner) const;
};

struct SqliteTable {
    const TableDescription* about; // in the definition
    std::string get;               // the stored row of a key
    std::string put;               // key, stored row, cells
    std::string remove;            // the row of a key
    std::string wrong_column;      // key, cells: the first column that has another cell, with what it has; or NULL
};

class SqliteSchema {
public:
    // Without a table of rows: for what is in every file.
    SqliteSchema();
    // `definition` outlives it.
    explicit SqliteSchema(const UntypedProjection& definition);

    const std::vector<std::string>& creates() const { return creates_; }
    const std::vector<SqliteTable>& tables() const { return tables_; }
    // In the order of their prefixes, which is that of the keys.
    const std::vector<SqliteSection>& sections() const { return sections_; }
    // The one that has a key; nullptr when it is none that a fold writes.
    const SqliteSection* section_of(std::string_view key) const;

private:
    void add_table(const TableDescription& table, const std::string& name);
    void add_numbers(const std::string& prefix, const std::string& table);
    void sort_sections();

    std::vector<std::string> creates_;
    std::vector<SqliteTable> tables_;
    std::vector<SqliteSection> sections_;
};

} // namespace eventloom
