#include "commands.hpp"

#include "monolith.hpp"

#include <eventloom/messaging/queues.hpp>
#include <eventloom/service/output.hpp>

#include <fmt/core.h>

#include <charconv>

namespace bank {

namespace {

using Json = el::Json;

// With read models and workers. The running service has both at work already.
el::result<Bank*> open_at_work(el::CommandLine& line, bool create_if_missing = false)
{
    BOOST_OUTCOME_TRY(auto* const bank, line.open<Bank>(create_if_missing));
    BOOST_OUTCOME_TRY(bank->service().start());
    if (not line.is_running_service()) {
        BOOST_OUTCOME_TRY(bank->service().queues().start());
    }
    return bank;
}

BatchProgress shown_on(el::Progress& progress)
{
    return [&progress](std::uint64_t done, std::uint64_t total) { return progress.at(done, total); };
}

el::result<void> work_off_and_watch(el::CommandLine& line, Bank& bank, el::Output& out)
{
    el::Progress progress{out.console(), line.runtime().clock, "closing accounts"};
    BOOST_OUTCOME_TRY(work_off(bank, shown_on(progress)));
    progress.finish();
    return el::done();
}

// Only one that has begun. Failure::invalid "no-such-night".
el::result<NightReport> report_of_begun(Bank& bank, const NightId& night)
{
    BOOST_OUTCOME_TRY(auto report, report_of(bank, night));
    if (report.night.accounts > 0) return report;
    return el::fail(el::Failure::invalid, "no-such-night",
                    "asked for the night " + night.value + " and found none that has begun; `bank batch run " +
                        night.value + "` begins it");
}

void show_night(el::Output& out, const NightId& night, const NightReport& report)
{
    out.properties({{"night", night.value},
                    {"accounts", report.night.accounts},
                    {"closed", report.night.closed},
                    {"failed", report.failed},
                    {"interest_cents", report.night.interest},
                    {"fees_cents", report.night.fees},
                    {"statements_printed", report.printed}});
}

el::result<void> work_off_and_show(el::CommandLine& line, Bank& bank, el::Output& out, const NightId& night)
{
    BOOST_OUTCOME_TRY(work_off_and_watch(line, bank, out));
    BOOST_OUTCOME_TRY(const auto report, report_of_begun(bank, night));
    show_night(out, night, report);
    if (report.failed == 0) return el::done();
    return el::refuse("accounts-not-closed",
                      fmt::format("closed the night {} and found {} of {} accounts that could not be closed; `bank "
                                  "batch failed {}` says why",
                                  night.value, report.failed, report.night.accounts, night.value));
}

// With a sign, within what an account can have.
el::Check amount()
{
    return {[](const std::string& word) -> std::string {
        std::int64_t cents      = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), cents);
        const bool is_number    = error == std::errc{} && end == word.data() + word.size();
        if (is_number && cents >= -most_cents && cents <= most_cents) return "";
        return fmt::format("\"{}\" is no whole number of cents from {} to {}", word, -most_cents, most_cents);
    }};
}

// A night is a day: it is compared with others as text.
el::Check night()
{
    return {[](const std::string& word) -> std::string {
        int year = 0, month = 0, day = 0, read = 0;
        const bool is_day = std::sscanf(word.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &read) == 3;
        const std::chrono::year_month_day date{std::chrono::year{year},
                                               std::chrono::month{static_cast<unsigned>(month)},
                                               std::chrono::day{static_cast<unsigned>(day)}};
        if (is_day && read == 10 && word.size() == 10 && date.ok()) return "";
        return "\"" + word + "\" is no day; write it as in 2026-11-30";
    }};
}

