#include <eventloom/framework/command_bus.hpp>

#include "receipt_of.hpp"

#include <eventloom/framework/detail/user_code.hpp>

namespace eventloom {

Middleware validation()
{
    return [](CommandContext& context, const CommandStep& next) -> result<Receipt> {
        if (context.validate) {
            BOOST_OUTCOME_TRY(call_user_code("validate of the command", context.command, context.validate));
        }
        return next(context);
    };
}

Middleware idempotency(EventStore& store)
{
    return [&store](CommandContext& context, const CommandStep& next) -> result<Receipt> {
        if (not context.command_id_given) return next(context);
        BOOST_OUTCOME_TRY(const auto record, store.find_command(context.options.command_id));
        if (not record) return next(context);
        if (record->stream != context.stream) {
            return fail(Failure::invalid, "command-id-taken",
                        "sent a command to " + context.stream + " with the id " + to_string(record->id) +
                            ", which a command to " + record->stream + " had before; give each command its own id");
        }
        return receipt_of(*record);
    };
}

Middleware retry_on_conflict(unsigned attempts)
{
    return [attempts](CommandContext& context, const CommandStep& next) -> result<Receipt> {
        for (context.attempt = 1;; ++context.attempt) {
            auto answer = next(context);
            if (answer || context.attempt >= attempts) return answer;
            const auto& code = answer.error().code;
            if (code != "wrong-expected-version" && code != "append-condition-failed") return answer;
        }
    };
}

Middleware timing(const Clock& clock, std::function<void(const CommandTiming&)> report)
{
    return [&clock, report = std::move(report)](CommandContext& context, const CommandStep& next) -> result<Receipt> {
        const auto began = clock.now();
        auto answer      = next(context);
        tell_user_code("the report of the time that was taken by the command", context.command, [&] {
            report({context.command, clock.now() - began, answer ? std::string_view{} : answer.error().code});
        });
        return answer;
    };
}

} // namespace eventloom
