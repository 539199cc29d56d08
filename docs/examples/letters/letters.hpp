// The jobs of docs/queues.md: letters that are sent, and statements of accounts that are written.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/messaging/jobs.hpp>

namespace letters {

namespace el = eventloom;

struct SendLetter {
    std::string to;
    std::string text;
};

struct Letters {
    static constexpr auto queue = "letters";
    using Jobs                  = el::jobs<el::job<"send-letter", SendLetter>>;
};

// An account, with what has become of its statements.
struct Account;
using AccountId = el::id<Account>;

struct StatementWritten {
    std::string file;
};
struct Close {
    std::string owner;
};
struct Closed {};

struct Account {
    static constexpr auto category = "account";
    using Events = el::events<el::event<"statement-written", StatementWritten>, el::event<"account-closed", Closed>>;

    bool is_closed = false;
};

inline Account evolve(Account account, const StatementWritten&)
{
    return account;
}
inline Account evolve(Account account, const Closed&)
{
    account.is_closed = true;
    return account;
}
inline el::result<Closed> decide(const Close&, const Account& account)
{
    if (account.is_closed) return el::refuse("closed-already", "The account is closed.");
    return Closed{};
}
static_assert(el::aggregate<Account>);

struct WriteStatement {
    AccountId account;
    int pages = 1;
};

struct Statements {
    static constexpr auto queue = "statements";
    using Jobs                  = el::jobs<el::job<"write-statement", WriteStatement>>;
};

} // namespace letters
