#include "commands/own_commands.hpp"

#include "query/query.hpp"
#include "query/query_writers.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

namespace eventloom {

namespace {

struct QueryArguments {
    std::string table;
    QueryText query;
    bool csv = false;

    bool asks_for_rows() const
    {
        return csv || not query.where.empty() || not(query.order + query.limit + query.columns).empty();
    }
};

// What `query` calls a table: the projection alone when it has but one.
std::string full_name(const UntypedProjection& projection, const TableDescription& table)
{
    return table.name.empty() ? projection.name() : projection.name() + "." + table.name;
}

template <class Visit>
void for_each_table(const Projections& projections, const Visit& visit)
{
    for (const auto& definition : projections.definitions()) {
        for (const auto& table : definition->tables()) visit(*definition, table);
    }
}

struct ChosenTable {
    RowsAsJson rows;
    const TableDescription* table; // in the definition that `rows` keeps
};

result<ChosenTable> choose_table(const Projections& projections, const std::string& name)
{
    std::string names;
    std::string projection_name;
    std::string table_name;
    for_each_table(projections, [&](const UntypedProjection& projection, const TableDescription& table) {
        const auto full = full_name(projection, table);
        names += (names.empty() ? "" : ", ") + full;
        if (full != name) return;
        projection_name = projection.name();
        table_name      = table.name;
    });
    if (projection_name.empty()) {
        return fail(Failure::invalid, "no-such-table",
                    "asked for the table \"" + printable(name) + "\" and found only: " + names);
    }
    BOOST_OUTCOME_TRY(auto rows, projections.rows_now(projection_name));
    BOOST_OUTCOME_TRY(const auto place, find_table(rows.definition(), table_name));
    const auto* const table = &rows.definition().tables()[place];
    return ChosenTable{std::move(rows), table};
}

std::string listed(const std::vector<std::string>& names)
{
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
    return list;
}

result<void> list_tables(Output& out, const Projections& projections, const QueryArguments& arguments)
{
    if (arguments.asks_for_rows()) {
        return fail(Failure::invalid, "no-table-named",
                    "asked for rows and found no table named; `query` alone lists all tables");
    }
    auto tables = Json::array();
    for_each_table(projections, [&](const UntypedProjection& projection, const TableDescription& table) {
        auto columns = Json::array();
        auto indexes = Json::array();
        std::vector<std::string> names;
        std::vector<std::string> index_names;
        for (const auto& column : table.columns) {
            columns.push_back({{"name", column.name}, {"type", to_string(column.kind)}, {"key", column.of_key}});
            names.push_back(column.name);
        }
        for (const auto& index : table.indexes) {
            indexes.push_back({{"name", index.name}, {"unique", index.unique}});
            index_names.push_back(index.name + (index.unique ? " (unique)" : ""));
        }
        const auto name = full_name(projection, table);
        out.say(name + "\n    columns: " + listed(names) +
                (index_names.empty() ? "" : "\n    indexes: " + listed(index_names)));
        tables.push_back(
            {{"table", name}, {"version", projection.version()}, {"columns", columns}, {"indexes", indexes}});
    });
    if (out.json()) out.properties(tables);
    return done();
}

result<void> answer(Output& out, const Projections& projections, const QueryArguments& arguments)
{
    BOOST_OUTCOME_TRY(const auto chosen, choose_table(projections, arguments.table));
    BOOST_OUTCOME_TRY(const auto query, Query::parse(*chosen.table, arguments.query));
    const auto writer = arguments.csv ? write_csv(out.console(), query.columns())
                        : out.json()  ? write_json(out.console(), query.columns())
                                      : write_table(out.console(), query.columns());
    BOOST_OUTCOME_TRY(query.run(chosen.rows, [&](const TableRows& page) { writer->page(page); }));
    writer->finish();
    return done();
}

} // namespace

void add_query_command(CommandLine& line)
{
    const auto arguments = std::make_shared<QueryArguments>();
    const auto query     = line.app().add_subcommand(
        "query", "Show rows of any table of any projection; without a table, list the tables");
    query.add_option("table", arguments->table, "PROJECTION, or PROJECTION.TABLE when it has several");
    query
        .add_option("--where", arguments->query.where,
                    "'COLUMN OPERATOR VALUE', as often as needed: = != < <= > >= ^= (begins with) *= (contains); the "
                    "name of an index may stand for a column")
        .one_word_each_time();
    query.add_option(
        "--order", arguments->query.order,
        "Order by this column, or by the first column of this index; -COLUMN for the largest first. Orders at most "
        "100,000 rows, or --limit of them");
    query.add_option("--limit", arguments->query.limit, "At most this many rows").check(whole_number());
    query.add_option("--columns", arguments->query.columns, "Only these columns, separated by commas");
    query.add_flag("--csv", arguments->csv, "Write a CSV file (RFC 4180)");
    // The projection of PROJECTION.TABLE: its name has no dot.
    const auto shown = [arguments] {
        return arguments->table.empty() ? std::vector<std::string>{}
                                        : std::vector{arguments->table.substr(0, arguments->table.find('.'))};
    };
    line.on_rows(query, shown, [&line, arguments](Output& out) -> result<void> {
        if (arguments->csv && out.json()) {
            return fail(Failure::invalid, "csv-and-json",
                        "asked for CSV and for JSON at once; give one of --csv and --json");
        }
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        const auto& projections = open_service->service().projections();
        return arguments->table.empty() ? list_tables(out, projections, *arguments)
                                        : answer(out, projections, *arguments);
    });
}

} // namespace eventloom
