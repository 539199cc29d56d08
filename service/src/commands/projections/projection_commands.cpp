#include "commands/own_commands.hpp"

#include "command_line_state.hpp"
#include "commands/projections/projection_status.hpp"
#include "commands/projections/projection_watch.hpp"
#include "commands/watching.hpp"
#include "compare/row_changes.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/output.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

result<std::vector<std::string>> chosen_names(const Projections& projections, const std::vector<std::string>& names,
                                              bool all)
{
    if (all == not names.empty()) {
        return fail(Failure::invalid, "no-projection-named",
                    "asked for projections and found neither names nor --all, or both; give one of them");
    }
    if (not all) return names;
    std::vector<std::string> every;
    for (const auto& status : projections.status()) every.push_back(status.name);
    return every;
}

// What a rebuild of `names` answers when some of them failed: of one, its own error.
result<void> answer_of(const std::vector<RebuildReport>& reports)
{
    std::vector<const RebuildReport*> failed;
    for (const auto& report : reports) {
        if (report.error) failed.push_back(&report);
    }
    if (failed.empty()) return done();
    const auto& first = *failed.front();
    if (reports.size() == 1) return *first.error;
    return fail(first.error->kind, "projections-not-rebuilt",
                fmt::format("asked to rebuild {} projections and found {} that failed ({}: {}); queries see the old "
                            "rows of these and new rows of the others",
                            reports.size(), failed.size(), first.name, first.error->sentence));
}

result<void> rebuild(Output& out, Projections& projections, const Clock& clock, const std::vector<std::string>& names)
{
    const auto what = names.size() == 1 ? names.front() : std::to_string(names.size()) + " projections";
    Progress progress{out.console(), clock, "rebuilding " + what};
    result<void> wanted = done();
    BOOST_OUTCOME_TRY(const auto reports, projections.rebuild(names, [&](Position at, Position head) {
        wanted = progress.at(at, head);
        return wanted;
    }));
    progress.finish();
    if (not wanted) return wanted;

    TableRows rows;
    for (const auto& report : reports) {
        if (report.error) {
            rows.push_back({report.name, nullptr, nullptr, report.error->sentence});
        } else {
            rows.push_back({report.name, report.events, report.rows, nullptr});
        }
    }
    out.table({{"projection"}, {"events", Align::right}, {"rows", Align::right}, {"error"}}, rows);
    BOOST_OUTCOME_TRY(say_what_is_unknown(out, projections, names));
    return answer_of(reports);
}

// One row, in its place.
result<void> repair(Output& out, Projections& projections, const Clock& clock, const std::vector<std::string>& names,
                    const RowName& row)
{
    if (names.size() != 1) {
        return fail(
            Failure::invalid, "row-of-several",
            fmt::format("asked to rebuild the row {} in {} projections; name one", printable(row.key), names.size()));
    }
    Progress progress{out.console(), clock, "folding " + names.front()};
    BOOST_OUTCOME_TRY(const auto report, projections.repair(names.front(), row, [&](Position at, Position head) {
        return progress.at(at, head);
    }));
    progress.finish();
    const auto& [position, before, after, entries] = report;
    const bool is_known                            = before || after;
    const std::string what                         = not is_known      ? "there is none, and the log gives none"
                                                     : before == after ? "as it was"
                                                     : not before      ? "made"
                                                     : not after       ? "removed"
                                                                       : "changed";
    out.properties({{"projection", names.front()},
                    {"key", row.key},
                    {"position", position},
                    {"row", what},
                    {"index_entries_put_right", entries},
                    {"before", row_object(before)},
                    {"after", row_object(after)}});
    return done();
}

result<void> verify_rows(Output& out, Projections& projections, const Clock& clock,
                         const std::vector<std::string>& names)
{
    TableRows rows;
    std::vector<std::string> sentences;
    std::vector<std::string> left_out; // what no rows are made of
    for (const auto& name : names) {
        Progress progress{out.console(), clock, "verifying " + name};
        BOOST_OUTCOME_TRY(const auto report,
                          projections.verify(name, [&](Position at, Position head) { return progress.at(at, head); }));
        progress.finish();
        auto differences = Json::array();
        for (const auto& difference : report.differences) {
            differences.push_back(difference.sentence);
            sentences.push_back(name + ": " + difference.sentence);
        }
        BOOST_OUTCOME_TRY(const auto unknown, projections.unknown_events(name));
        if (not unknown.empty()) left_out.push_back(name + ": " + to_sentence(unknown));
        rows.push_back({name, report.position, report.rows, report.differences_total});
        if (out.json()) rows.back().push_back(differences);
    }
    std::vector<Column> columns{
        {"projection"}, {"position", Align::right}, {"rows", Align::right}, {"differences", Align::right}};
    if (out.json()) columns.push_back({"first differences"});
    out.table(columns, rows);
    for (const auto& sentence : sentences) out.say(printable(sentence));
    if (sentences.empty()) {
        if (left_out.empty()) return done();
        return fail(Failure::corrupt, "unknown-event-type",
                    "compared the read models with the log and found no difference, but of " + left_out.front());
    }
    return fail(Failure::corrupt, "projection-differs",
                "compared the read models with the log and found differences (" + sentences.front() +
                    "); rebuild the projection");
}

