#include <eventloom/eventloom.hpp>

#include <iostream>

namespace el = eventloom;

// Events: what has happened. Commands: what somebody asks for.
struct Opened {
    std::string owner;
};
struct Deposited {
    long cents = 0;
};
struct Open {
    std::string owner;
};
struct Deposit {
    long cents = 0;
};

// State: what the next decision needs to know. The quoted names are stored on disk, so they never change.
struct Account {
    static constexpr auto category = "account";
    using Events = el::events<el::event<"account-opened", Opened>, el::event<"money-deposited", Deposited>>;
    bool open    = false;
};
inline Account evolve(Account account, const Opened&)
{
    account.open = true;
    return account;
}
inline Account evolve(Account account, const Deposited&)
{
    return account;
}

inline el::result<Opened> decide(const Open& command, const Account& account)
{
    if (account.open) return el::refuse("already-open", "This account was opened before.");
    return Opened{command.owner};
}
inline el::result<Deposited> decide(const Deposit& command, const Account& account)
{
    if (not account.open) return el::refuse("not-open", "Open the account first.");
    return Deposited{command.cents};
}
static_assert(el::aggregate<Account>);

// A table for queries: one row for each account.
struct Balance {
    std::string owner;
    long cents = 0;
};

inline auto balances()
{
    return el::projection<el::id<Account>, Balance>(
        "balances", 1, [](Balance& row, const Opened& event) { row.owner = event.owner; },
        [](Balance& row, const Deposited& event) { row.cents += event.cents; });
}

el::result<void> run(const std::string& directory)
{
    el::SystemExecutor executor;
    const el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    BOOST_OUTCOME_TRY(const auto service, el::Service::open(runtime, {.directory = directory}));
    BOOST_OUTCOME_TRY(const auto table, service->projections().add(balances()));
    BOOST_OUTCOME_TRY(service->start());

    const el::id<Account> account{"7"};
    BOOST_OUTCOME_TRY(service->commands().send(account, Open{"Ada"}));
    BOOST_OUTCOME_TRY(const auto receipt, service->commands().send(account, Deposit{250}));
    BOOST_OUTCOME_TRY(
        service->projections().wait_for(receipt.position, el::system_clock().now() + std::chrono::seconds{5}));
    BOOST_OUTCOME_TRY(const auto row, table.get(account));
    std::cout << row->owner << " has " << row->cents << " cents\n";
    return el::done();
}

int main(int, char** argv)
{
    const auto done = run(argv[1]);
    if (not done) std::cerr << done.error().sentence << "\n";
    return done ? 0 : 1;
}
