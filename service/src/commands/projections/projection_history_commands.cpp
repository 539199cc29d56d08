#include "commands/own_commands.hpp"

#include "compare/row_changes.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/output.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

using Rows = std::vector<std::vector<Json>>;

struct HistoryArguments {
    std::string name;
    RowName row;
    std::uint64_t limit = 1'000;
    std::optional<Position> position;
    std::string time;
};

// "made: stage placed, pieces 3", "stage placed -> completed", "dropped".
std::string changed_in_words(const RowChange& change, const TableDescription& table)
{
    if (not change.after) return "dropped";
    const auto changed = changed_columns(as_people_read(change.before, table), as_people_read(change.after, table));
    return (change.before ? "" : "made: ") + columns_in_words(changed, change.before.has_value());
}

Json header_of(const RecordedEvent& event, std::string_view name)
{
    for (const auto& [known, value] : event.metadata.headers) {
        if (known == name) return value;
    }
    return nullptr;
}

Json id_or_nothing(const Uuid& id)
{
    return id.is_nil() ? Json(nullptr) : Json(to_string(id));
}

Json json_of(const RowChange& change)
{
    const RecordedEvent& event = change.event;
    return {{"position", event.position},
            {"recorded_at", to_string(event.recorded_at)},
            {"event", event.type},
            {"stream", event.stream},
            {"version", event.version},
            {"what", not change.before  ? "made"
                     : not change.after ? "dropped"
                                        : "changed"},
            {"changed", changed_columns(change.before, change.after)},
            {"command", id_or_nothing(event.metadata.causation)},
            {"command_caused_by", header_of(event, "command-caused-by")},
            {"correlation", id_or_nothing(event.metadata.correlation)},
            {"saga", header_of(event, "saga")},
            {"saga_step", header_of(event, "saga-step")}};
}

std::vector<Json> row_of(const RowChange& change, const TableDescription& table)
{
    const RecordedEvent& event = change.event;
    const auto saga            = header_of(event, "saga");
    const auto step            = header_of(event, "saga-step");
    return {event.position,
            to_string(event.recorded_at),
            event.type,
            changed_in_words(change, table),
            id_or_nothing(event.metadata.causation),
            saga.is_null() ? saga : Json(short_text(saga) + (step.is_null() ? "" : ": " + short_text(step)))};
}

// Without its rows, which another version may have made.
result<std::shared_ptr<const UntypedProjection>> definition_of(const Projections& projections, std::string_view name)
{
    for (auto& one : projections.definitions()) {
        if (one->name() == name) return std::move(one);
    }
    return projections.rows_now(name).error(); // "no-such-projection"
}

result<void> explain(Output& out, Projections& projections, const Clock& clock, const HistoryArguments& arguments)
{
    BOOST_OUTCOME_TRY(const auto definition, definition_of(projections, arguments.name));
    BOOST_OUTCOME_TRY(const auto place, find_table(*definition, arguments.row.table));
    const auto& table = definition->tables()[place];
    Rows rows;
    auto changes     = Json::array();
    const auto visit = [&](const RowChange& change) -> result<void> {
        if (rows.size() == arguments.limit || changes.size() == arguments.limit) return done();
        if (out.json()) {
            changes.push_back(json_of(change));
        } else {
            rows.push_back(row_of(change, table));
        }
        return done();
    };
    Progress progress{out.console(), clock, "explaining " + arguments.name};
    BOOST_OUTCOME_TRY(const auto explanation,
                      projections.explain(arguments.name, arguments.row, visit,
                                          [&](Position at, Position head) { return progress.at(at, head); }));
    progress.finish();
    if (explanation.events == 0) {
        return fail(
            Failure::invalid, "no-such-row",
            fmt::format("asked for the events of the row {} of {} and found none up to position {} that changed it",
                        printable(arguments.row.key), arguments.name, explanation.position));
    }
    if (out.json()) {
        out.properties({{"projection", arguments.name},
                        {"position", explanation.position},
                        {"row", row_object(explanation.row)},
                        {"events", explanation.events},
                        {"changes", changes}});
        return done();
    }
    out.table({{"position", Align::right}, {"recorded_at"}, {"event"}, {"changed"}, {"command"}, {"saga"}}, rows);
    if (explanation.events > rows.size()) {
        out.say("... and " + with_separators(static_cast<std::int64_t>(explanation.events - rows.size())) +
                " more; --limit shows them");
    }
    return done();
}

