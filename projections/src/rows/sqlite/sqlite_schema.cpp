#include "rows/sqlite/sqlite_schema.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

// A name as SQL takes it, whatever is in it.
std::string quoted(std::string_view name, char quote = '"')
{
    std::string text{quote};
    for (const char c : name) {
        if (c == quote) text.push_back(quote);
        text.push_back(c);
    }
    return text += quote;
}

std::string_view word_of(ColumnType type)
{
    switch (type) {
    case ColumnType::integer:
        return "INTEGER";
    case ColumnType::real:
        return "REAL";
    case ColumnType::text:
        break;
    }
    return "TEXT";
}

std::vector<std::string> names_of_tables(const UntypedProjection& definition)
{
    std::vector<RowColumn> names;
    for (const auto& table : definition.tables()) {
        names.push_back({table.name.empty() ? definition.name() : table.name, {}});
    }
    std::vector<std::string> distinct;
    for (auto& name : with_distinct_names(std::move(names))) distinct.push_back(std::move(name.name));
    return distinct;
}

// The prefix of all keys of a table.
std::string prefix_of(const row_keys::OfTable& keys)
{
    auto prefix = keys.row();
    prefix.pop_back();
    return prefix;
}

} // namespace

std::string_view SqliteSection::inner(std::string_view key) const
{
    return kind == row_keys::entry ? key : key.substr(std::min(key.size(), prefix.size()));
}

std::string SqliteSection::outer(std::string_view inner) const
{
    return kind == row_keys::entry ? std::string{inner} : prefix + std::string{inner};
}

SqliteSchema::SqliteSchema()
{
    creates_ = {
        "CREATE TABLE _eventloom (table_name TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, "
        "PRIMARY KEY (table_name, name)) WITHOUT ROWID",
        "CREATE TABLE _eventloom_entries (_key BLOB NOT NULL PRIMARY KEY, _row BLOB NOT NULL) WITHOUT ROWID",
    };
    add_numbers({}, {});
    for (const char kind : {row_keys::dead_letter, row_keys::held, row_keys::left_out}) {
        sections_.push_back(
            {std::string{kind}, row_keys::entry, 0, "SELECT _key, _row FROM _eventloom_entries WHERE _key"});
    }
    sort_sections();
}

SqliteSchema::SqliteSchema(const UntypedProjection& definition) : SqliteSchema{}
{
    const auto names = names_of_tables(definition);
    for (std::size_t i = 0; i < names.size(); ++i) add_table(definition.tables()[i], names[i]);
    sort_sections();
}

void SqliteSchema::sort_sections()
{
    std::sort(sections_.begin(), sections_.end(), [](const auto& a, const auto& b) { return a.prefix < b.prefix; });
}

void SqliteSchema::add_table(const TableDescription& table, const std::string& name)
{
    const auto sql_table = quoted(name);
    std::string columns;
    std::string cells;
    for (const RowColumn& column : table.sql_columns) {
        columns += quoted(column.name) + " " + std::string{word_of(column.type)} + ", ";
        cells += ", ?";
    }
    creates_.push_back("CREATE TABLE " + sql_table + " (" + columns +
                       "_key BLOB NOT NULL PRIMARY KEY, _stored BLOB NOT NULL) WITHOUT ROWID");
    for (const auto& index : table.indexes) {
        for (const RowColumn& column : table.sql_columns) {
            if (column.name != index.name) continue;
            creates_.push_back("CREATE INDEX " + quoted(name + "/" + index.name) + " ON " + sql_table + " (" +
                               quoted(column.name) + ")");
        }
    }

    std::string names;
    std::string wrong;
    int parameter = 1; // that of the key
    for (const RowColumn& column : table.sql_columns) {
        const auto cell = quoted(column.name);
        names += ", " + cell;
        wrong += fmt::format(" WHEN {} IS NOT ?{} THEN {} || quote({})", cell, ++parameter,
                             quoted("the column " + column.name + " is ", '\''), cell);
    }
    const auto prefix = prefix_of(table.keys);
    const auto number = tables_.size();
    tables_.push_back(
        {&table, "SELECT _stored FROM " + sql_table + " WHERE _key = ?",
         "INSERT OR REPLACE INTO " + sql_table + " (_key, _stored" + names + ") VALUES (?, ?" + cells + ")",
         "DELETE FROM " + sql_table + " WHERE _key = ?",
         "SELECT CASE" + wrong + " END FROM " + sql_table + " WHERE _key = ?1"});
    sections_.push_back(
        {prefix + row_keys::row, row_keys::row, number, "SELECT _key, _stored FROM " + sql_table + " WHERE _key"});
    sections_.push_back(
        {prefix + row_keys::entry, row_keys::entry, number, "SELECT _key, _row FROM _eventloom_entries WHERE _key"});
    if (not table.name.empty()) add_numbers(prefix, table.name);
}

void SqliteSchema::add_numbers(const std::string& prefix, const std::string& table)
{
    // The key is compared as bytes, as all keys are.
    sections_.push_back({prefix + row_keys::about, row_keys::about, 0,
                         "SELECT CAST(name AS BLOB) AS _key, value FROM _eventloom WHERE table_name = " +
                             quoted(table, '\'') + " AND CAST(name AS BLOB)"});
}

const SqliteSection* SqliteSchema::section_of(std::string_view key) const
{
    const auto found = std::find_if(sections_.begin(), sections_.end(),
                                    [&](const SqliteSection& section) { return key.starts_with(section.prefix); });
    return found == sections_.end() ? nullptr : &*found;
}

} // namespace eventloom
