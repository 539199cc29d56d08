#include "account.hpp"

#include <fmt/core.h>

namespace bank {

namespace {

constexpr std::int64_t interest_basis_points = 200; // a year
constexpr std::int64_t fee_cents             = 15;  // a night that ends with a debt

el::result<void> check_open(const Account& account)
{
    if (not account.is_open) return el::refuse("not-open", "There is no such account; open it first.");
    return el::done();
}

bool is_too_large(std::int64_t cents)
{
    return cents > most_cents || cents < -most_cents;
}

el::result<void> check_amount(std::int64_t cents)
{
    if (not is_too_large(cents)) return el::done();
    return el::refuse("amount-too-large",
                      fmt::format("An amount is at most {} cents, and this is {}.", most_cents, cents));
}

el::result<void> check_balance(std::int64_t cents)
{
    if (not is_too_large(cents)) return el::done();
    return el::refuse("balance-too-large",
                      fmt::format("A balance is at most {} cents, and it would be {}.", most_cents, cents));
}

} // namespace

std::int64_t interest_of(std::int64_t cents)
{
    return cents <= 0 ? 0 : cents * interest_basis_points / 10'000 / 365;
}

std::int64_t fee_of(std::int64_t cents)
{
    return cents < 0 ? fee_cents : 0;
}

Account evolve(Account account, const Opened& event)
{
    account.is_open = true;
    account.address = event.address;
    account.cents   = event.cents;
    return account;
}

Account evolve(Account account, const Moved& event)
{
    account.address = event.address;
    return account;
}

Account evolve(Account account, const Posted& event)
{
    account.cents += event.cents;
    return account;
}

Account evolve(Account account, const NightClosed& event)
{
    account.cents        = event.balance;
    account.closed_until = event.night.value;
    return account;
}

el::result<std::optional<Opened>> decide(const Open& command, const Account& account)
{
    if (account.is_open) return std::nullopt;
    BOOST_OUTCOME_TRY(check_amount(command.cents));
    return Opened{command.owner, command.address, command.cents};
}

el::result<Moved> decide(const Move& command, const Account& account)
{
    BOOST_OUTCOME_TRY(check_open(account));
    return Moved{command.address};
}

el::result<Posted> decide(const Post& command, const Account& account)
{
    BOOST_OUTCOME_TRY(check_open(account));
    BOOST_OUTCOME_TRY(check_amount(command.cents));
    BOOST_OUTCOME_TRY(check_balance(account.cents + command.cents));
    return Posted{command.cents, command.text};
}

el::result<NightClosed> decide(const CloseNight& command, const Account& account)
{
    BOOST_OUTCOME_TRY(check_open(account));
    if (command.night.value <= account.closed_until) {
        return el::refuse("closed-already", "The account is closed until the night " + account.closed_until + ".");
    }
    BOOST_OUTCOME_TRY(check_balance(account.cents));
    const auto interest = interest_of(account.cents);
    const auto fee      = fee_of(account.cents);
    BOOST_OUTCOME_TRY(check_balance(account.cents + interest - fee));
    return NightClosed{command.night, interest, fee, account.cents + interest - fee, command.statement};
}

Night evolve(Night night, const Begun& event)
{
    night.accounts = event.accounts;
    return night;
}

el::result<std::optional<Begun>> decide(const Begin& command, const Night& night)
{
    if (night.accounts > 0) return std::nullopt;
    return Begun{command.accounts};
}

} // namespace bank
