#include "bank.hpp"

namespace bank {

el::result<std::unique_ptr<Bank>> Bank::open(const el::Runtime& runtime, const std::string& directory,
                                             const BankOptions& options, bool create_if_missing)
{
    auto bank = std::make_unique<Bank>();
    BOOST_OUTCOME_TRY(bank->service_,
                      el::Service::open(runtime, {.directory = directory, .create_if_missing = create_if_missing}));
    BOOST_OUTCOME_TRY(bank->printer_,
                      Printer::open(runtime, directory + "/printer", std::chrono::milliseconds{options.printing_ms}));
    auto& projections = bank->service_->projections();
    BOOST_OUTCOME_TRY(bank->accounts_, projections.add(bank::accounts()));
    BOOST_OUTCOME_TRY(bank->nights_, projections.add(bank::nights()));
    add_account_work(*bank->service_, *bank->printer_, options.workers);
    return bank;
}

} // namespace bank
