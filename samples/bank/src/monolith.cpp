#include "monolith.hpp"

#include <eventloom/storage/ordered_key.hpp>

namespace bank {

el::result<std::uint64_t> run_monolith(Bank& bank, const std::string& directory, const NightId& night,
                                       const BatchProgress& progress)
{
    BOOST_OUTCOME_TRY(auto ledger, el::Database::open(bank.service().runtime(), {.directory = directory}));
    BOOST_OUTCOME_TRY(const auto all, bank.accounts().all());
    el::Batch transaction;
    std::uint64_t done = 0, closed = 0;
    for (const auto& [account, row] : all.rows) {
        const auto key       = el::derived_uuid({"monolith", night.value, account.value});
        const auto statement = bank.printer().print({account, night, row.address, row.cents}, key);
        if (statement) {
            const auto balance = row.cents + interest_of(row.cents) - fee_of(row.cents);
            transaction.put(el::ordered_key(night.value) + el::ordered_key(account.value),
                            std::to_string(balance) + " " + statement.value());
            ++closed;
        }
        if (progress) {
            BOOST_OUTCOME_TRY(progress(++done, all.rows.size()));
        }
    }
    BOOST_OUTCOME_TRY(ledger->write(transaction, el::Durability::synced));
    return closed;
}

} // namespace bank
