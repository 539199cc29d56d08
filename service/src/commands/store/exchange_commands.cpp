#include "commands/own_commands.hpp"

#include "command_line_state.hpp"
#include "exchange/cloud_events.hpp"
#include "exchange/history_export.hpp"
#include "exchange/history_import.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/output.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/plain_files.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

result<void> write_to_console(Output& out, const EventHistory& history)
{
    const TakeText take = [&](std::string_view text) -> result<void> {
        out.console().out(text);
        return out.console().go_on();
    };
    BOOST_OUTCOME_TRY(export_history(history, take, [&](Position) { return out.console().go_on(); }));
    return done();
}

result<void> say_what_would_be_exported(Output& out, const Runtime& runtime, const Engine& log, const std::string& file)
{
    if (file != "-") {
        BOOST_OUTCOME_TRY(check_export(runtime, file));
    }
    const auto events     = log.store->head();
    std::uint64_t streams = 0;
    BOOST_OUTCOME_TRY(log.history->visit_streams([&](std::string_view, std::uint64_t) { ++streams; }));
    if (out.json()) {
        out.properties({{"file", file}, {"events", events}, {"streams", streams}, {"written", false}});
    } else {
        out.say("Would export " + counted(events, "event") + " of " + counted(streams, "stream") + " into " + file +
                ". Nothing was written.");
    }
    return done();
}

result<void> write_to_file(Output& out, const Runtime& runtime, const Engine& log, const std::string& file)
{
    Progress progress{out.console(), runtime.clock, "exporting the log"};
    BOOST_OUTCOME_TRY(const auto report, export_history(runtime, *log.history, file, [&](Position reached) {
                          return progress.at(reached, log.store->head());
                      }));
    progress.finish();
    if (out.json()) {
        out.properties({{"file", file}, {"events", report.events}, {"resumed_at", report.resumed_at}});
        return done();
    }
    if (report.resumed_at > 0)
        out.say(fmt::format("Continued after position {}, where an earlier export ended.", report.resumed_at));
    out.say("Exported " + counted(report.events, "event") + " into " + file + ".");
    return done();
}

// For other programs: an event a line, its data in words.
result<void> write_readable(Output& out, const EventHistory& history,
                            const std::function<std::string(const RecordedEvent&)>& data_of)
{
    return history.visit_history(1,
                                 {.event = [&](const RecordedEvent& event) -> result<void> {
                                      out.console().out(cloud_events::readable_line_of(event, data_of(event)) + "\n");
                                      return out.console().go_on();
                                  },
                                  .command = [](const CommandRecord&) { return done(); }});
}

result<void> import_file(Output& out, const Runtime& runtime, EngineKind& engine, const std::string& file,
                         const std::string& directory, bool only_looks, std::optional<Time> latest)
{
    const auto size  = file_size(runtime, file);
    const auto bytes = size ? size.value() : 0; // not there: reading it says so
    Progress progress{out.console(), runtime.clock, only_looks ? "reading the file" : "importing"};
    const ImportProgress tell = [&](std::uint64_t read) { return progress.at(read, bytes); };
    BOOST_OUTCOME_TRY(const auto report, only_looks ? check_import(runtime, file, tell)
                                                    : import_history(runtime, engine, file, directory, tell, latest));
    progress.finish();
    if (out.json()) {
        out.properties({{"file", file},
                        {"events", report.events},
                        {"commands", report.commands},
                        {"found_there", report.found},
                        {"imported", report.is_new}});
        return done();
    }
    const auto what = counted(report.events, "event") + " and " + counted(report.commands, "command");
    if (only_looks) {
        out.say("Would import " + what + ": every line is complete and in the right order. Nothing was written.");
    } else if (report.is_new) {
        if (report.found > 0) out.say(fmt::format("Continued after position {}.", report.found));
        out.say("Imported " + what + " into " + directory + ", and verified them.");
    } else {
        out.say("Compared " + what + " with the store in " + directory +
                ": it holds exactly these. Nothing was written.");
    }
    return done();
}

} // namespace

void add_exchange_commands(CommandLine& line, Command store)
{
    struct Arguments {
        std::string file;
        bool readable   = false;
        bool only_looks = false;
        std::string latest;
    };
    const auto arguments = std::make_shared<Arguments>();

    const auto exporting = store.add_subcommand("export", "Write the whole history as CloudEvents, one on each line");
    exporting.add_option("file", arguments->file, "The file to write; - is standard output")
        .required()
        .check(not_empty());
    const auto readable = exporting.add_flag(
        "--readable", arguments->readable, "For other programs: data as JSON, to standard output; cannot be imported");
    exporting.add_flag("--dry-run", arguments->only_looks, "Show what would be written").excludes(readable);
    line.on(exporting, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        const Engine& log = open_service->service().engine();
        const auto file   = arguments->file == "-" ? arguments->file : line.path_of(arguments->file);
        if (file != "-") {
            BOOST_OUTCOME_TRY(line.check_outside_data(file));
        }
        if (arguments->only_looks) return say_what_would_be_exported(out, line.runtime(), log, file);
        if (arguments->readable && arguments->file != "-") {
            return fail(Failure::invalid, "readable-to-a-file",
                        "asked for a readable export into " + arguments->file +
                            ", but it can only go to standard output; give - and redirect the output");
        }
        if (arguments->readable)
            return write_readable(out, *log.history,
                                  [&line](const RecordedEvent& event) { return event_json(line, event); });
        if (file == "-") return write_to_console(out, *log.history);
        return write_to_file(out, line.runtime(), log, file);
    });

    const auto importing = store.add_subcommand("import", "Make a store from a file of `store export`");
    importing.add_option("file", arguments->file, "The exported file; - is standard input")
        .required()
        .check(not_empty());
    importing.add_flag("--dry-run", arguments->only_looks, "Only read the file, and check that it is complete");
    importing
        .add_option("--no-later-than", arguments->latest,
                    "Later times of recording become this time (UTC): for a store whose clock was ahead")
        .check(point_in_time());
    line.on(
        importing,
        [&line, arguments](Output& out) -> result<void> {
            const auto latest = arguments->latest.empty() ? std::nullopt : parse_time(arguments->latest);
            BOOST_OUTCOME_TRY(const auto file, line.file_to_read(arguments->file));
            return import_file(out, line.runtime(), line.engine(), file, line.data_directory(), arguments->only_looks,
                               latest);
        },
        DirectoryUse::alone);
}

} // namespace eventloom
