// The way to change anything: a command is sent to an aggregate, which decides; what it decided is in the log when send
// returns.
//
//     CommandBus bus{runtime, *store};
//     BOOST_OUTCOME_TRY(const auto receipt, bus.send(OrderId{"1042"}, Pay{"receipt-1", amount}));
//     bus.send(OrderId{"1042"}, Pay{"receipt-1", amount}, {.command_id = id});   // sent again with its id, it acts once
//
// send loads the aggregate, decides, and appends with the version it read. Middleware stands around that: validation
// (`result<void> validate(const Command&)` beside the command, if there is one), idempotency by command id, and retry on
// conflict are always there, in this order; `use` puts more around them, the last one outermost.
// Threads: send may be called from any thread; use, before the first send.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/runtime.hpp>

#include <functional>
#include <memory>
#include <string>
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
    Version last_version = 0;     // of the stream, meaningless while it is empty
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
    unsigned attempts             = 10;     // at a command whose stream others write to at the same time
    std::size_t cached_aggregates = 10'000; // states kept in memory, the least recently used one goes first
};

namespace detail {

// States of aggregates by stream, the most recently used ones.
class AggregateCache {
public:
    struct Entry {
        std::shared_ptr<const void> state; // of the aggregate's type; a stream has one aggregate
        std::uint64_t events = 0;          // how many events it was folded from
    };

    explicit AggregateCache(std::size_t capacity);
    ~AggregateCache();
    Entry find(const std::string& stream);
    void keep(const std::string& stream, Entry entry);

private:
    struct Table;
    std::unique_ptr<Table> table_;
};

template <class T>
consteval std::string_view struct_name()
{
    std::string_view name = __PRETTY_FUNCTION__; // "... [with T = shop::orders::Pay; ...]"
    name                  = name.substr(name.find("T = ") + 4);
    name                  = name.substr(0, name.find_first_of(";]"));
    const auto colons     = name.rfind("::");
    return colons == std::string_view::npos ? name : name.substr(colons + 2);
}

template <class Command>
concept validated = requires(const Command& command)
{
    {
        validate(command)
        } -> std::convertible_to<result<void>>;
};

} // namespace detail

class CommandBus {
public:
    CommandBus(const Runtime& runtime, EventStore& store, CommandBusOptions options = {});
    ~CommandBus();

    // Decides and records. What the aggregate refuses comes back as Failure::refused with its own code; what the store
    // could not do, as the store says it.
    template <aggregate State, decided_by<State> Command>
    result<Receipt> send(const id<State>& to, const Command& command, SendOptions options = {})
    {
        CommandContext context;
        context.command = detail::struct_name<Command>();
        context.stream  = to.stream();
        context.options = std::move(options);
        if constexpr (detail::validated<Command>) context.validate = [&command] { return validate(command); };
        return run(context, [&](CommandContext& now) { return decide_and_append<State>(now, command); });
    }

    // The aggregate as the log has it at this moment.
    template <aggregate State>
    result<State> load(const id<State>& of)
    {
        BOOST_OUTCOME_TRY(auto loaded, load_stream<State>(of.stream()));
        return std::move(loaded.state);
    }

    // Puts `middleware` around everything that is there already.
    void use(Middleware middleware);

private:
    template <class State>
    struct Loaded {
        State state;
        std::uint64_t events;
    };

    template <aggregate State>
    result<Loaded<State>> load_stream(const std::string& stream)
    {
        Loaded<State> loaded{};
        if (auto cached = cache_.find(stream); cached.state) {
            loaded = {*static_cast<const State*>(cached.state.get()), cached.events};
        }
        BOOST_OUTCOME_TRY(const auto length, store_.stream_length(stream));
        if (length == loaded.events) return loaded;

        const auto cursor = store_.read({.scope = Scope::stream(stream), .from = loaded.events});
        for (;;) {
            BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
            if (event == nullptr) break;
            BOOST_OUTCOME_TRY(loaded.state, evolved(std::move(loaded.state), *event));
            ++loaded.events;
        }
        cache_.keep(stream, {std::make_shared<const State>(loaded.state), loaded.events});
        return loaded;
    }

    template <aggregate State, decided_by<State> Command>
    result<Receipt> decide_and_append(CommandContext& context, const Command& command)
    {
        BOOST_OUTCOME_TRY(auto loaded, load_stream<State>(context.stream));
        BOOST_OUTCOME_TRY(const auto facts, decided<State>(command, loaded.state));
        std::vector<NewEvent> events;
        events.reserve(facts.size());
        for (const auto& fact : facts) events.push_back(encoded<State>(fact));
        BOOST_OUTCOME_TRY(auto receipt, append(context, std::move(events), loaded.events));
        if (receipt.repeated || facts.empty()) return receipt;

        for (const auto& fact : facts) loaded.state = evolved(std::move(loaded.state), fact);
        cache_.keep(context.stream,
                    {std::make_shared<const State>(std::move(loaded.state)), loaded.events + facts.size()});
        return receipt;
    }

    result<Receipt> run(CommandContext& context, const CommandStep& innermost);
    result<Receipt> append(const CommandContext& context, std::vector<NewEvent> events, std::uint64_t events_read);

    Runtime runtime_;
    EventStore& store_;
    CommandBusOptions options_;
    detail::AggregateCache cache_;
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
