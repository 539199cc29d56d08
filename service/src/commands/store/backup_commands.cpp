#include "commands/own_commands.hpp"

#include "command_line_state.hpp"
#include "commands/consent.hpp"

#include <eventloom/eventstore/backup.hpp>
#include <eventloom/framework/time.hpp>
#include <eventloom/messaging/group_backups.hpp>
#include <eventloom/messaging/groups.hpp>
#include <eventloom/service/output.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>
namespace eventloom {

namespace {

std::string grouped(std::uint64_t number)
{
    return with_separators(static_cast<std::int64_t>(number));
}

// A bar for each step of the work, one after the other.
class Steps {
public:
    Steps(Output& out, const Clock& clock) : out_{out}, clock_{clock} {}

    BackupProgress progress()
    {
        return [this](BackupStep step, std::uint64_t done, std::uint64_t total) {
            if (not bar_ || step != step_) begin(step);
            return bar_->at(done, total);
        };
    }
    void finish() { bar_.reset(); }

private:
    static std::string_view name_of(BackupStep step)
    {
        switch (step) {
        case BackupStep::reading:
            return "reading bytes";
        case BackupStep::checking:
            return "checking bytes";
        case BackupStep::copying:
            return "copying bytes";
        case BackupStep::verifying:
            return "verifying the log";
        }
        return "";
    }
    void begin(BackupStep step)
    {
        bar_.reset();
        step_ = step;
        bar_  = std::make_unique<Progress>(out_.console(), clock_, std::string{name_of(step)});
    }

    Output& out_;
    const Clock& clock_;
    BackupStep step_{};
    std::unique_ptr<Progress> bar_;
};

// The checkpoints for the backup: of groups that the program has open, or that no process has open.
struct OpenGroups {
    const ConsumerGroups* open = nullptr;
    std::unique_ptr<ConsumerGroups> opened;
    std::string notice;
};

result<OpenGroups> groups_of(const Runtime& runtime, EventStore& store, const std::string& directory,
                             const ConsumerGroups* open)
{
    OpenGroups groups{open, nullptr, ""};
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, directory));
    if (open != nullptr || names.empty()) return groups;
    auto opened = ConsumerGroups::open(runtime, store, {.directory = directory});
    if (opened) {
        groups.opened = std::move(opened.value());
        groups.open   = groups.opened.get();
        return groups;
    }
    if (opened.error().code != "held-by-another-process") return std::move(opened.error());
    groups.notice =
        "The checkpoints of consumer groups are not in the backup: " + directory +
        " is already open; a program that opens it must return the groups from OpenService::consumer_groups().";
    return groups;
}

void show(Output& out, const BackupReport& report, const BackupOptions& options, const std::string& notice)
{
    if (out.json()) {
        auto properties = Json{{"backup", options.dry_run ? Json(nullptr) : Json(report.name)},
                               {"position", report.head},
                               {"files", report.files},
                               {"bytes", report.bytes},
                               {"new_files", report.new_files},
                               {"new_bytes", report.new_bytes},
                               {"linked_bytes", report.linked_bytes},
                               {"appends_held_microseconds", report.held.count()},
                               {"dry_run", options.dry_run}};
        if (not notice.empty()) properties["notice"] = notice;
        out.properties(properties);
        return;
    }
    out.say(fmt::format("{} {} events in {} files, {} bytes.",
                        options.dry_run ? "Would back up" : "Made the backup " + report.name + " of",
                        grouped(report.head), grouped(report.files), grouped(report.bytes)));
    if (options.dry_run) {
        out.say(fmt::format("{} of these files, {} bytes, would be added, as far as is known without reading "
                            "them. Nothing was changed.",
                            grouped(report.new_files), grouped(report.new_bytes)));
    } else {
        out.say(fmt::format("{} of these files, {} bytes, were added; {} of the bytes are hard links to the store's "
                            "own files.",
                            grouped(report.new_files), grouped(report.new_bytes), grouped(report.linked_bytes)));
    }
    if (not notice.empty()) out.say(notice);
}

