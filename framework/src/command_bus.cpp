#include <eventloom/framework/command_bus.hpp>

#include "aggregate_cache.hpp"
#include "receipt_of.hpp"
#include "stream_without_id.hpp"

#include <eventloom/framework/stream_limits.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <mutex>

namespace eventloom {

struct CommandBus::State {
    struct Owner {
        std::type_index type;
        std::string name;
    };

    explicit State(std::size_t cached_aggregates) : cache{cached_aggregates} {}

    detail::AggregateCache cache;
    std::mutex owning;                                       // over the next
    std::map<std::string, Owner, std::less<>> owners;        // of the categories
    std::mutex saving;                                       // of a snapshot, so that none is saved after forget_states
    std::mutex noticing;                                     // over the next
    std::map<std::string, std::string, std::less<>> notices; // by category
};

namespace {

// Contexts may share a category; an aggregate would find events in its streams that it does not know.
struct AllContexts {};

// The events that a command leads to.
class NewEvents final : public detail::Decided {
public:
    explicit NewEvents(const detail::FactList& list) : list_{list} {}

    void add(std::size_t place, const void* fact) override
    {
        events.push_back(detail::encoded_fact(list_, place, fact));
    }
    void refuse(Error error) override { refused = std::move(error); }

    std::vector<NewEvent> events;
    std::optional<Error> refused;

private:
    const detail::FactList& list_;
};

// The same, and the state after them. It is made before they are written: what evolve throws at would stand in the way of every
// later command.
class NextState final : public detail::Decided {
public:
    NextState(const detail::StateType& type, const void* present) : decided{type.list}, type_{type}, present_{present}
    {
    }

    void add(std::size_t place, const void* fact) override
    {
        decided.add(place, fact);
        if (not state) state = detail::copy_of_state(type_, present_);
        type_.evolve[place](state.get(), fact);
    }
    void refuse(Error error) override { decided.refuse(std::move(error)); }

    NewEvents decided;
    std::shared_ptr<void> state; // nullptr: without events, it stays as it is

private:
    const detail::StateType& type_;
    const void* present_;
};

// What a middleware throws when the command has been carried out does not undo it.
result<Receipt> call(const Middleware& middleware, CommandContext& context, const CommandStep& inside)
{
    bool is_carried_out           = false;
    const CommandStep and_note_it = [&](CommandContext& now) {
        auto answer    = inside(now);
        is_carried_out = answer.has_value();
        return answer;
    };
    try {
        return middleware(context, and_note_it);
    } catch (...) {
        Error thrown = exception_in_user_code("a middleware around the command", context.command);
        if (not is_carried_out) return thrown;
        thrown.kind = Failure::unknown;
        thrown.sentence += "; the command was carried out before that: send it again with its id to get its result";
        return thrown;
    }
}

} // namespace

CommandBus::CommandBus(const Runtime& runtime, EventStore& store, CommandBusOptions options)
    : runtime_{runtime}, store_{store}, options_{options}, state_{std::make_unique<State>(options.cached_aggregates)}
{
    use(retry_on_conflict(options.attempts));
    use(idempotency(store));
    use(validation());
}

CommandBus::~CommandBus() = default;

result<void> CommandBus::take_category(std::string_view category, std::type_index type, std::string_view name)
{
    const std::lock_guard lock{state_->owning};
    auto& owners = state_->owners;
    auto owner   = owners.find(category);
    if (owner == owners.end()) {
        owner = owners.emplace(std::string{category}, State::Owner{type, std::string{name}}).first;
    }
    if (owner->second.type == type) return done();
    return fail(Failure::invalid, "category-taken",
                "asked for " + std::string{name} + " of the category \"" + std::string{category} +
                    "\" and found that this category is of " + owner->second.name + "; give each its own category");
}

void CommandBus::use(Middleware middleware)
{
    middleware_.push_back(std::move(middleware));
}

result<Receipt> CommandBus::run(CommandContext& context, const CommandStep& innermost)
{
    if (lacks_id(context.stream)) {
        return fail(Failure::invalid, "empty-id",
                    "send " + std::string{context.command} + " to " + context.stream +
                        " and found an empty id; give the id of the receiver");
    }
    auto& options            = context.options;
    context.command_id_given = not options.command_id.is_nil();
    if (not context.command_id_given) options.command_id = runtime_.ids.next();
    if (options.correlation.is_nil()) options.correlation = options.command_id;

    // Each step holds a reference to the one inside it; all of them live until the outermost returns.
    std::vector<CommandStep> steps;
    steps.reserve(middleware_.size() + 1);
    steps.push_back([&innermost](CommandContext& now) {
        return call_user_code("the decision of the command", now.command, [&] { return innermost(now); });
    });
    for (const Middleware& middleware : middleware_) {
        const CommandStep& inside = steps.back();
        steps.push_back([&middleware, &inside](CommandContext& now) { return call(middleware, now, inside); });
    }
    return steps.back()(context);
}

result<Receipt> CommandBus::send(const detail::CommandType& type, std::string to, const void* command,
                                 SendOptions options)
{
    CommandContext context;
    context.command = type.name;
    context.stream  = std::move(to);
    context.options = std::move(options);
    if (type.validate != nullptr) context.validate = [&] { return type.validate(command); };
    if (type.aggregate != nullptr) {
        return run(context, [&](CommandContext& now) { return decide_and_append(now, type, command); });
    }
    BOOST_OUTCOME_TRY(take_category(type.context->category, typeid(AllContexts),
                                    "the decision context " + std::string{type.context->name}));
    return run(context, [&](CommandContext& now) { return decide_within(now, type, command); });
}

result<std::shared_ptr<const void>> CommandBus::load(const detail::AggregateType& aggregate, const std::string& stream)
{
    BOOST_OUTCOME_TRY(auto loaded, load_stream(aggregate, stream));
    return std::move(loaded.state);
}

// Folds what a stream has from its event number `events` on, and returns how many events the stream has then.
result<std::uint64_t> CommandBus::fold_rest(const detail::StateType& type, void* state, const std::string& stream,
                                            std::uint64_t events, std::uint64_t length) const
{
    if (length <= events) return events;
    const auto cursor = store_.read({.scope = Scope::stream(stream), .from = events});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return std::max(events, length);
        BOOST_OUTCOME_TRY(detail::evolve_with(type, state, *event));
        events = event->version + 1; // the first ones may be gone
    }
}

