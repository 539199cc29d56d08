#include "commands/own_commands.hpp"

#include "commands/consent.hpp"
#include "host/missing_keys.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/output.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

Json time_or_nothing(const std::optional<Time>& time)
{
    return time ? Json(to_string(*time)) : Json(nullptr);
}

std::string list_of(const std::vector<std::string>& names)
{
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ", ") + printable(name);
    return list;
}

struct ForgetArguments {
    std::string subject;
    bool dry_run     = false;
    bool yes         = false;
    bool rebuild     = false;
    bool key_is_lost = false;
};

struct ReadmitArguments {
    std::string subject;
    bool dry_run = false;
};

struct RekeyArguments {
    std::string new_master;
    bool dry_run = false;
    bool yes     = false;
};

Json json_of(const std::string& subject, const SubjectStatus& status)
{
    return {{"subject", subject},
            {"key_version", status.key_version ? Json(*status.key_version) : Json(nullptr)},
            {"key_made_at", time_or_nothing(status.key_made_at)},
            {"erased_at", time_or_nothing(status.erased_at)},
            {"erased_key_versions", status.erased_versions}};
}

result<void> rebuild_named(Output& out, Projections& projections, const Clock& clock,
                           const std::vector<std::string>& names)
{
    if (names.empty()) return done();
    Progress progress{out.console(), clock, fmt::format("rebuilding {} projections", names.size())};
    BOOST_OUTCOME_TRY(const auto reports,
                      projections.rebuild(names, [&](Position at, Position head) { return progress.at(at, head); }));
    progress.finish();
    for (const auto& report : reports) {
        if (report.error) return *report.error;
    }
    return done();
}

// What would happen, or is left to do.
void say_what_is_left(Output& out, const std::vector<std::string>& stale, const std::vector<std::string>& left_behind)
{
    if (not stale.empty()) {
        out.say("These projections hear personal data and show it until they are rebuilt (--rebuild, or `projections "
                "rebuild`): " +
                list_of(stale) + ".");
    }
    if (not left_behind.empty()) {
        out.say("These read models belong to projections that this program does not have; `projections drop` removes "
                "them: " +
                list_of(left_behind) + ".");
    }
}

result<void> show_what_would_be_forgotten(Output& out, Service& service, const ForgetArguments& arguments)
{
    BOOST_OUTCOME_TRY(const auto status, service.personal_keys().status(arguments.subject));
    BOOST_OUTCOME_TRY(const auto left_behind, service.projections().left_behind());
    const auto stale                    = service.projections().hearing_personal_data();
    auto properties                     = json_of(arguments.subject, status);
    properties["would_destroy_a_key"]   = status.key_version.has_value();
    properties["would_count_as_erased"] = arguments.key_is_lost && not status.key_version && not status.erased_at;
    properties["would_drop_snapshots"] =
        status.key_version.has_value() || (status.erased_at && not status.erasure_is_complete);
    properties["projections"]             = stale;
    properties["would_rebuild_them"]      = arguments.rebuild;
    properties["read_models_left_behind"] = left_behind;
    out.properties(properties);
    if (not status.key_version && not status.erased_at) {
        out.say(arguments.key_is_lost ? "There is no key: its data would count as erased from then on."
                                      : "Nothing is known of this subject.");
    }
    return done();
}

result<void> forget(Output& out, Service& service, const Clock& clock, const ForgetArguments& arguments)
{
    if (arguments.dry_run) return show_what_would_be_forgotten(out, service, arguments);
    BOOST_OUTCOME_TRY(const auto before, service.personal_keys().status(arguments.subject));
    if (before.key_version || not before.erased_at) {
        BOOST_OUTCOME_TRY(require_consent(arguments.yes, "destroy the key of " + printable(arguments.subject)));
    }
    BOOST_OUTCOME_TRY(const auto forgotten, service.forget(arguments.subject, arguments.key_is_lost));
    BOOST_OUTCOME_TRY(const auto left_behind, service.projections().left_behind());
    if (arguments.rebuild) {
        BOOST_OUTCOME_TRY(rebuild_named(out, service.projections(), clock, forgotten.projections));
    }
    auto properties                       = json_of(arguments.subject, forgotten.after);
    properties["changed_something"]       = forgotten.changed_something;
    properties["projections"]             = forgotten.projections;
    properties["rebuilt"]                 = arguments.rebuild;
    properties["read_models_left_behind"] = left_behind;
    out.properties(properties);
    if (not forgotten.changed_something) {
        out.say("It was already forgotten, at " + to_string(*forgotten.after.erased_at) + "; nothing was changed.");
    }
    say_what_is_left(out, arguments.rebuild ? std::vector<std::string>{} : forgotten.projections, left_behind);
    return done();
}