result<void> list_kept(Output& out, const Runtime& runtime, const std::string& directory)
{
    BOOST_OUTCOME_TRY(const auto backups, list_backups(runtime, directory));
    TableRows rows;
    for (const BackupSummary& backup : backups) {
        const bool is_whole = not backup.damage;
        rows.push_back({backup.name, is_whole ? Json(to_string(backup.made)) : Json(nullptr), backup.head, backup.files,
                        backup.bytes, backup.own_bytes, is_whole ? Json(nullptr) : Json(backup.damage->sentence)});
    }
    out.table({{"backup"},
               {"made"},
               {"position", Align::right},
               {"files", Align::right},
               {"bytes", Align::right},
               {"own_bytes", Align::right},
               {"damage"}},
              rows);
    out.say(grouped(backups.size()) + " backups.");
    return done();
}

result<void> prune(Output& out, const Runtime& runtime, PruneOptions options, bool said_yes)
{
    const bool only_look = options.dry_run;
    options.dry_run      = true;
    BOOST_OUTCOME_TRY(auto report, prune_backups(runtime, options));
    if (not only_look) {
        if (not report.removed.empty()) {
            BOOST_OUTCOME_TRY(require_consent(said_yes, "remove " + grouped(report.removed.size()) + " backups"));
        }
        options.dry_run = false;
        BOOST_OUTCOME_TRY(report, prune_backups(runtime, options));
    }
    if (out.json()) {
        out.properties(
            {{"removed", report.removed}, {"files", report.files}, {"bytes", report.bytes}, {"dry_run", only_look}});
        return done();
    }
    for (const std::string& name : report.removed) out.say((only_look ? "Would remove " : "Removed ") + name + ".");
    out.say(fmt::format("{} backups{}, and {} files of {} bytes that no other needs.", grouped(report.removed.size()),
                        only_look ? " would go" : " are gone", grouped(report.files), grouped(report.bytes)));
    return done();
}

result<void> verify_backup(Output& out, const Runtime& runtime, const std::string& directory, const std::string& name)
{
    Steps steps{out, runtime.clock};
    GroupsInBackups groups;
    auto checked = verify_backup(runtime, directory, name, {&groups}, steps.progress());
    steps.finish();
    BOOST_OUTCOME_TRY(const auto check, std::move(checked));
    auto properties =
        Json{{"backup", check.name}, {"position", check.head}, {"files", check.files}, {"bytes", check.bytes}};
    properties[out.json() ? "index_entries" : "index entries"] = check.index_entries;
    properties[out.json() ? "findings_total" : "findings"]     = check.findings_total;
    if (out.json()) properties["findings"] = check.findings;
    out.properties(properties);
    for (const auto& finding : check.findings) out.say(finding);
    if (check.findings_total == 0) return done();
    return fail(Failure::corrupt, "damaged-backup",
                "verified the backup " + check.name + " and found " + grouped(check.findings_total) +
                    " damaged things; the first: " + check.findings.front() +
                    "; remove the file that it names and make a new backup, which copies it again if the store still "
                    "has it, or "
                    "use another backup");
}

result<void> restore(Output& out, const Runtime& runtime, RestoreOptions options)
{
    GroupsInBackups groups;
    options.attachments = {&groups};
    Steps steps{out, runtime.clock};
    auto restored = restore_backup(runtime, options, steps.progress());
    steps.finish();
    BOOST_OUTCOME_TRY(const auto report, std::move(restored));
    if (out.json()) {
        out.properties({{"backup", report.name},
                        {"directory", options.into},
                        {"position", report.head},
                        {"files", report.files},
                        {"bytes", report.bytes},
                        {"index_entries", report.index_entries},
                        {"verified", options.verify and not options.dry_run},
                        {"dry_run", options.dry_run}});
        return done();
    }
    if (options.dry_run) {
        out.say(
            fmt::format("Would restore {} events, {} files of {} bytes, of the backup {} into {}. Nothing was changed.",
                        grouped(report.head), grouped(report.files), grouped(report.bytes), report.name, options.into));
        return done();
    }
    out.say(fmt::format("Restored {} events of the backup {} into {}{}.", grouped(report.head), report.name,
                        options.into, options.verify ? ", and verified them" : "; they were not verified"));
    if (not report.damaged.empty()) {
        out.say(fmt::format("{} of its files are missing or damaged in the backup ({} is the first); see "
                            "with `store repair` what can be saved.",
                            report.damaged.size(), report.damaged.front()));
    }
    out.say("Read models, sagas and snapshots are built again when the service runs; `projections rebuild --all` "
            "builds the read models "
            "now.");
    return done();
}

} // namespace

