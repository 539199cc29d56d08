#include "commands/command_carrier.hpp"

#include "commands/receipt_of.hpp"
#include "events/stream_without_id.hpp"

#include <eventloom/framework/detail/user_code.hpp>

#include <fmt/core.h>

namespace eventloom::detail {

namespace {

// Contexts may share a category; an aggregate would find events in its streams that it does not know.
struct AllContexts {};

// The events that a command leads to.
class NewEvents final : public Decided {
public:
    explicit NewEvents(const FactList& list) : list_{list} {}

    void add(std::size_t place, const void* fact) override { events.push_back(encoded_fact(list_, place, fact)); }
    void refuse(Error error) override { refused = std::move(error); }

    std::vector<NewEvent> events;
    std::optional<Error> refused;

private:
    const FactList& list_;
};

// The same, and the state after them. It is made before they are written: what evolve throws at would stand in the way of every
// later command.
class NextState final : public Decided {
public:
    NextState(const StateType& type, const void* present) : decided{type.list}, type_{type}, present_{present} {}

    void add(std::size_t place, const void* fact) override
    {
        decided.add(place, fact);
        if (not state) state = copy_of_state(type_, present_);
        type_.evolve[place](state.get(), fact);
    }
    void refuse(Error error) override { decided.refuse(std::move(error)); }

