// Carries out commands: it sends a command to an aggregate, which decides. When send returns, the events of the decision are in
// the log.
//
//     CommandBus bus{runtime, *store};
//     BOOST_OUTCOME_TRY(const auto receipt, bus.send(OrderId{"1042"}, Pay{"receipt-1", amount}));
//     bus.send(OrderId{"1042"}, Pay{"receipt-1", amount}, {.command_id = id});   // sent again with its id, it acts once
//
//     bus.decide<Courses>(Subscribe{"ada", "c1"});         // a decision that spans streams: see decision.hpp
//
// send loads the aggregate, decides, and appends with the version it read. decide folds the views of the command's boundary,
// decides, and appends on condition that nothing new has happened within the boundary. Middleware surrounds this work. Validation
// (`result<void> validate(const Command&)` beside the command, if there is one), idempotency by command id, and retry on
// conflict are always there, in this order. `use` adds more around them; the one that was added last is called first.
// Threads: send may be called from any thread; use, before the first send.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/decision.hpp>
#include <eventloom/framework/detail/command_type.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/runtime.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <typeindex>
#include <vector>

namespace eventloom {

struct SendOptions {
    Uuid command_id  = {}; // nil: a fresh one; then nothing recognises the command when it is sent again
    Uuid correlation = {}; // nil: the command id
    Uuid causation   = {}; // what made somebody send this; nil: nothing in the log
    std::vector<std::pair<std::string, std::string>> headers = {};
};

// What became of a command.
struct Receipt {
    Uuid command_id;
    std::string stream;
    std::uint64_t events = 0;     // how many it gave; 0 when nothing was to be done
    Version last_version = 0;     // of the stream; meaningless while it is empty, or when decide gave no event
    Position position    = 0;     // wait for this one to read your own writes
    bool repeated        = false; // it had been carried out before; this is the answer of then
};

// A command on its way through the middleware.
struct CommandContext {
    std::string_view command; // the struct's name, for logs and metrics
    std::string stream;
    SendOptions options;
    bool command_id_given = false; // by the caller, so that it may come again
    unsigned attempt      = 1;     // counts up when it is decided again
    std::function<result<void>()> validate;
};

using CommandStep = std::function<result<Receipt>(CommandContext&)>;
using Middleware  = std::function<result<Receipt>(CommandContext&, const CommandStep& next)>;

struct CommandBusOptions {
    // At a command whose stream or boundary others write to at the same time. Each that fails was another's success, so that
    // as many suffice as there are others.
    unsigned attempts             = 100;
    std::size_t cached_aggregates = 10'000; // states kept in memory, the least recently used one goes first
    SnapshotStore* snapshots = nullptr; // of aggregates that say so, for those that are not in memory; outlives the bus
};

namespace detail {

class AggregateCache; // states by stream, the most recently used ones
struct LoadedState;

} // namespace detail

class CommandBus {
public:
    CommandBus(const Runtime& runtime, EventStore& store, CommandBusOptions options = {});
    ~CommandBus();

    // Says whose the streams of a category are; each aggregate says it of its own when it is first asked for. The streams of
    // one category have one state: what another type makes of their events is not what their commands were decided on.
    // Failure::invalid  "category-taken": it is another's.
    result<void> take_category(std::string_view category, std::type_index type, std::string_view name);

    // Decides and records. What the aggregate refuses comes back as Failure::refused with its own code; what the store
    // could not do, as the store says it.
    template <aggregate State, decided_by<State> Command>
    result<Receipt> send(const id<State>& to, const Command& command, SendOptions options = {})
    {
        return send(detail::command_type<State, Command>, to.stream(), &command, std::move(options));
    }

    // The same within the boundary that the command draws. Costs one read of the matching events and one append.
    template <decision_context Context, class Command>
    result<Receipt> decide(const Command& command, SendOptions options = {})
    {
        return send(detail::CommandWithin<Context, Command>::type, std::string{Context::stream}, &command,
                    std::move(options));
    }

    // Either of them, for a command without its type, as sagas keep it.
    result<Receipt> send(const detail::CommandType& type, std::string to, const void* command, SendOptions options);

    // The aggregate as the log has it at this moment.
    template <aggregate State>
    result<State> load(const id<State>& of)
    {
        BOOST_OUTCOME_TRY(const auto state, load(detail::aggregate_type<State>, of.stream()));
        return *static_cast<const State*>(state.get());
    }

    // Lets go of every state that is kept, in memory and in snapshots, and of those that are being worked out now: none of
    // them is kept later. From then on what the log says counts.
    result<void> forget_states();

    // What was passed over and has to be known, a sentence each: snapshots of a state whose members have changed under one
    // version.
    std::vector<std::string> notices() const;

    // Puts `middleware` around everything that is there already.
    void use(Middleware middleware);

private:
    result<std::shared_ptr<const void>> load(const detail::AggregateType& aggregate, const std::string& stream);
    result<detail::LoadedState> load_stream(const detail::AggregateType& aggregate, const std::string& stream);
    result<std::uint64_t> fold_rest(const detail::StateType& type, void* state, const std::string& stream,
                                    std::uint64_t events, std::uint64_t length) const;
    result<detail::LoadedState> load_snapshot(const detail::AggregateType& aggregate, const std::string& stream);
    // By the policy of the aggregate; never a reason for a command to fail.
    void take_snapshot(const detail::AggregateType& aggregate, const std::string& stream, std::uint64_t events_before,
                       const detail::LoadedState& loaded);
    result<Receipt> decide_and_append(CommandContext& context, const detail::CommandType& type, const void* command);
    result<Receipt> decide_within(CommandContext& context, const detail::CommandType& type, const void* command);

    // A state that was folded before its stream was deleted, or cut, is not the state of now.
    result<std::uint64_t> count_settings(const std::string& stream) const;
    result<std::optional<Snapshot>> find_snapshot(const std::string& stream, std::uint32_t version, const Shape& shape);
    void save_snapshot(const std::string& stream, Snapshot snapshot, std::uint64_t age);
    result<std::optional<SnapshotAnchor>> anchor_after(const std::string& stream, std::uint64_t events) const;
    result<Receipt> run(CommandContext& context, const CommandStep& innermost);
    result<Receipt> append(const CommandContext& context, std::vector<NewEvent> events, ExpectedVersion expected,
                           std::optional<AppendCondition> condition = std::nullopt);

    struct State;
    Runtime runtime_;
    EventStore& store_;
    CommandBusOptions options_;
    const std::unique_ptr<State> state_;
    std::vector<Middleware> middleware_; // innermost first
};

// The middleware of every bus; public so that a service can say the same of other senders.
Middleware validation();
Middleware idempotency(EventStore& store);
Middleware retry_on_conflict(unsigned attempts);

// How long a command took and how it ended; `code` is empty when it was carried out.
struct CommandTiming {
    std::string_view command;
    Duration took;
    std::string_view code;
};
Middleware timing(const Clock& clock, std::function<void(const CommandTiming&)> report);

} // namespace eventloom
