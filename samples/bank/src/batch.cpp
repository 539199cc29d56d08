#include "batch.hpp"

#include <eventloom/framework/in_flight.hpp>
#include <eventloom/messaging/queues.hpp>

#include <fmt/core.h>

#include <array>
#include <random>

namespace bank {

namespace {

constexpr std::size_t rows_together = 1'000;
constexpr el::Duration patience     = std::chrono::minutes{10}; // until the read models show what was done
constexpr el::Duration glance       = std::chrono::milliseconds{50};

el::result<void> tell(const BatchProgress& progress, std::uint64_t done, std::uint64_t total)
{
    return progress ? progress(done, total) : el::done();
}

el::result<void> see_everything(Bank& bank)
{
    auto& service = bank.service();
    return service.wait_for(service.store().head(), service.runtime().clock.now() + patience, el::done);
}

el::result<std::vector<AccountId>> all_accounts(Bank& bank)
{
    std::vector<AccountId> accounts;
    std::string after;
    do {
        BOOST_OUTCOME_TRY(const auto page, bank.accounts().all({.limit = rows_together, .after = after}));
        for (const auto& [account, row] : page.rows) accounts.push_back(account);
        after = page.next;
    } while (not after.empty());
    return accounts;
}

// Jobs of accounts that have not ended.
el::result<std::uint64_t> open_jobs(Bank& bank)
{
    BOOST_OUTCOME_TRY(const auto queues, bank.service().queues().list_queues());
    std::uint64_t open = 0;
    for (const auto& queue : queues) {
        if (queue.name != AccountWork::queue) continue;
        for (const auto state : {el::JobState::waiting, el::JobState::scheduled, el::JobState::running}) {
            const auto found = queue.jobs.find(state);
            if (found != queue.jobs.end()) open += found->second;
        }
    }
    return open;
}

} // namespace

el::result<void> generate_accounts(Bank& bank, std::uint64_t count, std::uint64_t seed, const BatchProgress& progress)
{
    constexpr std::array names{"Ada", "Bob", "Carol", "Dan", "Eve", "Frank", "Grace", "Heidi"};
    constexpr std::uint64_t one_without_address = 1'000;
    std::mt19937_64 random{seed};
    el::InFlight flight{bank.service().runtime().executor};
    for (std::uint64_t i = 0; i < count; ++i) {
        const AccountId account{fmt::format("{:06}", i + 1)};
        const auto drawn   = random();
        const auto cents   = static_cast<std::int64_t>(drawn % 2'000'000) - 100'000; // one in twenty owes money
        const bool nowhere = i % one_without_address == one_without_address - 1;
        const Open open{names[drawn % names.size()], nowhere ? "" : fmt::format("{} Mill Lane", i + 1), cents};
        bank.service().commands().send(account, open, {}, flight.answer<el::Receipt>());
        BOOST_OUTCOME_TRY(flight.wait_for_room());
        BOOST_OUTCOME_TRY(tell(progress, i, count));
    }
    return flight.wait_for_all();
}

el::result<void> begin_night(Bank& bank, const NightId& night, const BatchProgress& progress)
{
    BOOST_OUTCOME_TRY(see_everything(bank));
    BOOST_OUTCOME_TRY(const auto accounts, all_accounts(bank));
    if (accounts.empty()) return el::refuse("no-accounts", "The bank has no accounts; open some first.");
    BOOST_OUTCOME_TRY(bank.service().commands().send(night, Begin{static_cast<std::int64_t>(accounts.size())}));
    el::InFlight flight{bank.service().runtime().executor};
    std::uint64_t enqueued = 0;
    for (const auto& account : accounts) {
        const CloseAccount job{account, night};
        bank.service().queues().enqueue<AccountWork>(
            job, {.priority = in_the_night, .key = account.value, .labels = {night.value}, .id = id_of(job)},
            flight.answer<el::EnqueuedJob>());
        BOOST_OUTCOME_TRY(flight.wait_for_room());
        BOOST_OUTCOME_TRY(tell(progress, ++enqueued, accounts.size()));
    }
    return flight.wait_for_all();
}

el::result<void> work_off(Bank& bank, const BatchProgress& progress)
{
    const auto& runtime = bank.service().runtime();
    std::uint64_t most  = 0;
    // What was enqueued or retried just now is counted a moment later.
    const auto enqueued = bank.service().store().head();
    for (;;) {
        BOOST_OUTCOME_TRY(const auto counted, bank.service().queues().position());
        BOOST_OUTCOME_TRY(const auto open, open_jobs(bank));
        most = std::max(most, open);
        BOOST_OUTCOME_TRY(tell(progress, most - open, most));
        if (counted >= enqueued && open == 0) return see_everything(bank);
        runtime.executor.wait_until([] { return false; }, runtime.clock.now() + glance);
    }
}

el::result<std::vector<FailedAccount>> failed_accounts(Bank& bank, const NightId& night)
{
    constexpr std::size_t all = 1'000'000;
    BOOST_OUTCOME_TRY(
        const auto dead,
        bank.service().queues().list(
            {.queue = std::string{AccountWork::queue}, .state = el::JobState::dead, .type = "close-account"}, all));
    std::vector<FailedAccount> failed;
    for (const auto& job : dead) {
        const AccountId account{job.key};
        if (job.id != id_of({account, night})) continue; // of another night
        failed.push_back({account, job.id, job.last ? job.last->sentence : ""});
    }
    return failed;
}

el::result<std::uint64_t> run_failed_again(Bank& bank, const NightId& night)
{
    BOOST_OUTCOME_TRY(const auto failed, failed_accounts(bank, night));
    for (const auto& one : failed) {
        BOOST_OUTCOME_TRY(bank.service().queues().retry(one.job, "the failed accounts of the night run again"));
    }
    return failed.size();
}

el::result<NightReport> report_of(Bank& bank, const NightId& night)
{
    BOOST_OUTCOME_TRY(see_everything(bank));
    NightReport report;
    BOOST_OUTCOME_TRY(const auto row, bank.nights().get(night));
    if (row) report.night = *row;
    BOOST_OUTCOME_TRY(const auto failed, failed_accounts(bank, night));
    report.failed = failed.size();
    BOOST_OUTCOME_TRY(report.printed, bank.printer().printed(night));
    return report;
}

} // namespace bank
