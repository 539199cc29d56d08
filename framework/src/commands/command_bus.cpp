#include <eventloom/framework/command_bus.hpp>

#include "commands/command_carrier.hpp"

#include <condition_variable>

namespace eventloom {

namespace {

// The answer for whoever waits for it.
struct AwaitedAnswer {
    std::mutex mutex;
    std::condition_variable is_there;
    std::optional<result<Receipt>> answer;
};

std::shared_ptr<detail::Sending> sending_of(const detail::CommandType& type, std::string to,
                                            std::shared_ptr<const void> command, SendOptions options)
{
    auto sending             = std::make_shared<detail::Sending>();
    sending->type            = &type;
    sending->command         = std::move(command);
    sending->context.command = type.name;
    sending->context.stream  = std::move(to);
    sending->context.options = std::move(options);
    if (type.validate != nullptr) {
        sending->context.validate = [&type, of = sending->command.get()] { return type.validate(of); };
    }
    return sending;
}

} // namespace

CommandBus::CommandBus(const Runtime& runtime, EventStore& store, CommandBusOptions options)
    : carrier_{std::make_shared<detail::CommandCarrier>(runtime, store, options)}
{
    use(retry_on_conflict(options.attempts));
    use(idempotency(store));
    use(validation());
}

CommandBus::~CommandBus()
{
    carrier_->close();
}

result<void> CommandBus::take_category(std::string_view category, std::type_index type, std::string_view name)
{
    return carrier_->take_category(category, type, name);
}

void CommandBus::use(Middleware middleware)
{
    carrier_->use(std::move(middleware));
}

EventStore& CommandBus::store()
{
    return carrier_->store();
}

result<Receipt> CommandBus::send(const detail::CommandType& type, std::string to, const void* command,
                                 SendOptions options)
{
    const std::shared_ptr<const void> of_the_caller{std::shared_ptr<const void>{}, command};
    const auto sending    = sending_of(type, std::move(to), of_the_caller, std::move(options));
    sending->carrier      = carrier_;
    sending->sender_waits = true;
    AwaitedAnswer awaited;
    begin(sending, [&awaited](result<Receipt> answer) {
        const std::lock_guard lock{awaited.mutex};
        awaited.answer = std::move(answer);
        awaited.is_there.notify_one();
    });
    std::unique_lock lock{awaited.mutex}; // mostly it is there already
    awaited.is_there.wait(lock, [&] { return awaited.answer.has_value(); });
    return std::move(*awaited.answer);
}

void CommandBus::send(const detail::CommandType& type, std::string to, std::shared_ptr<const void> command,
                      SendOptions options, std::optional<StreamAppend> beside, CommandDone done)
{
    const auto sending = sending_of(type, std::move(to), std::move(command), std::move(options));
    sending->carrier   = carrier_;
    sending->beside    = std::move(beside);
    begin(sending, std::move(done));
}

result<std::shared_ptr<const void>> CommandBus::load(const detail::AggregateType& aggregate, const std::string& stream)
{
    BOOST_OUTCOME_TRY(auto loaded, carrier_->load(aggregate, stream));
    return std::move(loaded.state);
}

std::vector<std::string> CommandBus::notices() const
{
    return carrier_->states().notices();
}

result<void> CommandBus::forget_states()
{
    return carrier_->states().forget();
}

} // namespace eventloom
