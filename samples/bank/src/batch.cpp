#include "batch.hpp"

#include <eventloom/framework/in_flight.hpp>
#include <eventloom/messaging/queues.hpp>

#include <fmt/core.h>

#include <array>
#include <map>
#include <random>
#include <set>

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
std::uint64_t open_jobs(const el::QueueStatus& queue)
{
    std::uint64_t open = queue.running;
    for (const auto state : {el::JobState::waiting, el::JobState::scheduled}) {
        const auto found = queue.jobs.find(state);
        if (found != queue.jobs.end()) open += found->second;
    }
    return open;
}

el::Error is_paused(const el::QueueStatus& queue)
{
    const auto until =
        *queue.paused_until == el::Time::max() ? "somebody resumes it" : el::to_string(*queue.paused_until);
    return {el::Failure::unavailable, "queue-paused",
            fmt::format("waited for {} jobs and found that the queue {} is paused until {}; they are done when it goes "
                        "on (`bank queues resume {}`)",
                        open_jobs(queue), queue.name, until, queue.name)};
}

el::JobOptions options_of(const CloseAccount& job, unsigned again)
{
    return {.priority = in_the_night, .key = job.account.value, .labels = {job.night.value}, .id = id_of(job, again)};
}

// Jobs of an account that have ended, and did not close it.
struct EndedJobs {
    std::set<el::Uuid> ids;
    std::vector<el::JobStatus> jobs;
};

// Nothing: it is closed, or another job of it is open.
el::result<std::optional<FailedAccount>> failed_account(Bank& bank, const CloseAccount& closing, const EndedJobs& ended)
{
    unsigned jobs = 0;
    while (ended.ids.contains(id_of(closing, jobs))) ++jobs;
    if (jobs == 0) return std::nullopt; // of another night
    BOOST_OUTCOME_TRY(const auto account, bank.service().commands().load(closing.account));
    if (account.closed_until == closing.night.value) return std::nullopt; // cancelled when that was done already
    const auto next = bank.service().queues().show(id_of(closing, jobs));
    if (next) return std::nullopt;
    if (next.error().code != "no-such-job") return next.error();
    for (const auto& job : ended.jobs) {
        if (job.id != id_of(closing, jobs - 1)) continue;
        const bool is_dead = job.state == el::JobState::dead;
        return FailedAccount{closing.account, job.id, is_dead, jobs,
                             is_dead && job.last ? job.last->sentence
                                                 : "Its job was " + std::string{to_string(job.state)} + "."};
    }
    return std::nullopt;
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
        bank.service().queues().enqueue<AccountWork>(job, options_of(job, 0), flight.answer<el::EnqueuedJob>());
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
        BOOST_OUTCOME_TRY(const auto queue, bank.service().queues().status(AccountWork::queue));
        const auto open = open_jobs(queue);
        most            = std::max(most, open);
        BOOST_OUTCOME_TRY(tell(progress, most - open, most));
        if (counted >= enqueued && open == 0) return see_everything(bank);
        if (counted >= enqueued && queue.paused_until) return is_paused(queue);
        runtime.executor.wait_until([] { return false; }, runtime.clock.now() + glance);
    }
}

el::result<std::vector<FailedAccount>> failed_accounts(Bank& bank, const NightId& night)
{
    constexpr std::size_t all = 1'000'000;
    std::map<AccountId, EndedJobs> ended;
    for (const auto state :
         {el::JobState::dead, el::JobState::cancelled, el::JobState::discarded, el::JobState::expired}) {
        BOOST_OUTCOME_TRY(
            auto jobs, bank.service().queues().list(
                           {.queue = std::string{AccountWork::queue}, .state = state, .type = "close-account"}, all));
        for (auto& job : jobs) {
            auto& of_account = ended[AccountId{job.key}];
            of_account.ids.insert(job.id);
            of_account.jobs.push_back(std::move(job));
        }
    }
    std::vector<FailedAccount> failed;
    for (const auto& [account, jobs] : ended) {
        BOOST_OUTCOME_TRY(auto one, failed_account(bank, {account, night}, jobs));
        if (one) failed.push_back(std::move(*one));
    }
    return failed;
}

el::result<std::uint64_t> run_failed_again(Bank& bank, const NightId& night)
{
    BOOST_OUTCOME_TRY(const auto failed, failed_accounts(bank, night));
    auto& queues = bank.service().queues();
    for (const auto& one : failed) {
        if (one.is_dead) {
            BOOST_OUTCOME_TRY(queues.retry(one.job, "the failed accounts of the night run again"));
        } else {
            const CloseAccount job{one.account, night};
            BOOST_OUTCOME_TRY(queues.enqueue<AccountWork>(job, options_of(job, one.jobs)));
        }
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
