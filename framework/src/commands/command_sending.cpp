#include "commands/command_sending.hpp"

#include "commands/command_carrier.hpp"

#include <eventloom/framework/detail/user_code.hpp>

namespace eventloom::detail {

namespace {

// One of the steps that a command goes through: a middleware, or the innermost one, which decides and writes. It owes the
// step around it one answer. Whoever is to answer holds it, and with it the sending.
class Stage final : public std::enable_shared_from_this<Stage> {
public:
    // `depth` is the number of middleware from this one inwards; 0: the decision. `done` is code of the step `around`.
    Stage(std::shared_ptr<Sending> sending, std::size_t depth, CommandDone done, std::shared_ptr<Stage> around)
        : sending_{std::move(sending)}, depth_{depth}, done_{std::move(done)}, around_{std::move(around)}
    {
    }

    // Nobody is left who could answer.
    ~Stage()
    {
        if (not is_answered_)
            tell_user_code("the end of the command", sending_->type->name, [&] { give(unanswered()); });
    }

    void run(CommandContext& context) noexcept
    {
        const auto self = shared_from_this();
        CommandCarrier& carrier{*sending_->carrier};
        try {
            CommandDone done = [self](result<Receipt> answer) { self->give(std::move(answer)); };
            if (depth_ == 0) {
                carrier.carry_out(sending_, context, std::move(done));
            } else {
                carrier.middleware()[depth_ - 1](context, next_, std::move(done));
            }
        } catch (...) {
            answer_exception();
        }
    }

    // False: it was answered before.
    bool give(result<Receipt> answer)
    {
        if (is_answered_.exchange(true)) return false;
        if (answer) sending_->is_carried_out = true;
        const auto done = std::exchange(done_, nullptr);
        try {
            done(std::move(answer));
        } catch (...) {
            if (around_ != nullptr) {
                around_->answer_exception();
            } else {
                say_on_standard_error(exception_in_user_code("the completion of the command", sending_->type->name));
            }
        }
        return true;
    }

private:
    void answer_exception() noexcept
    {
        Error thrown = exception_on_the_way(
            depth_ == 0 ? "the decision of the command" : "a middleware around the command", *sending_);
        if (not give(thrown)) say_on_standard_error(thrown);
    }

    Error unanswered() const
    {
        return {Failure::unknown, "command-not-answered",
                "sent " + std::string{sending_->type->name} + " to " + sending_->context.stream + " and found that " +
                    (depth_ == 0 ? "the store" : "a middleware around it") +
                    " gave no answer; send it again with its id to get its result"};
    }

    const std::shared_ptr<Sending> sending_;
    const std::size_t depth_;
    CommandDone done_;
    const std::shared_ptr<Stage> around_;
    std::atomic<bool> is_answered_ = false;
    const CommandStep next_        = [this](CommandContext& context, CommandDone done) {
        std::make_shared<Stage>(sending_, depth_ - 1, std::move(done), shared_from_this())->run(context);
    };
};

} // namespace

Error exception_on_the_way(std::string_view which, const Sending& sending) noexcept
{
    Error thrown = exception_in_user_code(which, sending.type->name);
    if (not sending.is_carried_out && not sending.is_being_written) return thrown;
    thrown.kind = Failure::unknown;
    thrown.sentence +=
        sending.is_carried_out ? "; the command was carried out before that" : "; the command was being written then";
    thrown.sentence += ": send it again with its id to get its result";
    return thrown;
}

void begin(std::shared_ptr<Sending> sending, CommandDone done)
{
    const auto outermost =
        std::make_shared<Stage>(sending, sending->carrier->middleware().size(), std::move(done), nullptr);
    auto prepared = sending->carrier->prepare(sending->context, *sending->type);
    if (not prepared) {
        outermost->give(std::move(prepared.error()));
    } else {
        outermost->run(sending->context);
    }
}

} // namespace eventloom::detail