void add_backup_commands(CommandLine& line, Command store)
{
    // What the words of one command say; each subcommand has its own.
    struct Words {
        std::string backups;
        std::string name;
        std::uint64_t keep = 0;
        bool dry_run       = false;
        bool copy          = false;
        bool yes           = false;
        bool unverified    = false;
    };
    const auto command = [&store](const char* name, const char* summary) {
        const auto subcommand = store.add_subcommand(name, summary);
        auto words            = std::make_shared<Words>();
        subcommand.add_option("backups", words->backups, "The directory of backups").required().check(not_empty());
        return std::pair{subcommand, std::move(words)};
    };
    const auto with_dry_run = [](Command subcommand, Words& words) {
        subcommand.add_flag("--dry-run", words.dry_run, "Show what would happen, and change nothing");
    };
    const auto with_name = [](Command subcommand, Words& words) {
        subcommand.add_option("name", words.name, "The backup's name (default: the newest)").check(not_empty());
    };

    const auto [make, making] = command("backup", "Make a backup; the service may run or not");
    make.add_flag("--copy", making->copy, "Copy files instead of making hard links");
    with_dry_run(make, *making);
    line.on(make, [&line, words = making](Output& out) {
        return with_log(line, [&](const Engine& log) -> result<void> {
            auto directory                    = line.data_directory();
            const ConsumerGroups* open_groups = nullptr;
            if (line.is_running_service()) {
                BOOST_OUTCOME_TRY(auto* const running, line.open());
                directory   = running->service().directory();
                open_groups = running->consumer_groups();
                if (open_groups == nullptr) open_groups = running->service().groups().checkpoints();
            }
            BOOST_OUTCOME_TRY(line.check_outside_data(line.path_of(words->backups)));
            BOOST_OUTCOME_TRY(const auto groups,
                              groups_of(line.runtime(), *log.store, directory + "/groups", open_groups));
            GroupsInBackups in_backups{groups.open};
            const BackupOptions options{.into        = line.path_of(words->backups),
                                        .attachments = {&in_backups},
                                        .only_copies = words->copy,
                                        .dry_run     = words->dry_run};
            Steps steps{out, line.runtime().clock};
            auto made = back_up(line.runtime(), *log.backup, options, steps.progress());
            steps.finish();
            BOOST_OUTCOME_TRY(const auto report, std::move(made));
            show(out, report, options, groups.notice);
            return done();
        });
    });

    const auto [all, listed] = command("backups", "List the backups in a directory");
    line.on(
        all,
        [&line, words = listed](Output& out) { return list_kept(out, line.runtime(), line.path_of(words->backups)); },
        DirectoryUse::none);

    const auto [thin, pruned] = command("prune", "Remove all backups but the newest");
    thin.add_option("--keep", pruned->keep, "How many backups to keep").required().check(whole_number(1));
    thin.add_flag("--yes", pruned->yes, "Confirm the removal: it cannot be undone");
    with_dry_run(thin, *pruned);
    line.on(
        thin,
        [&line, words = pruned](Output& out) {
            return prune(out, line.runtime(),
                         {.directory = line.path_of(words->backups), .keep = words->keep, .dry_run = words->dry_run},
                         words->yes);
        },
        DirectoryUse::none);

    const auto [check, checked] = command("verify-backup", "Verify a backup in its place, without restoring it");
    with_name(check, *checked);
    line.on(
        check,
        [&line, words = checked](Output& out) {
            return verify_backup(out, line.runtime(), line.path_of(words->backups), words->name);
        },
        DirectoryUse::none);

    const auto [back, restored] = command("restore", "Restore a backup into --data, which must be an empty directory");
    with_name(back, *restored);
    back.add_flag("--unverified", restored->unverified, "Restore what the backup has, even if it is damaged");
    with_dry_run(back, *restored);
    line.on(
        back,
        [&line, words = restored](Output& out) {
            return restore(out, line.runtime(),
                           {.from    = line.path_of(words->backups),
                            .name    = words->name,
                            .into    = line.data_directory(),
                            .verify  = not words->unverified,
                            .dry_run = words->dry_run});
        },
        DirectoryUse::none);
}

} // namespace eventloom
