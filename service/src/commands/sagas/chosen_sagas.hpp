// Which instances of sagas a command is about, as they are typed.
//
//     choose_sagas_by(command, *chosen);                                  // --status, --step, --error, ...
//     BOOST_OUTCOME_TRY(const auto filter, filter_of(*chosen, clock));
//     BOOST_OUTCOME_TRY(const auto instances, sagas.list(filter, chosen->limit));
#pragma once

#include <eventloom/framework/runtime.hpp>
#include <eventloom/sagas/sagas.hpp>
#include <eventloom/service/detail/command.hpp>

#include <string>
#include <vector>

namespace eventloom {

struct ChosenSagas {
    std::string saga;
    std::string key;
    std::string status;
    std::string step;
    std::string error;
    std::string key_prefix;
    std::string older_than;
    std::size_t limit = 1'000'000;
};

// Adds these options, and returns them.
std::vector<Option> choose_sagas_by(Command command, ChosenSagas& chosen);
Option limit_sagas(Command command, ChosenSagas& chosen);

// Failure::invalid "no-such-status".
result<SagaFilter> filter_of(const ChosenSagas& chosen, const Clock& clock);

} // namespace eventloom
