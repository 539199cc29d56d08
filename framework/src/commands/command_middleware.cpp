#include <eventloom/framework/command_bus.hpp>

#include "commands/receipt_of.hpp"

#include <eventloom/framework/detail/user_code.hpp>

#include <atomic>

namespace eventloom {

namespace {

// What became of a command with this id before; nothing: there was none.
result<std::optional<Receipt>> earlier_receipt(const EventStore& store, const CommandContext& context)
{
    if (not context.command_id_given) return std::optional<Receipt>{};
    BOOST_OUTCOME_TRY(const auto record, store.find_command(context.options.command_id));
    if (not record) return std::optional<Receipt>{};
    if (record->stream == context.stream) return std::optional{receipt_of(*record)};
    return fail(Failure::invalid, "command-id-taken",
                "sent a command to " + context.stream + " with the id " + to_string(record->id) +
                    ", which a command to " + record->stream + " had before; give each command its own id");
}

// The attempts of one command. However many are answered at once, the stack does not grow: an answer that comes while its
// attempt is being called is left to the loop there, a later one begins a loop of its own.
class Attempts final : public std::enable_shared_from_this<Attempts> {
public:
    Attempts(CommandContext& context, const CommandStep& next, unsigned attempts_max, CommandDone done)
        : context_{context}, next_{next}, attempts_max_{attempts_max}, done_{std::move(done)}
    {
    }

    void run()
    {
        const auto self = shared_from_this();
        do {
            turn_ = Turn::called;
            next_(context_, [self](result<Receipt> answer) { self->take(std::move(answer)); });
        } while (turn_.exchange(Turn::returned) == Turn::again);
    }

private:
    enum class Turn : std::uint8_t { called, returned, again };

    void take(result<Receipt> answer)
    {
        if (answer || context_.attempt >= attempts_max_ || not is_conflict(answer.error())) {
            return done_(std::move(answer));
        }
        ++context_.attempt;
        if (turn_.exchange(Turn::again) == Turn::returned) run();
    }

    static bool is_conflict(const Error& error)
    {
        return error.code == "wrong-expected-version" || error.code == "append-condition-failed";
    }

    CommandContext& context_;
    const CommandStep& next_;
    const unsigned attempts_max_;
    const CommandDone done_;
    std::atomic<Turn> turn_ = Turn::called;
};

} // namespace

Middleware validation()
{
    return [](CommandContext& context, const CommandStep& next, CommandDone done) {
        if (context.validate) {
            auto valid = call_user_code("validate of the command", context.command, context.validate);
            if (not valid) return done(std::move(valid.error()));
        }
        next(context, std::move(done));
    };
}

Middleware idempotency(EventStore& store)
{
    return [&store](CommandContext& context, const CommandStep& next, CommandDone done) {
        auto earlier = earlier_receipt(store, context);
        if (not earlier) return done(std::move(earlier.error()));
        if (earlier.value()) return done(std::move(*earlier.value()));
        next(context, std::move(done));
    };
}

Middleware retry_on_conflict(unsigned attempts)
{
    return [attempts](CommandContext& context, const CommandStep& next, CommandDone done) {
        context.attempt = 1;
        std::make_shared<Attempts>(context, next, attempts, std::move(done))->run();
    };
}

Middleware timing(const Clock& clock, std::function<void(const CommandTiming&)> report)
{
    const auto told = std::make_shared<const std::function<void(const CommandTiming&)>>(std::move(report));
    return [&clock, told](CommandContext& context, const CommandStep& next, CommandDone done) {
        const auto tell = [&clock, told, began = clock.now(), command = context.command,
                           done = std::move(done)](result<Receipt> answer) {
            const auto code = answer ? std::string_view{} : answer.error().code;
            tell_user_code("the report of the time that was taken by the command", command, [&] {
                (*told)({command, clock.now() - began, code});
            });
            done(std::move(answer));
        };
        next(context, tell);
    };
}

} // namespace eventloom
