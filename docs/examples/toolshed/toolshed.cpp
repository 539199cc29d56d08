#include "toolshed.hpp"

namespace toolshed {

el::result<std::unique_ptr<Toolshed>> Toolshed::open(const el::Runtime& runtime, const std::string& directory,
                                                     const Settings& settings, bool create_if_missing)
{
    auto shed       = std::make_unique<Toolshed>();
    shed->loan_days = settings.loan_days;
    BOOST_OUTCOME_TRY(shed->opened,
                      el::Service::open(runtime, {.directory = directory, .create_if_missing = create_if_missing}));
    BOOST_OUTCOME_TRY(shed->tools, shed->opened->projections().add(toolshed::tools()));
    return shed;
}

} // namespace toolshed
