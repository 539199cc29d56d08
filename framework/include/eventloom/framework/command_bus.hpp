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
#include <eventloom/framework/detail/codec.hpp>
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

// States of aggregates by stream, the most recently used ones.
class AggregateCache {
public:
    struct Entry {
        std::shared_ptr<const void> state;
        std::type_index type   = typeid(void); // of the state
        std::uint64_t events   = 0;            // of the stream, up to the last that it was folded from
        std::uint64_t settings = 0;            // how often the stream's limits had been changed before
    };

    explicit AggregateCache(std::size_t capacity);
    ~AggregateCache();
    Entry find(const std::string& stream);
    // Does nothing when it was cleared since age() gave `age`.
    void keep(const std::string& stream, Entry entry, std::uint64_t age);
    // How often it was cleared.
    std::uint64_t age() const;
    void clear();

private:
    struct Table;
    std::unique_ptr<Table> table_;
};

struct AllContexts {};

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

    // Says whose the streams of a category are; each aggregate says it of its own when it is first asked for. The streams of
    // one category have one state: what another type makes of their events is not what their commands were decided on.
    // Failure::invalid  "category-taken": it is another's.
    result<void> take_category(std::string_view category, std::type_index type, std::string_view name);

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

    // The same within the boundary that the command draws. Costs one read of the matching events and one append.
    template <decision_context Context, class Command>
    result<Receipt> decide(const Command& command, SendOptions options = {})
    {
        CommandContext context;
        context.command = detail::struct_name<Command>();
        context.stream  = Context::stream;
        context.options = std::move(options);
        if constexpr (detail::validated<Command>) context.validate = [&command] { return validate(command); };
        // Contexts may share one; an aggregate would find events in its streams that it does not know.
        BOOST_OUTCOME_TRY(take_category(detail::category_of_list<Context>(), typeid(detail::AllContexts),
                                        "the decision context " + std::string{detail::full_name<Context>()}));
        return run(context, [&](CommandContext& now) { return decide_within<Context>(now, command); });
    }

    // The aggregate as the log has it at this moment.
    template <aggregate State>
    result<State> load(const id<State>& of)
    {
        BOOST_OUTCOME_TRY(auto loaded, load_stream<State>(of.stream()));
        return std::move(loaded.state);
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
    template <class State>
    struct Loaded {
        State state{};
        std::uint64_t events   = 0;
        std::uint64_t settings = 0; // how often its limits were changed before
        std::uint64_t age      = 0; // of the cache when it was begun
    };

    template <aggregate State>
    result<Loaded<State>> load_stream(const std::string& stream)
    {
        BOOST_OUTCOME_TRY(take_category(State::category, typeid(State), detail::full_name<State>()));
        const auto age = cache_.age();
        Loaded<State> loaded;
        BOOST_OUTCOME_TRY(const auto settings, count_settings(stream));
        if (auto cached = cache_.find(stream); cached.type == typeid(State) && cached.settings == settings) {
            loaded = {*static_cast<const State*>(cached.state.get()), cached.events, settings, age};
        } else {
            BOOST_OUTCOME_TRY(loaded, load_snapshot<State>(stream));
            loaded.age = age;
        }
        const auto events_before = loaded.events;
        BOOST_OUTCOME_TRY(const auto length, store_.stream_length(stream));
        if (length > loaded.events) {
            const auto cursor = store_.read({.scope = Scope::stream(stream), .from = loaded.events});
            for (;;) {
                BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
                if (event == nullptr) break;
                BOOST_OUTCOME_TRY(loaded.state, evolved(std::move(loaded.state), *event));
                loaded.events = event->version + 1; // the first ones may be gone
            }
            loaded.events = std::max(loaded.events, length);
            take_snapshot(stream, events_before, loaded);
        }
        loaded.settings = settings;
        if (loaded.events > 0) {
            cache_.keep(stream, {std::make_shared<const State>(loaded.state), typeid(State), loaded.events, settings},
                        loaded.age);
        }
        return loaded;
    }

    // What the snapshot has, if there is one that can be believed; else nothing, and the stream is read from its beginning.
    template <aggregate State>
    result<Loaded<State>> load_snapshot(const std::string& stream)
    {
        Loaded<State> loaded;
        if constexpr (has_snapshots<State>) {
            BOOST_OUTCOME_TRY(const auto snapshot,
                              find_snapshot(stream, State::snapshots.version, codec<State>::shape()));
            if (not snapshot) return loaded;
            auto state = codec<State>::decode(snapshot->state);
            if (state) loaded = {std::move(state.value()), snapshot->events, 0};
        }
        return loaded;
    }

    // By the policy of the aggregate; never a reason for a command to fail.
    template <aggregate State>
    void take_snapshot(const std::string& stream, std::uint64_t events_before, const Loaded<State>& loaded)
    {
        if constexpr (has_snapshots<State>) {
            constexpr auto policy = State::snapshots;
            if (options_.snapshots == nullptr || events_before / policy.every == loaded.events / policy.every) return;
            Snapshot snapshot{.version = policy.version,
                              .events  = loaded.events,
                              .last    = {},
                              .state   = {},
                              .shape   = codec<State>::shape().fingerprint};
            const auto encoded = call_user_code("the serializer of the state of", State::category,
                                                [&] { codec<State>::encode(loaded.state, snapshot.state); });
            if (encoded) save_snapshot(stream, std::move(snapshot), loaded.age);
        }
    }

    template <aggregate State, decided_by<State> Command>
    result<Receipt> decide_and_append(CommandContext& context, const Command& command)
    {
        BOOST_OUTCOME_TRY(auto loaded, load_stream<State>(context.stream));
        BOOST_OUTCOME_TRY(const auto facts, decided<State>(command, loaded.state));
        std::vector<NewEvent> events;
        events.reserve(facts.size());
        for (const auto& fact : facts) events.push_back(encoded<State>(fact));
        // Before they are written: what evolve throws at would stand in the way of every later command.
        State next = loaded.state;
        for (const auto& fact : facts) next = evolved(std::move(next), fact);
        BOOST_OUTCOME_TRY(auto receipt, append(context, std::move(events), ExpectedVersion::after(loaded.events)));
        if (receipt.repeated) return receipt;
        if (facts.empty()) {
            receipt.last_version = loaded.events == 0 ? 0 : loaded.events - 1;
            return receipt;
        }

        const auto events_before = loaded.events;
        loaded.state             = std::move(next);
        loaded.events += facts.size();
        take_snapshot(context.stream, events_before, loaded);
        cache_.keep(
            context.stream,
            {std::make_shared<const State>(std::move(loaded.state)), typeid(State), loaded.events, loaded.settings},
            loaded.age);
        return receipt;
    }

    template <decision_context Context, class Command>
    result<Receipt> decide_within(CommandContext& context, const Command& command)
    {
        const Position head = store_.head();
        DecisionModel<Context, Command> model{command, runtime_.clock.now()};
        BOOST_OUTCOME_TRY(model.read(store_, head));
        BOOST_OUTCOME_TRY(const auto facts, model.decided());
        std::vector<NewEvent> events;
        events.reserve(facts.size());
        for (const auto& fact : facts) events.push_back(encoded<Context>(fact));
        std::optional<AppendCondition> condition;
        if (not model.query().items.empty()) condition = AppendCondition{model.query(), head};
        return append(context, std::move(events), ExpectedVersion::any(), std::move(condition));
    }

    // A state that was folded before its stream was deleted, or cut, is not the state of now.
    result<std::uint64_t> count_settings(const std::string& stream) const;
    result<std::optional<Snapshot>> find_snapshot(const std::string& stream, std::uint32_t version, const Shape& shape);
    void save_snapshot(const std::string& stream, Snapshot snapshot, std::uint64_t age);
    result<std::optional<SnapshotAnchor>> anchor_after(const std::string& stream, std::uint64_t events) const;
    result<Receipt> run(CommandContext& context, const CommandStep& innermost);
    result<Receipt> append(const CommandContext& context, std::vector<NewEvent> events, ExpectedVersion expected,
                           std::optional<AppendCondition> condition = std::nullopt);

    Runtime runtime_;
    EventStore& store_;
    CommandBusOptions options_;
    detail::AggregateCache cache_;
    struct Owner {
        std::type_index type;
        std::string name;
    };
    std::mutex categories_mutex_;
    std::map<std::string, Owner, std::less<>> categories_; // whose each is
    std::mutex saving_;                                    // of a snapshot, so that none is saved after forget_states
    mutable std::mutex noticing_;                          // over the next
    std::map<std::string, std::string, std::less<>> notices_; // by category
    std::vector<Middleware> middleware_;                      // innermost first
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
