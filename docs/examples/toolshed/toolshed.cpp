#include "toolshed.hpp"

#include <charconv>
#include <cstdlib>

namespace toolshed {

namespace {

el::result<int> days_of_a_loan(const Settings& settings)
{
    if (settings.loan_days > 0) return settings.loan_days;
    const char* set = std::getenv("TOOLSHED_LOAN_DAYS");
    if (set == nullptr) return 14;
    const std::string_view word{set};
    int days = 0;
    if (std::from_chars(word.data(), word.data() + word.size(), days).ptr != word.end() || days < 1 || days > 365) {
        return el::fail(el::Failure::invalid, "wrong-loan-days",
                        "read TOOLSHED_LOAN_DAYS and found \"" + std::string{word} +
                            "\"; set it to a number of days from 1 to 365");
    }
    return days;
}

} // namespace

el::result<std::unique_ptr<Toolshed>> Toolshed::open(const el::Runtime& runtime, const std::string& directory,
                                                     const Settings& settings, bool create_if_missing)
{
    auto shed = std::make_unique<Toolshed>();
    BOOST_OUTCOME_TRY(shed->loan_days, days_of_a_loan(settings));
    BOOST_OUTCOME_TRY(shed->opened,
                      el::Service::open(runtime, {.directory = directory, .create_if_missing = create_if_missing}));
    BOOST_OUTCOME_TRY(shed->tools, shed->opened->projections().add(toolshed::tools()));
    return shed;
}

} // namespace toolshed