result<void> show_what_would_be_readmitted(Output& out, PersonalKeys& keys, const std::string& subject)
{
    BOOST_OUTCOME_TRY(const auto status, keys.status(subject));
    auto properties                = json_of(subject, status);
    properties["erasure_complete"] = status.erasure_is_complete;
    properties["would_make_a_key"] = not status.key_version && status.erasure_is_complete;
    out.properties(properties);
    if (status.key_version) out.say("It has a key; nothing to do.");
    if (not status.key_version && not status.erased_at) out.say("It was never forgotten; nothing to do.");
    if (not status.key_version && status.erased_at && not status.erasure_is_complete) {
        out.say("Its erasure is not finished; run `store forget` again first.");
    }
    return done();
}

result<void> readmit(Output& out, PersonalKeys& keys, const ReadmitArguments& arguments)
{
    if (arguments.dry_run) return show_what_would_be_readmitted(out, keys, arguments.subject);
    BOOST_OUTCOME_TRY(const auto status, keys.readmit(arguments.subject));
    out.properties(json_of(arguments.subject, status));
    return done();
}

result<void> show_keys(Output& out, PersonalKeys& keys)
{
    BOOST_OUTCOME_TRY(const auto info, keys.info());
    out.properties({{"directory", info.directory},
                    {"master_key_file", info.master_key_file},
                    {"master_key", info.master_key},
                    {"keys", info.keys},
                    {"erasures", info.erasures},
                    {"rekey_under_way", info.is_rekeying}});
    return done();
}

result<void> verify_keys(Output& out, PersonalKeys& keys, const EventStore& log, const Clock& clock)
{
    Progress opening{out.console(), clock, "opening every key"};
    BOOST_OUTCOME_TRY(const auto info,
                      keys.info(true, [&](std::uint64_t at, std::uint64_t all) { return opening.at(at, all); }));
    opening.finish();
    Progress reading{out.console(), clock, "looking for personal data without a key"};
    BOOST_OUTCOME_TRY(const auto missing,
                      find_missing_keys(log, keys, [&](Position at) { return reading.at(at, log.head()); }));
    reading.finish();
    out.properties({{"keys", info.keys},
                    {"erasures", info.erasures},
                    {"damaged", info.damaged},
                    {"subjects_without_their_key", missing.subjects}});
    if (not info.damaged.empty()) {
        return fail(Failure::corrupt, "personal-key-damaged",
                    fmt::format("opened every key and found {} that cannot be decrypted ({} is the first); restore a "
                                "backup of the keys",
                                info.damaged.size(), printable(info.damaged.front())));
    }
    if (missing.subjects == 0) return done();
    return fail(Failure::corrupt, "personal-key-missing",
                fmt::format("looked in the log for personal data and found those of {} subjects without the key that "
                            "seals them ({} is the first), who were never forgotten; restore a backup of the keys",
                            missing.subjects, printable(missing.first)));
}

result<void> show_erasures(Output& out, PersonalKeys& keys)
{
    BOOST_OUTCOME_TRY(const auto erasures, keys.erasures());
    TableRows rows;
    for (const auto& erasure : erasures) {
        rows.push_back({erasure.subject, to_string(erasure.erased_at), erasure.is_complete});
    }
    out.table({{"subject"}, {"erased_at"}, {"complete"}}, rows);
    return done();
}

