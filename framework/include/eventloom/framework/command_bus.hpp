// Carries out commands: it sends a command to an aggregate, which decides. When send returns, the events of the decision are in
// the log.
//
//     CommandBus bus{runtime, *store};
//     BOOST_OUTCOME_TRY(const auto receipt, bus.send(OrderId{"1042"}, Pay{"receipt-1", amount}));
//     bus.send(OrderId{"1042"}, Pay{"receipt-1", amount}, {.command_id = id});   // sent again with its id, it acts once
//
//     bus.decide<Courses>(Subscribe{"ada", "c1"});         // a decision that spans streams: see decision.hpp
//
//     bus.send(OrderId{"1042"}, Pay{"receipt-1", amount}, {}, [](result<Receipt> answer) { ... });   // does not wait
//
// send loads the aggregate, decides, and appends with the version it read. decide folds the views of the command's boundary,
// decides, and appends on condition that nothing new has happened within the boundary. Middleware surrounds this work. Validation
// (`result<void> validate(const Command&)` beside the command, if there is one), idempotency by command id, and retry on
// conflict are always there, in this order. `use` adds more around them; the one that was added last is called first.
//
//     bus.use([](CommandContext& context, const CommandStep& next, CommandDone done) {
//         if (closed) return done(refuse("closed", "No orders are taken on Sundays."));   // an answer of its own
//         next(context, std::move(done));                                                 // or that of the command
//     });
//
// Threads: send may be called from any thread; use, before the first send.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/decision.hpp>
#include <eventloom/framework/detail/command_type.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/runtime.hpp>

#include <functional>
#include <memory>
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

// A command on its way through the middleware. Lives until it is answered.
struct CommandContext {
    std::string_view command; // the struct's name, for logs and metrics
    std::string stream;
    SendOptions options;
    bool command_id_given = false; // by the caller, so that it may come again
    unsigned attempt      = 1;     // counts up when it is decided again
    std::function<result<void>()> validate;
};

// Takes the answer to a command.
using CommandDone = std::function<void(result<Receipt>)>;

// What is inside a middleware: the next one, or the decision. The answer may come before this returns, or later on another
// thread; it comes once.
using CommandStep = std::function<void(CommandContext&, CommandDone)>;

// Calls `done` once: with an answer of its own, or with that of `next`, which it may call again. It may return before that;
// `context` and `next` stay until it has called `done`. What it throws, or the function that it hands to `next`, is the answer,
// and so is an error if it lets go of `done` without calling it.
using Middleware = std::function<void(CommandContext&, const CommandStep& next, CommandDone done)>;

struct CommandBusOptions {
    // At a command whose stream or boundary others write to at the same time. Each that fails was another's success, so that
    // as many suffice as there are others.
    unsigned attempts             = 100;
    std::size_t cached_aggregates = 10'000; // states kept in memory, the least recently used one goes first
    // Of aggregates that say so, for those that are not in memory. Outlives the bus and what is in flight.
    SnapshotStore* snapshots = nullptr;
};

namespace detail {

class CommandCarrier;

} // namespace detail

class CommandBus {
public:
    CommandBus(const Runtime& runtime, EventStore& store, CommandBusOptions options = {});
    // Commands that wait for their turn are answered "command-bus-stopped", and not carried out.
    ~CommandBus();
    CommandBus(const CommandBus&)            = delete;
    CommandBus& operator=(const CommandBus&) = delete;

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

    // Both again, without waiting for the disk: thousands of commands may be in flight, and those that are written together are
    // synced once. `done` is called once, on the caller's thread or on one of the store's choice; it may send again, but must
    // not wait. Commands to one aggregate are decided one after the other, each on what those before it have written. The bus
    // may go meanwhile; the store answers what is in flight before it has closed.
    template <aggregate State, decided_by<State> Command>
    void send(const id<State>& to, Command command, SendOptions options, CommandDone done)
    {
        send(detail::command_type<State, Command>, to.stream(), std::make_shared<const Command>(std::move(command)),
             std::move(options), std::nullopt, std::move(done));
    }
    template <decision_context Context, class Command>
    void decide(Command command, SendOptions options, CommandDone done)
    {
        send(detail::CommandWithin<Context, Command>::type, std::string{Context::stream},
             std::make_shared<const Command>(std::move(command)), std::move(options), std::nullopt, std::move(done));
    }

    // Any of them, for a command without its type, as sagas keep it.
    result<Receipt> send(const detail::CommandType& type, std::string to, const void* command, SendOptions options);

    // Writes `beside` in the same append, before the events of the command, and also when it gives none. Not written when the
    // command fails, or had been carried out before (Receipt::repeated).
    // Failure::conflict  "beside-changed": that stream is not as expected; nothing was written.
    void send(const detail::CommandType& type, std::string to, std::shared_ptr<const void> command, SendOptions options,
              std::optional<StreamAppend> beside, CommandDone done);

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

    // Whose log the commands go to.
    EventStore& store();

private:
    result<std::shared_ptr<const void>> load(const detail::AggregateType& aggregate, const std::string& stream);

    const std::shared_ptr<detail::CommandCarrier> carrier_; // shared by the commands that are on their way
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
