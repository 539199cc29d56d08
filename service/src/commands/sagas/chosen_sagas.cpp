#include "commands/sagas/chosen_sagas.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/service/detail/arguments.hpp>

namespace eventloom {

namespace {

result<std::optional<SagaStatus>> parse_status(const std::string& word)
{
    if (word.empty()) return std::optional<SagaStatus>{};
    for (const auto status : {SagaStatus::running, SagaStatus::compensating, SagaStatus::completed,
                              SagaStatus::compensated, SagaStatus::stuck}) {
        if (to_string(status) == word) return std::optional{status};
    }
    return fail(Failure::invalid, "no-such-status",
                "asked for sagas that are \"" + word +
                    "\" and found no such status; it is running, compensating, completed, compensated or stuck");
}

} // namespace

result<SagaFilter> filter_of(const ChosenSagas& chosen, const Clock& clock)
{
    SagaFilter filter;
    if (not chosen.saga.empty()) filter.saga = chosen.saga;
    BOOST_OUTCOME_TRY(filter.status, parse_status(chosen.status));
    filter.step       = chosen.step;
    filter.error_code = chosen.error;
    filter.key_prefix = chosen.key_prefix;
    if (const auto age = parse_span(chosen.older_than)) filter.began_before = clock.now() - *age;
    return filter;
}

std::vector<Option> choose_sagas_by(Command command, ChosenSagas& chosen)
{
    return {
        command.add_option("--status", chosen.status, "running, compensating, completed, compensated or stuck"),
        command.add_option("--step", chosen.step, "The step that they are at"),
        command.add_option("--error", chosen.error, "The code of the error that they are stuck with, or undone for"),
        command.add_option("--key-prefix", chosen.key_prefix, "Keys that begin with this"),
        command.add_option("--older-than", chosen.older_than, "Begun so long ago: 90d, 12h, 30m")
            .check(span_of_time())};
}

Option limit_sagas(Command command, ChosenSagas& chosen)
{
    return command.add_option("--limit", chosen.limit, "At most this many").check(whole_number());
}

} // namespace eventloom
