#include "commands/own_commands.hpp"

#include "command_line_state.hpp"
#include "host/directory_holder.hpp"
#include "host/directory_rights.hpp"

#include <eventloom/eventstore/repair.hpp>
#include <eventloom/service/output.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

// A repair does not stop at Ctrl-C before it is done.
void show(Progress& progress, Position at)
{
    static_cast<void>(progress.at(at, 0));
}

// `data` as whoever asks calls it.
result<void> show_info(Output& out, const Engine& log, const EngineKind& kind, const std::string& data)
{
    BOOST_OUTCOME_TRY(const auto known, log.upkeep->properties());
    Json properties{{"directory", kind.place_of_log(data)}};
    for (const StoreProperty& property : known.properties) {
        std::visit([&](const auto& value) { properties[property.name] = value; }, property.value);
    }
    properties["files and directories open to others"] = count_open_to_others(data);
    out.properties(properties);
    for (const auto& notice : known.notices) out.say(notice);
    return done();
}

// Why some events, or all, are still not clustered when everything was done.
void say_unclustered(Output& out, const CompactReport& left)
{
    if (left.waiting == 0) return;
    const auto number = [](Position of) { return with_separators(static_cast<std::int64_t>(of)); };
    out.say("Not clustered: the last " + number(left.waiting) + " events, " +
            (left.least == 0
                 ? "because this store is opened without clusters."
                 : "because " + number(left.least) + " of them are needed for a cluster; they are read from the log."));
}

result<void> verify(Output& out, const Engine& log, const Clock& clock, const std::string& data)
{
    const auto open = count_open_to_others(data);

    Progress progress{out.console(), clock, "verifying the log"};
    BOOST_OUTCOME_TRY(const auto report,
                      log.upkeep->verify([&](Position at) { return progress.at(at, log.store->head()); }));
    progress.finish();
    if (out.json()) {
        auto findings = Json::array();
        for (const auto& finding : report.findings) {
            findings.push_back(
                {{"position", finding.position}, {"code", finding.code}, {"sentence", finding.sentence}});
        }
        out.properties({{"events", report.events},
                        {"index_entries", report.index_entries},
                        {"findings_total", report.findings_total},
                        {"findings", findings},
                        {"open_to_others", open}});
    } else {
        out.properties(
            {{"events", report.events}, {"index entries", report.index_entries}, {"findings", report.findings_total}});
        for (const auto& finding : report.findings) out.say(finding.sentence);
        if (open > 0) out.say(open_to_others(data).sentence);
    }
    if (report.findings_total == 0) return done();
    return fail(Failure::corrupt, "store-damaged",
                fmt::format("verified the log and found {} damaged things; the first: {}", report.findings_total,
                            report.findings.front().sentence));
}

result<void> repair(Output& out, const Runtime& runtime, const std::string& directory)
{
    Progress progress{out.console(), runtime.clock, "reading the log"};
    auto repaired = repair_store(runtime, directory, [&](Position at) { show(progress, at); });
    progress.finish();
    BOOST_OUTCOME_TRY(const auto report, std::move(repaired));
    if (out.json()) {
        out.properties({{"events", report.events}, {"mended", report.mended}});
        return done();
    }
    const auto events = with_separators(static_cast<std::int64_t>(report.events));
    if (report.mended.empty())
        out.say("Nothing to repair: the log of " + events + " events and all other files are undamaged.");
    for (const auto& part : report.mended)
        out.say("Built the " + part + " again from the log of " + events + " events.");
    return done();
}

std::string left_out(const SalvageReport& report)
{
    if (not report.left_out()) return "No known event was left out.";
    return fmt::format("Left out: the positions {} to {}, because of damage after the last event that was saved.",
                       report.events + 1, report.last_known);
}

// What is saved is a store in a data directory of its own, to be used with --data.
result<void> cut_to(Output& out, const CommandLine& line, const std::string& directory, const std::string& into)
{
    Progress progress{out.console(), line.runtime().clock, "saving events"};
    auto saved = salvage_store(line.runtime(), directory, line.engine().place_of_log(into),
                               [&](Position at) { show(progress, at); });
    progress.finish();
    BOOST_OUTCOME_TRY(const auto report, std::move(saved));
    if (out.json()) {
        out.properties({{"directory", into},
                        {"events", report.events},
                        {"left_out_from", report.left_out() ? Json(report.events + 1) : Json(nullptr)},
                        {"left_out_to", report.left_out() ? Json(report.last_known) : Json(nullptr)},
                        {"damage", report.damage},
                        {"notes", report.notes}});
        return done();
    }
    out.say(fmt::format("Saved the positions 1 to {} in {}, and verified them.", report.events, into));
    out.say(left_out(report));
    if (not report.damage.empty()) out.say("The first damage: " + report.damage);
    for (const auto& note : report.notes) out.say("A file of the damaged store: " + note + ".");
    out.say("Nothing was changed in " + directory + ".");
    return done();
}

