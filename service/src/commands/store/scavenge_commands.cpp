#include "commands/own_commands.hpp"

#include "command_line_state.hpp"
#include "commands/consent.hpp"

#include <eventloom/framework/detail/engine.hpp>
#include <eventloom/service/output.hpp>

namespace eventloom {

namespace {

result<void> scavenge(Output& out, const Engine& log, const Clock& clock, const ScavengeOptions& options)
{
    Progress progress{out.console(), clock, options.dry_run ? "looking for removable events" : "scavenging the log"};
    const auto head = log.store->head();
    BOOST_OUTCOME_TRY(const auto report,
                      log.upkeep->scavenge(options, [&](Position at) { return progress.at(at, head); }));
    progress.finish();
    out.properties({{"dry_run", options.dry_run},
                    {"resumed", report.resumed},
                    {"events", report.events},
                    {"bytes", report.bytes},
                    {"streams", report.streams},
                    {"log_bytes_before", report.bytes_before},
                    {"log_bytes_after", report.bytes_after}});
    if (options.dry_run) out.say("Nothing was changed; this much would be removed.");
    return done();
}

} // namespace

void add_scavenge_command(CommandLine& line, Command store)
{
    const auto options = std::make_shared<ScavengeOptions>();
    const auto yes     = std::make_shared<bool>(false);
    const auto command = store.add_subcommand(
        "scavenge", "Remove the events that deleted and limited streams no longer show, and free their disk space");
    command.add_flag("--dry-run", options->dry_run, "Show what would be removed, and change nothing");
    command.add_option("--bytes-per-second", options->bytes_per_second, "Read and write at most this fast")
        .check(whole_number(1));
    command.add_flag("--yes", *yes, "Confirm: this cannot be undone");
    line.on(command, [&line, options, yes](Output& out) -> result<void> {
        if (not options->dry_run) {
            BOOST_OUTCOME_TRY(require_consent(*yes, "take events out of the log that no reader of a stream sees"));
        }
        return with_log(line, [&](const Engine& log) { return scavenge(out, log, line.runtime().clock, *options); });
    });
}

} // namespace eventloom