void add_accounts(el::CommandLine& line)
{
    struct Arguments {
        std::uint64_t count = 0, seed = 1;
        std::size_t limit = 20;
        std::string account, address;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto accounts  = line.app().add_subcommand("accounts", "Accounts: generate, list, move");
    accounts.require_subcommand();

    const auto generate = accounts.add_subcommand("generate", "Open accounts that a seed draws");
    generate.add_option("count", arguments->count, "How many").required().check(el::whole_number(1, 999'999));
    generate.add_option("--seed", arguments->seed, "The seed (default 1)");
    line.on(generate, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const bank, line.open<Bank>(true));
        el::Progress progress{out.console(), line.runtime().clock, "opening accounts"};
        BOOST_OUTCOME_TRY(generate_accounts(*bank, arguments->count, arguments->seed, shown_on(progress)));
        progress.finish();
        out.say(fmt::format("{} accounts are open.", el::with_separators(static_cast<std::int64_t>(arguments->count))));
        return el::done();
    });

    const auto list = accounts.add_subcommand("list", "Accounts with their balances");
    list.add_option("--limit", arguments->limit, "At most this many (default 20)").check(el::whole_number(1));
    line.on_rows(list, {"accounts"}, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const bank, line.open<Bank>());
        BOOST_OUTCOME_TRY(const auto page, bank->accounts().all({.limit = arguments->limit}));
        el::TableRows rows;
        for (const auto& [account, row] : page.rows) {
            rows.push_back({account.value, row.owner, row.address, row.cents, row.closed_until});
        }
        out.table({{"account"}, {"owner"}, {"address"}, {"cents", el::Align::right}, {"closed until"}}, rows);
        return el::done();
    });

    const auto move = accounts.add_subcommand("move", "Give an account another address");
    move.add_option("account", arguments->account, "Which one").required().check(el::identifier());
    move.add_option("address", arguments->address, "Where statements go from now on").required();
    line.on(move, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const bank, line.open<Bank>());
        BOOST_OUTCOME_TRY(bank->service().commands().send(AccountId{arguments->account}, Move{arguments->address}));
        out.say("The account " + arguments->account + " has moved.");
        return el::done();
    });
}

void add_post(el::CommandLine& line)
{
    struct Arguments {
        std::string account, text;
        std::int64_t cents = 0;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto post = line.app().add_subcommand("post", "Enqueue an urgent posting, which overtakes the nightly batch");
    post.add_option("account", arguments->account, "To which account").required().check(el::identifier());
    post.add_option("cents", arguments->cents, "How much; below zero it is taken out").required().check(amount());
    post.add_option("text", arguments->text, "What it is").required();
    line.on(post, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const bank, line.open<Bank>());
        BOOST_OUTCOME_TRY(bank->service().queues().open());
        BOOST_OUTCOME_TRY(const auto job,
                          bank->service().queues().enqueue<AccountWork>(
                              PostMoney{AccountId{arguments->account}, arguments->cents, arguments->text},
                              {.priority = urgent, .key = arguments->account}));
        out.properties({{"job", to_string(job.id)}});
        return el::done();
    });
}

