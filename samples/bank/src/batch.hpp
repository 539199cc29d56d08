// The nightly batch: all accounts are closed, by jobs that resume where they were when the bank dies.
//
//     BOOST_OUTCOME_TRY(begin_night(bank, night, progress));      // each account has its job; called again, nothing is enqueued twice
//     BOOST_OUTCOME_TRY(work_off(bank, progress));                // returns when no job is open
//     BOOST_OUTCOME_TRY(const auto report, report_of(bank, night));
//
// Threads: one.
#pragma once

#include "bank.hpp"

#include <functional>
#include <vector>

namespace bank {

// Is told how far it is, and says whether to go on. Empty: nobody watches.
using BatchProgress = std::function<el::result<void>(std::uint64_t done, std::uint64_t total)>;

// Opens accounts with owners, addresses and money by a seed. One in a thousand has no address.
el::result<void> generate_accounts(Bank& bank, std::uint64_t count, std::uint64_t seed, const BatchProgress& progress);

// Failure::refused "no-accounts".
el::result<void> begin_night(Bank& bank, const NightId& night, const BatchProgress& progress);
// Failure::unavailable "queue-paused": nothing will be done before somebody resumes it.
el::result<void> work_off(Bank& bank, const BatchProgress& progress);

struct FailedAccount {
    AccountId account;
    el::Uuid job;
    bool is_dead  = false; // it can be retried; another one has to come after it, which is the next of `jobs`
    unsigned jobs = 1;     // that this account has had for the night
    std::string reason;
};
// Accounts that are not closed, and whose job has ended: it is a dead letter, or was cancelled, discarded or has expired.
el::result<std::vector<FailedAccount>> failed_accounts(Bank& bank, const NightId& night);
// Lets these run again, and no others. Returns how many they are.
el::result<std::uint64_t> run_failed_again(Bank& bank, const NightId& night);

struct NightReport {
    NightRow night;
    std::uint64_t failed  = 0;
    std::uint64_t printed = 0; // sheets, as the printer has counted them
};
el::result<NightReport> report_of(Bank& bank, const NightId& night);

} // namespace bank