result<detail::LoadedState> CommandBus::load_stream(const detail::AggregateType& aggregate, const std::string& stream)
{
    const detail::StateType& type = *aggregate.state;
    BOOST_OUTCOME_TRY(take_category(type.category, *type.type, type.name));
    const auto age = state_->cache.age();
    BOOST_OUTCOME_TRY(const auto settings, count_settings(stream));
    detail::LoadedState loaded;
    if (const auto cached = state_->cache.find(stream);
        cached && *cached->type == *type.type && cached->settings == settings) {
        loaded = *cached;
    } else {
        BOOST_OUTCOME_TRY(loaded, load_snapshot(aggregate, stream));
    }
    loaded.type              = type.type;
    loaded.settings          = settings;
    loaded.age               = age;
    const auto events_before = loaded.events;
    BOOST_OUTCOME_TRY(const auto length, store_.stream_length(stream));
    if (loaded.state == nullptr || length > loaded.events) {
        const auto state = detail::copy_of_state(type, loaded.state.get()); // others may be using the one that is kept
        loaded.state     = state;
        BOOST_OUTCOME_TRY(loaded.events, fold_rest(type, state.get(), stream, loaded.events, length));
        if (loaded.events > events_before) take_snapshot(aggregate, stream, events_before, loaded);
    }
    if (loaded.events > 0) state_->cache.keep(stream, loaded);
    return loaded;
}

// What the snapshot has, if there is one that can be believed; else nothing, and the stream is read from its beginning.
result<detail::LoadedState> CommandBus::load_snapshot(const detail::AggregateType& aggregate, const std::string& stream)
{
    detail::LoadedState loaded;
    if (aggregate.snapshots == nullptr) return loaded;
    const detail::SnapshotType& type = *aggregate.snapshots;
    BOOST_OUTCOME_TRY(const auto snapshot, find_snapshot(stream, type.version, type.shape()));
    if (not snapshot) return loaded;
    const auto state = detail::copy_of_state(*aggregate.state, nullptr);
    if (not type.decode(snapshot->state, state.get())) return loaded;
    loaded.state  = state;
    loaded.events = snapshot->events;
    return loaded;
}

void CommandBus::take_snapshot(const detail::AggregateType& aggregate, const std::string& stream,
                               std::uint64_t events_before, const detail::LoadedState& loaded)
{
    if (aggregate.snapshots == nullptr || options_.snapshots == nullptr) return;
    const detail::SnapshotType& type = *aggregate.snapshots;
    if (events_before / type.every == loaded.events / type.every) return;
    Snapshot snapshot{
        .version = type.version, .events = loaded.events, .last = {}, .state = {}, .shape = type.shape().fingerprint};
    const auto encoded = call_user_code("the serializer of the state of", aggregate.state->category,
                                        [&] { type.encode(loaded.state.get(), snapshot.state); });
    if (encoded) save_snapshot(stream, std::move(snapshot), loaded.age);
}

result<Receipt> CommandBus::decide_and_append(CommandContext& context, const detail::CommandType& command_type,
                                              const void* command)
{
    const detail::AggregateType& aggregate = *command_type.aggregate;
    BOOST_OUTCOME_TRY(auto loaded, load_stream(aggregate, context.stream));
    NextState next{*aggregate.state, loaded.state.get()};
    command_type.decide(command, loaded.state.get(), next);
    if (next.decided.refused) return std::move(*next.decided.refused);
    const auto count = next.decided.events.size();
    BOOST_OUTCOME_TRY(auto receipt,
                      append(context, std::move(next.decided.events), ExpectedVersion::after(loaded.events)));
    if (receipt.repeated) return receipt;
    if (count == 0) {
        receipt.last_version = loaded.events == 0 ? 0 : loaded.events - 1;
        return receipt;
    }

    const auto events_before = loaded.events;
    loaded.state             = std::move(next.state);
    loaded.events += count;
    take_snapshot(aggregate, context.stream, events_before, loaded);
    state_->cache.keep(context.stream, loaded);
    return receipt;
}