void add_batch(el::CommandLine& line)
{
    const auto of    = std::make_shared<std::string>();
    const auto batch = line.app().add_subcommand("batch", "The nightly batch: run, status, failed, rerun");
    batch.require_subcommand();
    const auto command = [&](const char* name, const char* summary) {
        const auto added = batch.add_subcommand(name, summary);
        added.add_option("night", *of, "Which night, as in 2026-11-30").required().check(night());
        return added;
    };

    line.on(command("run", "Close all accounts, or go on with it, and wait until it is done"),
            [&line, of](el::Output& out) -> el::result<void> {
                BOOST_OUTCOME_TRY(auto* const bank, open_at_work(line));
                el::Progress progress{out.console(), line.runtime().clock, "beginning the night"};
                BOOST_OUTCOME_TRY(begin_night(*bank, NightId{*of}, shown_on(progress)));
                progress.finish();
                return work_off_and_show(line, *bank, out, NightId{*of});
            });

    line.on(command("status", "How far a night is"), [&line, of](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const bank, line.open<Bank>());
        BOOST_OUTCOME_TRY(bank->service().start());
        BOOST_OUTCOME_TRY(bank->service().queues().open());
        BOOST_OUTCOME_TRY(const auto report, report_of_begun(*bank, NightId{*of}));
        show_night(out, NightId{*of}, report);
        return el::done();
    });

    line.on(command("failed", "Accounts that could not be closed, and why"),
            [&line, of](el::Output& out) -> el::result<void> {
                BOOST_OUTCOME_TRY(auto* const bank, line.open<Bank>());
                BOOST_OUTCOME_TRY(bank->service().start());
                BOOST_OUTCOME_TRY(bank->service().queues().open());
                BOOST_OUTCOME_TRY(report_of_begun(*bank, NightId{*of}));
                BOOST_OUTCOME_TRY(const auto failed, failed_accounts(*bank, NightId{*of}));
                el::TableRows rows;
                for (const auto& one : failed) rows.push_back({one.account.value, one.reason});
                out.table({{"account"}, {"reason"}}, rows);
                return el::done();
            });

    const auto only_failed = std::make_shared<bool>(false);
    const auto rerun       = command("rerun", "Close the accounts that have failed, and no others");
    rerun.add_flag("--failed", *only_failed, "Only these can run again; say so");
    line.on(rerun, [&line, of, only_failed](el::Output& out) -> el::result<void> {
        if (not *only_failed) {
            return el::fail(el::Failure::invalid, "nothing-to-rerun",
                            "asked to run a night again and found no --failed; what is closed stays closed, so type "
                            "`bank batch rerun " +
                                *of + " --failed`");
        }
        BOOST_OUTCOME_TRY(auto* const bank, open_at_work(line));
        BOOST_OUTCOME_TRY(report_of_begun(*bank, NightId{*of}));
        BOOST_OUTCOME_TRY(const auto number, run_failed_again(*bank, NightId{*of}));
        out.say(number == 1 ? "1 account runs again." : fmt::format("{} accounts run again.", number));
        return work_off_and_show(line, *bank, out, NightId{*of});
    });
}

void add_monolith(el::CommandLine& line)
{
    const auto of       = std::make_shared<std::string>();
    const auto monolith = line.app().add_subcommand("monolith", "The same in one loop with one transaction at its end");
    monolith.add_option("night", *of, "Which night, as in 2026-11-30").required().check(night());
    line.on(
        monolith,
        [&line, of](el::Output& out) -> el::result<void> {
            BOOST_OUTCOME_TRY(auto* const bank, line.open<Bank>());
            BOOST_OUTCOME_TRY(bank->service().start());
            BOOST_OUTCOME_TRY(bank->service().settle(line.runtime().clock.now() + std::chrono::minutes{10}));
            el::Progress progress{out.console(), line.runtime().clock, "closing accounts in one loop"};
            BOOST_OUTCOME_TRY(const auto closed, run_monolith(*bank, line.data_directory() + "/monolith", NightId{*of},
                                                              shown_on(progress)));
            progress.finish();
            out.properties({{"night", *of}, {"closed", closed}});
            return el::done();
        },
        el::DirectoryUse::alone);
}

} // namespace

void add_bank(el::CommandLine& line)
{
    const auto options = std::make_shared<BankOptions>();
    line.opens([options](const el::Runtime& runtime, const std::string& directory,
                         bool create_if_missing) -> el::result<std::unique_ptr<el::OpenService>> {
        BOOST_OUTCOME_TRY(auto bank, Bank::open(runtime, directory, *options, create_if_missing));
        return std::unique_ptr<el::OpenService>{std::move(bank)};
    });
    line.knows(el::event_types<Account>());
    line.knows(el::event_types<Night>());
    const auto app = line.app();
    line.used_when_opening(
        app.add_option("--workers", options->workers, "How many accounts are closed at once (default 8)")
            .check(el::whole_number(1, 1'000)));
    line.used_when_opening(
        app.add_option("--printing-ms", options->printing_ms,
                       "How long the printer, which is outside the bank, takes for a statement (default 5)")
            .check(el::whole_number(0, 60'000)));
    add_accounts(line);
    add_post(line);
    add_batch(line);
    add_monolith(line);
}

} // namespace bank
