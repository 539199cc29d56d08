// An account of the bank, the nights on which accounts are closed, and what may happen to them.
#pragma once

#include <eventloom/framework/aggregate.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace bank {

namespace el = eventloom;

struct Account;
struct Night;
using AccountId = el::id<Account>;
using NightId   = el::id<Night>; // a day, as in "2026-11-30"

// No amount is more, and no balance: above or below zero. So sums and interest have room in the numbers that hold them.
inline constexpr std::int64_t most_cents = 100'000'000'000'000;

// Events: what has happened. Money is in cents.
struct Opened {
    std::string owner;
    std::string address; // to which statements go
    std::int64_t cents = 0;
};
struct Moved {
    std::string address;
};
struct Posted {
    std::int64_t cents = 0; // below zero: taken out
    std::string text;
};
struct NightClosed {
    NightId night;
    std::int64_t interest = 0;
    std::int64_t fee      = 0;
    std::int64_t balance  = 0; // after both
    std::string statement;     // its number at the printer
};

// Commands: what somebody asks for.
struct Open {
    std::string owner;
    std::string address;
    std::int64_t cents = 0;
};
struct Move {
    std::string address;
};
struct Post {
    std::int64_t cents = 0;
    std::string text;
};
struct CloseNight {
    NightId night;
    std::string statement;
};

struct Account {
    static constexpr auto category = "account";
    using Events                   = el::events<el::event<"account-opened", Opened>, el::event<"account-moved", Moved>,
                              el::event<"money-posted", Posted>, el::event<"night-closed", NightClosed>>;

    bool is_open = false;
    std::string address;
    std::int64_t cents = 0;
    std::string closed_until; // the last night
};

Account evolve(Account account, const Opened& event);
Account evolve(Account account, const Moved& event);
Account evolve(Account account, const Posted& event);
Account evolve(Account account, const NightClosed& event);

// Refused beyond most_cents: "amount-too-large", "balance-too-large". An account that is open already is left as it is.
el::result<std::optional<Opened>> decide(const Open& command, const Account& account);
el::result<Moved> decide(const Move& command, const Account& account);
el::result<Posted> decide(const Post& command, const Account& account);
el::result<NightClosed> decide(const CloseNight& command, const Account& account);
static_assert(el::aggregate<Account>);

// A year's interest on what is there, and a fee for what is owed.
std::int64_t interest_of(std::int64_t cents);
std::int64_t fee_of(std::int64_t cents);

// All accounts of one night.
struct Begun {
    std::int64_t accounts = 0;
};
struct Begin {
    std::int64_t accounts = 0;
};
struct Night {
    static constexpr auto category = "night";
    using Events                   = el::events<el::event<"night-begun", Begun>>;

    std::int64_t accounts = 0;
};
Night evolve(Night night, const Begun& event);
// A night that has begun goes on.
el::result<std::optional<Begun>> decide(const Begin& command, const Night& night);
static_assert(el::aggregate<Night>);

} // namespace bank