result<Receipt> CommandBus::decide_within(CommandContext& context, const detail::CommandType& type, const void* command)
{
    const Position head = store_.head();
    NewEvents decided{type.context->list};
    BOOST_OUTCOME_TRY(auto query, type.decide_within(command, store_, head, runtime_.clock.now(), decided));
    if (decided.refused) return std::move(*decided.refused);
    std::optional<AppendCondition> condition;
    if (not query.items.empty()) condition = AppendCondition{std::move(query), head};
    return append(context, std::move(decided.events), ExpectedVersion::any(), std::move(condition));
}

result<std::uint64_t> CommandBus::count_settings(const std::string& stream) const
{
    return store_.stream_length(settings_stream_of(stream));
}

// The last of the first `events` events of a stream, as the log has it now.
result<std::optional<SnapshotAnchor>> CommandBus::anchor_after(const std::string& stream, std::uint64_t events) const
{
    const auto cursor = store_.read({.scope = Scope::stream(stream), .from = events - 1, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
    if (event == nullptr) return std::optional<SnapshotAnchor>{};
    return std::optional{SnapshotAnchor::at(*event)};
}

result<std::optional<Snapshot>> CommandBus::find_snapshot(const std::string& stream, std::uint32_t version,
                                                          const Shape& shape)
{
    if (options_.snapshots == nullptr) return std::optional<Snapshot>{};
    // A cache that throws is one that has nothing.
    const auto found =
        call_user_code("find of the snapshot store", {}, [&] { return options_.snapshots->find(stream); });
    const auto snapshot = found ? found.value() : std::nullopt;
    if (not snapshot || snapshot->version != version || snapshot->events == 0) return std::optional<Snapshot>{};
    if (not may_be_same_shape(snapshot->shape, shape.fingerprint)) {
        const std::string category{category_of(stream)};
        const std::lock_guard lock{state_->noticing};
        state_->notices.try_emplace(
            category,
            fmt::format(
                "the snapshots of {} say version {}, but were written with other members than {}; they are ignored and "
                "taken again: raise the version of its snapshots whenever the members of the state change",
                category, version, shape.text));
        return std::optional<Snapshot>{};
    }
    // It may be of a log that was replaced by a backup since.
    BOOST_OUTCOME_TRY(const auto anchor, anchor_after(stream, snapshot->events));
    if (anchor != snapshot->last) return std::optional<Snapshot>{};
    return snapshot;
}

void CommandBus::save_snapshot(const std::string& stream, Snapshot snapshot, std::uint64_t age)
{
    const auto anchor = anchor_after(stream, snapshot.events);
    if (not anchor || not anchor.value()) return;
    snapshot.last = *anchor.value();
    const std::lock_guard lock{state_->saving};
    if (state_->cache.age() != age) return;
    tell_user_code("save of the snapshot store", {}, [&] { options_.snapshots->save(stream, snapshot); });
}

std::vector<std::string> CommandBus::notices() const
{
    const std::lock_guard lock{state_->noticing};
    std::vector<std::string> sentences;
    for (const auto& [category, sentence] : state_->notices) sentences.push_back(sentence);
    return sentences;
}

result<void> CommandBus::forget_states()
{
    const std::lock_guard lock{state_->saving};
    state_->cache.clear();
    return options_.snapshots == nullptr ? done() : options_.snapshots->remove_all();
}

result<Receipt> CommandBus::append(const CommandContext& context, std::vector<NewEvent> events,
                                   ExpectedVersion expected, std::optional<AppendCondition> condition)
{
    const SendOptions& options = context.options;
    Receipt receipt{.command_id = options.command_id, .stream = context.stream, .events = events.size()};
    if (events.empty() && not context.command_id_given) {
        receipt.position = store_.head();
        return receipt;
    }

    for (NewEvent& event : events) {
        event.id                   = runtime_.ids.next();
        event.metadata.correlation = options.correlation;
        event.metadata.causation   = options.command_id;
        event.metadata.headers.insert(event.metadata.headers.end(), options.headers.begin(), options.headers.end());
        if (not options.causation.is_nil()) {
            event.metadata.headers.emplace_back("command-caused-by", to_string(options.causation));
        }
    }
    AppendRequest request;
    if (not events.empty()) {
        request.streams.push_back({context.stream, expected, std::move(events)});
    }
    request.condition = std::move(condition);
    if (context.command_id_given) {
        CommandRecord record;
        record.id       = options.command_id;
        record.stream   = context.stream;
        request.command = std::move(record);
    }
    BOOST_OUTCOME_TRY(const auto appended, store_.append(request));
    if (appended.repeated && appended.command) return receipt_of(*appended.command);
    receipt.position = appended.last_position;
    if (not appended.streams.empty()) receipt.last_version = appended.streams.front().last_version;
    return receipt;
}

} // namespace eventloom
