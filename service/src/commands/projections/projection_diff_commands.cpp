#include "commands/own_commands.hpp"

#include "command_line_state.hpp"
#include "compare/event_frames.hpp"
#include "compare/other_program.hpp"
#include "compare/row_changes.hpp"
#include "compare/rows_compared.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/output.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>

#include <filesystem>
#include <poll.h>
#include <unistd.h>

namespace eventloom {

namespace {

constexpr int input_wait_ms = 100;

struct DiffArguments {
    std::string name;
    std::string against;
    std::uint64_t limit = 10;
    std::string scratch;
};

// Reads what another program sends, until the command is stopped.
EventFrameReader::Read standard_input(const Console& console)
{
    return [&console](char* into, std::size_t most) -> result<std::size_t> {
        for (;;) {
            BOOST_OUTCOME_TRY(console.go_on());
            pollfd input{STDIN_FILENO, POLLIN, 0};
            if (::poll(&input, 1, input_wait_ms) <= 0) continue;
            const auto come = ::read(STDIN_FILENO, into, most);
            if (come >= 0) return static_cast<std::size_t>(come);
            if (errno != EINTR && errno != EAGAIN) return std::size_t{0}; // its end is then missing, and said to be
        }
    };
}

result<void> fold(Output& out, Projections& projections, const std::string& name)
{
    Console& console = out.console();
    BOOST_OUTCOME_TRY(const auto empty, projections.rows_now(name));
    say_fold_head(console, empty.definition());
    EventFrameReader events{standard_input(console)};
    BOOST_OUTCOME_TRY(const auto rows, projections.fold(name, [&] { return events.next(); }));
    return say_rows(console, rows);
}

// The rows on the other side, and what is to be said of them.
struct Against {
    std::uint32_t version = 0;
    Position position     = 0;
    RowsCompared compared;
};

Json counts_of(const RowsCompared::Counts& counts)
{
    return {{"same", counts.same}, {"added", counts.added}, {"gone", counts.gone}, {"changed", counts.changed}};
}

Json example_of(const RowsCompared::Example& example)
{
    const auto changed = changed_columns(example.before, example.after);
    auto columns       = Json::array();
    for (const auto& [name, column] : changed.items()) columns.push_back(name);
    const auto before = row_object(example.before);
    const auto after  = row_object(example.after);
    const auto member = [](const Json& row, const char* name) { return row.is_object() ? row[name] : Json(); };
    return {{"table", example.table},
            {"what", example.what},
            {"key", member(example.after ? after : before, "key")},
            {"columns", example.what == "changed" ? columns : Json::array()},
            {"before", member(before, "row")},
            {"after", member(after, "row")}};
}

void show_as_json(Output& out, const DiffArguments& arguments, const RowsAsJson& ours, Position position,
                  std::uint32_t version, const Against& against)
{
    auto tables = Json::array();
    for (const auto& [name, counts] : against.compared.tables()) {
        Json table{{"table", name}};
        table.update(counts_of(counts));
        tables.push_back(std::move(table));
    }
    auto examples = Json::array();
    for (const auto& example : against.compared.examples()) examples.push_back(example_of(example));
    out.properties({{"projection", ours.definition().name()},
                    {"version", version},
                    {"position", position},
                    {"against", arguments.against},
                    {"against_version", against.version},
                    {"against_position", against.position},
                    {"differences", against.compared.differences()},
                    {"tables", tables},
                    {"examples", examples}});
}

std::string in_words(const RowsCompared::Example& example, const UntypedProjection& definition)
{
    const auto place   = find_table(definition, example.table);
    const auto to_show = [&](const std::optional<std::string>& row) { // another program may have other tables
        return place ? as_people_read(row, definition.tables()[place.value()]) : row;
    };
    const auto changed = changed_columns(to_show(example.before), to_show(example.after));
    if (example.what != "gone") return columns_in_words(changed, example.before.has_value());
    std::string words;
    for (const auto& [name, column] : changed.items()) {
        words += (words.empty() ? "" : ", ") + name + " " + short_text(column["before"]);
    }
    return words;
}

void show_to_people(Output& out, const DiffArguments& arguments, const UntypedProjection& definition, Position position,
                    std::uint32_t version, const Against& against)
{
    const auto at = [](Position where) { return with_separators(static_cast<std::int64_t>(where)); };
    out.say(fmt::format("{} version {} at position {}, against version {} at position {} of {}", arguments.name,
                        version, at(position), against.version, at(against.position), printable(arguments.against)));
    const auto& compared = against.compared;
    TableRows counted;
    for (const auto& [name, counts] : compared.tables()) {
        counted.push_back(
            {name.empty() ? arguments.name : name, counts.same, counts.added, counts.gone, counts.changed});
    }
    out.table(
        {{"table"}, {"same", Align::right}, {"added", Align::right}, {"gone", Align::right}, {"changed", Align::right}},
        counted);
    if (compared.differences() == 0) return out.say("No row would change.");
    TableRows examples;
    for (const auto& example : compared.examples()) {
        const auto row = row_object(example.after ? example.after : example.before);
        examples.push_back({example.table.empty() ? arguments.name : example.table, example.what,
                            short_text(row["key"]), in_words(example, definition)});
    }
    if (not examples.empty()) out.table({{"table"}, {"row"}, {"key"}, {"columns"}}, examples);
    if (compared.differences() > examples.size()) {
        out.say("... and " + at(compared.differences() - examples.size()) + " more; --limit shows them");
    }
}

// With another program's code, from the events that are in our rows.
result<void> compare_with_program(const std::string& path, const RowsAsJson& ours, Service& service, Output& out,
                                  Against& against)
{
    const auto& name = ours.definition().name();
    BOOST_OUTCOME_TRY(const auto other, OtherProgram::start(path, name, out.console()));
    Progress progress{out.console(), service.runtime().clock, "folding " + name};
    BOOST_OUTCOME_TRY(other->send_events(service.plaintext_store(), ours,
                                         [&](Position at, Position head) { return progress.at(at, head); }));
    progress.finish();
    KeptRows before{ours};
    auto compared = against.compared.compare(before, other->rows(), out.console());
    if (not compared) return other->why(std::move(compared.error()));
    against.version = other->version();
    BOOST_OUTCOME_TRY(against.position, ours.position());
    return done();
}

// Compares with the rows in another directory, as they are.
result<void> compare_with_directory(const std::string& directory, const RowsAsJson& ours, Service& service, Output& out,
                                    Against& against)
{
    BOOST_OUTCOME_TRY(const auto theirs,
                      service.projections().rows_in(directory + "/projections", ours.definition().name()));
    KeptRows before{ours};
    KeptRows after{theirs};
    BOOST_OUTCOME_TRY(against.compared.compare(before, after, out.console()));
    BOOST_OUTCOME_TRY(against.version, theirs.version());
    BOOST_OUTCOME_TRY(against.position, theirs.position());
    return done();
}

result<void> diff(Output& out, Service& service, const DiffArguments& arguments, const std::string& path)
{
    BOOST_OUTCOME_TRY(const auto ours, service.projections().rows_now(arguments.name));
    BOOST_OUTCOME_TRY(const Position position, ours.position());
    BOOST_OUTCOME_TRY(const auto version, ours.version());
    Against against{.compared = RowsCompared{arguments.limit}};
    std::error_code none;
    BOOST_OUTCOME_TRY(std::filesystem::is_directory(path, none)
                          ? compare_with_directory(path, ours, service, out, against)
                          : compare_with_program(path, ours, service, out, against));
    if (out.json()) {
        show_as_json(out, arguments, ours, position, version, against);
    } else {
        show_to_people(out, arguments, ours.definition(), position, version, against);
    }
    return done();
}

} // namespace

void add_projection_diff_commands(CommandLine& line, Command projections)
{
    const auto arguments    = std::make_shared<DiffArguments>();
    const auto diff_command = projections.add_subcommand(
        "diff", "Show which rows another build of this program would change, before it is installed");
    diff_command.add_option("name", arguments->name, "Which projection").required();
    diff_command
        .add_option(
            "--against", arguments->against,
            "The path of the other program; or the data directory of a copy, to compare the rows that are there")
        .required();
    diff_command.add_option("--limit", arguments->limit, "At most this many examples").check(whole_number());
    const auto compared = [arguments] { return std::vector{arguments->name}; };
    line.on_rows(diff_command, compared, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        return diff(out, open_service->service(), *arguments, line.path_of(arguments->against));
    });

    const auto fold_command = projections.add_subcommand(
        "fold", "Fold the events that `diff` sends on standard input, and write the rows: for programs");
    fold_command.add_option("name", arguments->name, "Which projection").required();
    fold_command.add_option("--scratch", arguments->scratch, "A directory for the rows while it works");
    line.on(
        fold_command,
        [&line, arguments](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(const auto scratch, ScratchDirectory::make(arguments->scratch));
            BOOST_OUTCOME_TRY(const auto beside, line.state().open(line.state().place.runtime, scratch->path(), true));
            return fold(out, beside->service().projections(), arguments->name);
        },
        DirectoryUse::none);
}

} // namespace eventloom