result<void> drop(Output& out, Projections& projections, const Clock&, const std::vector<std::string>& names)
{
    TableRows rows;
    for (const auto& name : names) {
        BOOST_OUTCOME_TRY(projections.drop(name));
        rows.push_back({name, true});
    }
    out.table({{"projection"}, {"dropped"}}, rows);
    return done();
}

// Pauses or resumes.
template <result<void> (Projections::*Change)(std::string_view)>
result<void> change(Output& out, Projections& projections, const Clock&, const std::vector<std::string>& names)
{
    for (const auto& name : names) {
        BOOST_OUTCOME_TRY((projections.*Change)(name));
    }
    return show_status(out, projections);
}

} // namespace

void add_projection_commands(CommandLine& line)
{
    const auto projections = line.app().add_subcommand(
        "projections", "The read models: list, status, rebuild, verify, diff, explain, as-of, pause, resume, drop");
    projections.require_subcommand();
    const auto is_watched = std::make_shared<bool>(false);
    const auto show       = [&line, is_watched](Output& out) -> result<void> {
        if (*is_watched) {
            BOOST_OUTCOME_TRY(check_may_watch(line));
        }
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        if (*is_watched) return watch_projections(out, open_service->service());
        return show_status(out, open_service->service().projections());
    };
    line.on(projections.add_subcommand("list", "All projections, with their positions and states"), show,
            DirectoryUse::reading);
    const auto status = projections.add_subcommand("status", "The same as list; with --watch, kept up to date");
    status.add_flag("--watch", *is_watched, "Update until Ctrl-C, with rates; in a pipe, a line for each change");
    line.on(status, show, DirectoryUse::reading);

    struct Chosen {
        std::vector<std::string> names;
        bool all = false;
    };
    const auto add = [&](const char* name, const char* summary, auto action) {
        const auto chosen    = std::make_shared<Chosen>();
        const auto command   = projections.add_subcommand(name, summary);
        const bool is_verify = std::string_view{name} == "verify";
        command.add_option("names", chosen->names, "Which projections");
        command.add_flag("--all", chosen->all, "All projections");
        line.on(
            command,
            [&line, chosen, action, is_verify](Output& out) -> result<void> {
                BOOST_OUTCOME_TRY(auto* const open_service, line.open());
                auto& all = open_service->service().projections();
                BOOST_OUTCOME_TRY(const auto names, chosen_names(all, chosen->names, chosen->all));
                if (is_verify) {
                    BOOST_OUTCOME_TRY(see_to_rows(line, out, names));
                }
                return action(out, all, line.runtime().clock, names);
            },
            is_verify ? DirectoryUse::reading : DirectoryUse::shared);
        return command;
    };
    const auto row = std::make_shared<RowName>();
    const auto rebuilt =
        add("rebuild", "Build the rows again from the log; queries see the old rows until the new ones have caught up",
            [row](Output& out, Projections& all, const Clock& clock, const std::vector<std::string>& names) {
                return row->key.empty() ? rebuild(out, all, clock, names) : repair(out, all, clock, names, *row);
            });
    const auto partition =
        rebuilt.add_option("--partition", row->key, "Only the row of this key, and its index entries");
    rebuilt.add_option("--table", row->table, "The row's table, when there are several").needs(partition);
    add("verify", "Fold the log again and compare every byte of the rows", verify_rows);
    add("pause", "Stop handling events, also after a restart; queries still see the rows", change<&Projections::pause>);
    add("resume", "Handle events again after a pause", change<&Projections::resume>);
    add("drop", "Remove the rows; those of this program's projections are built again when the service runs", drop);
    add_projection_history_commands(line, projections);
    add_projection_diff_commands(line, projections);
}

} // namespace eventloom
