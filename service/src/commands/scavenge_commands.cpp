#include <eventloom/service/arguments.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/progress.hpp>

#include "commands/consent.hpp"

#include <nlohmann/json.hpp>

namespace eventloom {

namespace {

result<void> scavenge(Output& out, LevelDbStore& store, const Clock& clock, const ScavengeOptions& options)
{
    Progress progress{out.console(), clock, options.dry_run ? "looking for what would go" : "scavenging the log"};
    const auto head = store.head();
    BOOST_OUTCOME_TRY(const auto report, store.scavenge(options, [&](Position at) { return progress.at(at, head); }));
    progress.finish();
    out.facts({{"dry_run", options.dry_run},
               {"resumed", report.resumed},
               {"events", report.events},
               {"bytes", report.bytes},
               {"streams", report.streams},
               {"log_bytes_before", report.bytes_before},
               {"log_bytes_after", report.bytes_after}});
    if (options.dry_run) out.say("Nothing was changed; so much would go.");
    return done();
}

} // namespace

void CommandLine::add_scavenge_command(CLI::App& store)
{
    const auto options = std::make_shared<ScavengeOptions>();
    const auto yes     = std::make_shared<bool>(false);
    auto* command      = store.add_subcommand(
             "scavenge",
             "Take out of the log what deleted and limited streams leave nobody to read, and give the room back");
    command->add_flag("--dry-run", options->dry_run, "Say what would go, and change nothing");
    command->add_option("--bytes-per-second", options->bytes_per_second, "Read and write no faster")
        ->check(whole_number(1));
    command->add_flag("--yes", *yes, "For what cannot be undone");
    on(command, [this, options, yes](Output& out) -> result<void> {
        if (not options->dry_run) {
            BOOST_OUTCOME_TRY(require_consent(*yes, "take events out of the log that no reader of a stream sees"));
        }
        return with_log([&](LevelDbStore& log) { return scavenge(out, log, runtime().clock, *options); });
    });
}

} // namespace eventloom
