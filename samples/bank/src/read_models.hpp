// What the bank looks at: its accounts, and its nights.
#pragma once

#include "account.hpp"

#include <eventloom/projections/projected.hpp>

namespace bank {

struct AccountRow {
    std::string owner;
    std::string address;
    std::int64_t cents = 0;
    std::string closed_until;
};
el::Projected<AccountId, AccountRow> accounts();

struct NightRow {
    std::int64_t accounts = 0; // that are to be closed
    std::int64_t closed   = 0;
    std::int64_t interest = 0;
    std::int64_t fees     = 0;
};
el::Projected<NightId, NightRow> nights();

} // namespace bank