    NewEvents decided;
    std::shared_ptr<void> state; // nullptr: without events, it stays as it is

private:
    const StateType& type_;
    const void* present_;
};

} // namespace

// What a command leads to, before it is written.
struct CommandCarrier::Decision {
    std::vector<NewEvent> events;
    ExpectedVersion expected = ExpectedVersion::any();
    std::optional<AppendCondition> condition;
    LoadedState before;          // of an aggregate
    std::shared_ptr<void> state; // after the events
};

// A decision that the store has, until it answers.
struct CommandCarrier::Writing {
    std::shared_ptr<Sending> sending;
    CommandDone done;
    Decision decision;
    Receipt receipt;
    Turns::Hold turn; // the last member, so that it goes while the carrier is there
};

result<void> CommandCarrier::take_category(std::string_view category, std::type_index type, std::string_view name)
{
    const std::lock_guard lock{owning_};
    auto owner = owners_.find(category);
    if (owner == owners_.end()) {
        owner = owners_.emplace(std::string{category}, Owner{type, std::string{name}}).first;
    }
    if (owner->second.type == type) return done();
    return fail(Failure::invalid, "category-taken",
                "asked for " + std::string{name} + " of the category \"" + std::string{category} +
                    "\" and found that this category is of " + owner->second.name + "; give each its own category");
}

result<LoadedState> CommandCarrier::load(const AggregateType& aggregate, const std::string& stream)
{
    BOOST_OUTCOME_TRY(take_category(aggregate.state->category, *aggregate.state->type, aggregate.state->name));
    return states_.load(aggregate, stream);
}

result<void> CommandCarrier::prepare(CommandContext& context, const CommandType& type)
{
    if (type.aggregate == nullptr) {
        BOOST_OUTCOME_TRY(take_category(type.context->category, typeid(AllContexts),
                                        "the decision context " + std::string{type.context->name}));
    }
    if (lacks_id(context.stream)) {
        return fail(Failure::invalid, "empty-id",
                    "send " + std::string{context.command} + " to " + context.stream +
                        " and found an empty id; give the id of the receiver");
    }
    auto& options            = context.options;
    context.command_id_given = not options.command_id.is_nil();
    if (not context.command_id_given) options.command_id = runtime_.ids.next();
    if (options.correlation.is_nil()) options.correlation = options.command_id;
    return eventloom::done();
}

void CommandCarrier::carry_out(const std::shared_ptr<Sending>& sending, CommandContext& context, CommandDone done)
{
    if (sending->sender_waits || sending->type->aggregate == nullptr) {
        return carry_out_now(sending, context, std::move(done), nullptr);
    }
    turns_.take(context.stream, [sending, &context, done = std::move(done)](Turns::Hold turn) {
        try {
            sending->carrier->carry_out_now(sending, context, done, std::move(turn));
        } catch (...) {
            done(exception_on_the_way("the decision of the command", *sending));
        }
    });
}

void CommandCarrier::carry_out_now(const std::shared_ptr<Sending>& sending, const CommandContext& context,
                                   CommandDone done, Turns::Hold turn)
{
    if (is_closed_) {
        return done(Error{Failure::unavailable, "command-bus-stopped",
                          fmt::format("sent {} to {} and found that the command bus has stopped before its turn came; "
                                      "nothing was written: send it again",
                                      context.command, context.stream)});
    }
    auto decision = decide(context, *sending);
    if (not decision) return done(answer_after(context, std::move(decision.error())));
    const auto writing =
        std::make_shared<Writing>(Writing{sending, std::move(done), std::move(decision.value()), {}, std::move(turn)});
    writing->receipt = {
        .command_id = context.options.command_id, .stream = context.stream, .events = writing->decision.events.size()};
    auto request = request_of(context, *sending, writing->decision);
    if (request.streams.empty() && not request.command) {
        Appended nothing;
        nothing.last_position = store_.head();
        return finish(*writing, std::move(nothing));
    }
    sending->is_being_written = true;
    if (sending->sender_waits) return finish(*writing, store_.append(request));
    store_.append(std::move(request), [writing](result<Appended> appended) {
        writing->sending->carrier->finish(*writing, std::move(appended));
    });
}

result<CommandCarrier::Decision> CommandCarrier::decide(const CommandContext& context, const Sending& sending)
{
    return sending.type->aggregate != nullptr ? decide_on_state(context, sending) : decide_within(sending);
}

result<CommandCarrier::Decision> CommandCarrier::decide_on_state(const CommandContext& context, const Sending& sending)
{
    const AggregateType& aggregate = *sending.type->aggregate;
    BOOST_OUTCOME_TRY(auto loaded, load(aggregate, context.stream));
    NextState next{*aggregate.state, loaded.state.get()};
    sending.type->decide(sending.command.get(), loaded.state.get(), next);
    if (next.decided.refused) return std::move(*next.decided.refused);
    const auto expected = ExpectedVersion::after(loaded.events);
    return Decision{.events    = std::move(next.decided.events),
                    .expected  = expected,
                    .condition = std::nullopt,
                    .before    = std::move(loaded),
                    .state     = std::move(next.state)};
}

result<CommandCarrier::Decision> CommandCarrier::decide_within(const Sending& sending)
{
    const CommandType& type = *sending.type;
    const Position head     = store_.head();
    NewEvents decided{type.context->list};
    BOOST_OUTCOME_TRY(auto query,
                      type.decide_within(sending.command.get(), store_, head, runtime_.clock.now(), decided));
    if (decided.refused) return std::move(*decided.refused);
    Decision decision{.events = std::move(decided.events), .condition = {}, .before = {}, .state = {}};
    if (not query.items.empty()) decision.condition = AppendCondition{std::move(query), head};
    return decision;
}

// Sent twice at the same time, a command may be refused because of what it has done itself.
result<Receipt> CommandCarrier::answer_after(const CommandContext& context, Error error) const
{
    if (not context.command_id_given || error.kind != Failure::refused) return error;
    BOOST_OUTCOME_TRY(const auto record, store_.find_command(context.options.command_id));
    if (record && record->stream == context.stream) return receipt_of(*record);
    return error;
}

// The command's own events are the last of its append: its record counts them from the end.
AppendRequest CommandCarrier::request_of(const CommandContext& context, const Sending& sending, Decision& decision)
{
    const SendOptions& options = context.options;
    for (NewEvent& event : decision.events) {
        event.id                   = runtime_.ids.next();
        event.metadata.correlation = options.correlation;
        event.metadata.causation   = options.command_id;
        event.metadata.headers.insert(event.metadata.headers.end(), options.headers.begin(), options.headers.end());
        if (not options.causation.is_nil()) {
            event.metadata.headers.emplace_back("command-caused-by", to_string(options.causation));
        }
    }
    AppendRequest request;
    if (sending.beside) request.streams.push_back(*sending.beside);
    if (not decision.events.empty()) {
        request.streams.push_back({context.stream, decision.expected, std::move(decision.events)});
    }
    request.condition = std::move(decision.condition);
    if (context.command_id_given) {
        CommandRecord record;
        record.id       = options.command_id;
        record.stream   = context.stream;
        request.command = std::move(record);
    }
    return request;
}

// A store may keep the completion, and with it `writing`, for longer.
void CommandCarrier::finish(Writing& writing, result<Appended> appended)
{
    const auto turn                   = std::move(writing.turn);
    const auto done                   = std::move(writing.done);
    writing.sending->is_being_written = false;
    done(receipt_after(writing, std::move(appended)));
}

result<Receipt> CommandCarrier::receipt_after(Writing& writing, result<Appended> appended)
{
    const Sending& sending = *writing.sending;
    if (not appended) return conflict_of(sending, writing.receipt.stream, std::move(appended.error()));
    writing.sending->is_carried_out = true;
    const Appended& written         = appended.value();
    if (written.repeated && written.command) return receipt_of(*written.command);
    Receipt& receipt    = writing.receipt;
    LoadedState& before = writing.decision.before;
    receipt.position    = written.last_position;
    if (receipt.events == 0) {
        receipt.last_version = before.events == 0 ? 0 : before.events - 1;
        return std::move(receipt);
    }
    receipt.last_version = written.streams.back().last_version;
    if (sending.type->aggregate != nullptr && not is_closed_) {
        states_.move_on(*sending.type->aggregate, receipt.stream, std::move(before), std::move(writing.decision.state),
                        receipt.events);
    }
    return std::move(receipt);
}

// To decide again helps only when it is the command's own stream that another has written to.
Error CommandCarrier::conflict_of(const Sending& sending, const std::string& stream, Error error) const
{
    if (is_closed_ || not sending.beside || error.code != "wrong-expected-version") return error;
    const auto found = store_.stream_length(sending.beside->stream);
    if (not found) return found.error();
    if (sending.beside->expected.matches(found.value())) return error;
    return {Failure::conflict, "beside-changed",
            fmt::format("sent {} to {} with an append to {} beside it, which expected {} but found {}; nothing was "
                        "written; read {} and decide again whether to send it",
                        sending.type->name, stream, sending.beside->stream, sending.beside->expected.describe(),
                        ExpectedVersion::after(found.value()).describe(), sending.beside->stream)};
}

} // namespace eventloom::detail
