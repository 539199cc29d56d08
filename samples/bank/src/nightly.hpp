// What is done with an account in the background: its night is closed, and urgent postings overtake that.
#pragma once

#include "account.hpp"
#include "printer.hpp"

#include <eventloom/messaging/jobs.hpp>
#include <eventloom/service/service.hpp>

namespace bank {

struct CloseAccount {
    AccountId account;
    NightId night;
};
struct PostMoney {
    AccountId account;
    std::int64_t cents = 0;
    std::string text;
};

// Jobs of one account are done one at a time.
struct AccountWork {
    static constexpr auto queue = "accounts";
    using Jobs                  = el::jobs<el::job<"close-account", CloseAccount>, el::job<"post-money", PostMoney>>;
};

inline constexpr unsigned urgent = 9, in_the_night = 3; // priorities

// The id of the job that closes an account: one for each night, so that a batch that is begun again enqueues nothing twice.
// `again`: of the one after so many that were cancelled, discarded or have expired.
el::Uuid id_of(const CloseAccount& job, unsigned again = 0);

void add_account_work(el::Service& service, Printer& printer, unsigned workers);

} // namespace bank