result<void> rekey(Output& out, PersonalKeys& keys, const Clock& clock, const RekeyArguments& arguments,
                   const std::string& file)
{
    if (arguments.dry_run) {
        BOOST_OUTCOME_TRY(const auto info, keys.info());
        out.properties(
            {{"would_wrap_anew", info.keys}, {"master_key", info.master_key}, {"new_master_key_file", file}});
        return done();
    }
    BOOST_OUTCOME_TRY(require_consent(
        arguments.yes, "encrypt every key with another master key, so that the present one opens nothing any more"));
    Progress progress{out.console(), clock, "encrypting every key again"};
    BOOST_OUTCOME_TRY(const auto report,
                      keys.rekey(file, [&](std::uint64_t at, std::uint64_t all) { return progress.at(at, all); }));
    progress.finish();
    BOOST_OUTCOME_TRY(const auto info, keys.info());
    out.properties({{"wrapped_anew", report.keys}, {"keys", info.keys}, {"master_key", info.master_key}});
    out.say(report.was_done ? "All keys are encrypted with this master key already."
                            : "The old master key opens nothing any more. Before the service starts again, put the new "
                              "file in the place of the old one, or name it with EVENTLOOM_MASTER_KEY.");
    return done();
}

} // namespace

void add_erasure_commands(CommandLine& line, Command store)
{
    const auto arguments = std::make_shared<ForgetArguments>();
    const auto forgetting =
        store.add_subcommand("forget", "Erase a person's data by destroying the key that seals them");
    forgetting.add_option("subject", arguments->subject, "The person, as subject_of of the events names them")
        .required()
        .check(not_empty());
    forgetting.add_flag("--dry-run", arguments->dry_run, "Show what would happen, and change nothing");
    forgetting.add_flag("--yes", arguments->yes, "Confirm: this cannot be undone");
    forgetting.add_flag("--rebuild", arguments->rebuild, "Also rebuild the projections that hear personal data");
    forgetting.add_flag("--key-is-lost", arguments->key_is_lost, "Treat the data as erased because the key is lost");
    line.on(forgetting, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        return forget(out, open_service->service(), line.runtime().clock, *arguments);
    });

    const auto keys = store.add_subcommand("keys", "The keys of personal data: info, verify, erased, readmit, rekey");
    keys.require_subcommand();
    const auto on_keys = [&line](Command command, auto action) {
        line.on(command, [&line, action](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(auto* const open_service, line.open());
            return action(out, open_service->service().personal_keys());
        });
    };
    on_keys(keys.add_subcommand("info", "Where the keys are, how many, and under which master key"), show_keys);
    line.on(keys.add_subcommand("verify", "Decrypt every key, and check that no key that the log needs is missing"),
            [&line](Output& out) -> result<void> {
                BOOST_OUTCOME_TRY(auto* const open_service, line.open());
                auto& service = open_service->service();
                return verify_keys(out, service.personal_keys(), service.store(), line.runtime().clock);
            });
    on_keys(keys.add_subcommand("erased", "List the forgotten persons, and when they were forgotten"), show_erasures);
    const auto readmitting     = std::make_shared<ReadmitArguments>();
    const auto readmit_command = keys.add_subcommand("readmit", "Give a forgotten person a new key");
    readmit_command.add_option("subject", readmitting->subject, "The person").required().check(not_empty());
    readmit_command.add_flag("--dry-run", readmitting->dry_run, "Show what would happen, and change nothing");
    on_keys(readmit_command, [readmitting](Output& out, PersonalKeys& all) { return readmit(out, all, *readmitting); });
    const auto rekeying      = std::make_shared<RekeyArguments>();
    const auto rekey_command = keys.add_subcommand("rekey", "Encrypt every key again with another master key");
    rekey_command
        .add_option("--new-master", rekeying->new_master,
                    "The file of the new master key; it is made if it does not exist")
        .required()
        .type_name("FILE")
        .check(not_empty());
    rekey_command.add_flag("--dry-run", rekeying->dry_run, "Show what would happen, and change nothing");
    rekey_command.add_flag("--yes", rekeying->yes, "Confirm: this cannot be undone");
    on_keys(rekey_command, [&line, rekeying](Output& out, PersonalKeys& all) {
        return rekey(out, all, line.runtime().clock, *rekeying, line.path_of(rekeying->new_master));
    });
}

} // namespace eventloom