// The last event recorded by then, 0 when there is none.
result<Position> position_at(const EventStore& store, Time time)
{
    const auto cursor = store.read({.at = time, .direction = Direction::backwards, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
    return event == nullptr ? Position{0} : event->position;
}

// Rows as a table whose columns are the members of the first one.
void print_rows(Output& out, const std::vector<Json>& rows, const TableDescription& table)
{
    const auto align_of = [&](const std::string& name) {
        const auto counts = [&](const ColumnDescription& column) {
            const bool is_number = column.kind == ColumnKind::whole_number || column.kind == ColumnKind::number;
            return is_number && column.path == std::vector<std::string>{"row", name};
        };
        return std::any_of(table.columns.begin(), table.columns.end(), counts) ? Align::right : Align::left;
    };
    std::vector<Column> columns{{"key"}};
    const auto first = rows.empty() ? Json() : rows.front()["row"];
    for (const auto& [name, value] : first.items()) columns.push_back({name, align_of(name)});
    Rows cells;
    for (const auto& stored : rows) {
        const auto row    = row_object(as_people_read(stored.dump(), table));
        auto& line        = cells.emplace_back(std::vector<Json>{row["key"]});
        const auto& named = row["row"];
        for (std::size_t i = 1; i < columns.size(); ++i) line.push_back(named[columns[i].name]);
    }
    out.table(columns, cells);
}

result<void> as_of(Output& out, Service& service, const HistoryArguments& arguments)
{
    Position position = arguments.position.value_or(0);
    if (not arguments.position) {
        BOOST_OUTCOME_TRY(position, position_at(service.store(), *parse_time(arguments.time)));
    }
    BOOST_OUTCOME_TRY(const auto definition, definition_of(service.projections(), arguments.name));
    BOOST_OUTCOME_TRY(const auto place, find_table(*definition, arguments.row.table));
    Progress progress{out.console(), service.runtime().clock, "folding " + arguments.name};
    const auto show = [&](Position at, Position head) { return progress.at(at, head); };
    std::vector<Json> rows;
    bool more = false;
    if (not arguments.row.key.empty()) {
        BOOST_OUTCOME_TRY(const auto row,
                          service.projections().row_as_of(arguments.name, arguments.row, position, show));
        progress.finish();
        if (not row) {
            return fail(Failure::invalid, "no-such-row",
                        fmt::format("asked for the row {} of {} at position {} and found none",
                                    printable(arguments.row.key), arguments.name, position));
        }
        rows.push_back(row_object(row));
    } else {
        BOOST_OUTCOME_TRY(const auto then, service.projections().as_of(arguments.name, position, show));
        progress.finish();
        BOOST_OUTCOME_TRY(const auto page,
                          then.all(arguments.row.table, {.limit = arguments.limit, .backwards = false, .after = {}}));
        for (const auto& row : page.rows) rows.push_back(row_object(row));
        more = not page.next.empty();
    }
    if (out.json()) {
        out.properties({{"projection", arguments.name}, {"position", position}, {"rows", rows}, {"more", more}});
        return done();
    }
    out.say(arguments.name + " at position " + with_separators(static_cast<std::int64_t>(position)));
    print_rows(out, rows, definition->tables()[place]);
    if (more) out.say("... and more; --limit shows them");
    return done();
}

} // namespace

void add_projection_history_commands(CommandLine& line, Command projections)
{
    const auto arguments = std::make_shared<HistoryArguments>();
    const auto add       = [&](const char* name, const char* summary) {
        const auto command = projections.add_subcommand(name, summary);
        command.add_option("name", arguments->name, "Which projection").required();
        command.add_option("--table", arguments->row.table, "The row's table, when there are several");
        command.add_option("--limit", arguments->limit, "At most this many").check(whole_number(1));
        return command;
    };
    const auto explain_command = add("explain", "The events that changed a row, in order, with their changes");
    explain_command.add_option("key", arguments->row.key, "The row's key; with several parts, a slash between them")
        .required();
    const auto explained = [arguments] { return std::vector{arguments->name}; };
    line.on_rows(explain_command, explained, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        return explain(out, open_service->service().projections(), line.runtime().clock, *arguments);
    });

    const auto as_of_command =
        add("as-of", "The rows as they were at an earlier position or time, folded from the log");
    as_of_command.add_option("key", arguments->row.key, "Only the row of this key");
    const auto moment = as_of_command.add_choice("moment", "The moment");
    moment.add_option("--position", arguments->position, "Up to the event at this position").check(whole_number());
    moment
        .add_option("--time", arguments->time,
                    "Up to the last event recorded by then (UTC, or with an offset such as +01:00)")
        .check(point_in_time());
    line.on(
        as_of_command,
        [&line, arguments](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(auto* const open_service, line.open());
            return as_of(out, open_service->service(), *arguments);
        },
        DirectoryUse::reading);
}

} // namespace eventloom