void add_repair_command(CommandLine& line, Command store)
{
    const auto mend = store.add_subcommand("repair", "Build the damaged files beside the log again from the log");
    const auto into = std::make_shared<std::string>();
    mend.add_option("--cut-to", *into, "For damage in the log itself: save the events before it in this new directory")
        .type_name("DIRECTORY");
    line.on(
        mend,
        [&line, into](Output& out) -> result<void> {
            const auto data = line.data_directory();
            BOOST_OUTCOME_TRY(const bool is_there, line.engine().has_log(line.runtime(), data));
            if (not is_there) return no_data(line, data);
            const auto log = line.engine().place_of_log(data);
            return into->empty() ? repair(out, line.runtime(), log) : cut_to(out, line, log, line.path_of(*into));
        },
        DirectoryUse::alone);
}

// Changes only rights, never the content of files, so a running service does not notice.
void add_protect_command(CommandLine& line, Command store)
{
    line.on(
        store.add_subcommand("protect", "Deny other users of this machine all access to the data directory"),
        [&line](Output& out) -> result<void> {
            const auto data = line.data_directory();
            BOOST_OUTCOME_TRY(const bool is_there, line.engine().has_log(line.runtime(), data));
            if (not is_there) return no_data(line, data);
            BOOST_OUTCOME_TRY(const auto count, take_rights_of_others(data));
            if (out.json()) out.properties({{"directory", data}, {"closed", count}});
            out.say(count == 0 ? "Nothing in " + data + " was open to others."
                               : "Closed " + with_separators(static_cast<std::int64_t>(count)) +
                                     " files and directories of " + data + " to others.");
            return done();
        },
        DirectoryUse::none);
}

} // namespace

void add_store_commands(CommandLine& line)
{
    const auto store =
        line.app().add_subcommand("store", "The event store: show, verify, repair, back up, move and shrink it");
    store.require_subcommand();
    const auto can = line.engine().abilities();
    if (can.scavenges) add_scavenge_command(line, store);
    const auto on_log = [&line, store](const char* name, DirectoryUse use, const char* summary, auto look) {
        line.on(
            store.add_subcommand(name, summary),
            [&line, look](Output& out) { return with_log(line, [&](const Engine& log) { return look(out, log); }); },
            use);
    };
    on_log(
        "info", DirectoryUse::reading, "Where the store is, how large, and how it is stored",
        [&line](Output& out, const Engine& log) { return show_info(out, log, line.engine(), line.data_directory()); });
    on_log("verify", DirectoryUse::reading, "Read every record and every index, and compare them",
           [&line](Output& out, const Engine& log) {
               return verify(out, log, line.runtime().clock, line.data_directory());
           });
    if (can.compacts) {
        on_log("compact", DirectoryUse::shared, "Build the pending stream clusters now",
               [&line](Output& out, const Engine& log) -> result<void> {
                   BOOST_OUTCOME_TRY(const auto left, log.upkeep->compact());
                   BOOST_OUTCOME_TRY(show_info(out, log, line.engine(), line.data_directory()));
                   say_unclustered(out, left);
                   return done();
               });
    }
    if (can.repairs) add_repair_command(line, store);
    add_protect_command(line, store);
    add_exchange_commands(line, store);
    add_erasure_commands(line, store);
    if (can.backs_up) add_backup_commands(line, store);
}

result<void> with_log(CommandLine& line, const std::function<result<void>(const Engine&)>& look)
{
    if (line.is_running_service()) {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        return look(open_service->service().engine());
    }
    BOOST_OUTCOME_TRY(const auto directory, line.state().directory_to_open());
    auto log = line.engine().open(line.runtime(), {.directory = directory, .create_if_missing = false});
    if (log) return look(log.value());
    if (log.error().code == "no-such-database") return no_data(line, line.data_directory());
    if (line.state().reads_a_view_instead(log.error())) return with_log(line, look);
    return with_holder(std::move(log.error()), line.runtime(), line.engine(), line.data_directory());
}

} // namespace eventloom
