// The printer of statements: a system outside the bank, which takes its time. It has a book of its own.
//
//     BOOST_OUTCOME_TRY(const auto number, printer.print({account, night, cents}, key));
//
// Asked again with the same key it prints nothing more, and gives the same number. Threads: any.
#pragma once

#include "account.hpp"

#include <eventloom/framework/runtime.hpp>
#include <eventloom/storage/database.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace bank {

struct Statement {
    AccountId account;
    NightId night;
    std::string address;
    std::int64_t cents = 0;
};

class Printer {
public:
    // `takes`: the time that the printer takes for each statement.
    static el::result<std::unique_ptr<Printer>> open(const el::Runtime& runtime, const std::string& directory,
                                                     std::chrono::milliseconds takes);

    // Failure::refused "no-address".
    el::result<std::string> print(const Statement& statement, const el::Uuid& key);

    // How many sheets it has printed for a night. One for each account, if nothing was printed twice.
    el::result<std::uint64_t> printed(const NightId& night) const;

    Printer(std::unique_ptr<el::Database> book, std::chrono::milliseconds takes);

private:
    const std::unique_ptr<el::Database> book_;
    const std::chrono::milliseconds takes_;
};

} // namespace bank
