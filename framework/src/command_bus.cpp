#include <eventloom/framework/command_bus.hpp>

#include "stream_without_id.hpp"

#include <eventloom/framework/stream_limits.hpp>

#include <fmt/core.h>

#include <list>
#include <mutex>
#include <unordered_map>

namespace eventloom {

namespace detail {

struct AggregateCache::Table {
    using Order = std::list<std::string>; // most recently used first
    struct Slot {
        Entry entry;
        Order::iterator place;
    };

    explicit Table(std::size_t most) : capacity{most} {}

    mutable std::mutex mutex;
    std::uint64_t age = 0;
    const std::size_t capacity;
    Order order;
    std::unordered_map<std::string, Slot> slots;
};

AggregateCache::AggregateCache(std::size_t capacity) : table_{std::make_unique<Table>(capacity)} {}

AggregateCache::~AggregateCache() = default;

AggregateCache::Entry AggregateCache::find(const std::string& stream)
{
    const std::lock_guard lock{table_->mutex};
    const auto found = table_->slots.find(stream);
    if (found == table_->slots.end()) return {};
    table_->order.splice(table_->order.begin(), table_->order, found->second.place);
    return found->second.entry;
}

std::uint64_t AggregateCache::age() const
{
    const std::lock_guard lock{table_->mutex};
    return table_->age;
}

void AggregateCache::clear()
{
    const std::lock_guard lock{table_->mutex};
    ++table_->age;
    table_->slots.clear();
    table_->order.clear();
}

void AggregateCache::keep(const std::string& stream, Entry entry, std::uint64_t age)
{
    if (table_->capacity == 0) return;
    const std::lock_guard lock{table_->mutex};
    if (age != table_->age) return;
    const auto [slot, added] = table_->slots.try_emplace(stream);
    if (added) {
        table_->order.push_front(stream);
        slot->second.place = table_->order.begin();
    } else if (slot->second.entry.events > entry.events) {
        return; // another thread has read further
    }
    slot->second.entry = std::move(entry);
    if (table_->slots.size() <= table_->capacity) return;
    table_->slots.erase(table_->order.back());
    table_->order.pop_back();
}

} // namespace detail

namespace {

Receipt receipt_of(const CommandRecord& record)
{
    return {.command_id   = record.id,
            .stream       = record.stream,
            .events       = record.count,
            .last_version = record.last_version,
            .position     = record.last_position,
            .repeated     = true};
}

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
    : runtime_{runtime}, store_{store}, options_{options}, cache_{options.cached_aggregates}
{
    use(retry_on_conflict(options.attempts));
    use(idempotency(store));
    use(validation());
}

CommandBus::~CommandBus() = default;

result<void> CommandBus::take_category(std::string_view category, std::type_index type, std::string_view name)
{
    const std::lock_guard lock{categories_mutex_};
    auto owner = categories_.find(category);
    if (owner == categories_.end()) {
        owner = categories_.emplace(std::string{category}, Owner{type, std::string{name}}).first;
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
        const std::lock_guard lock{noticing_};
        notices_.try_emplace(
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
    const std::lock_guard lock{saving_};
    if (cache_.age() != age) return;
    tell_user_code("save of the snapshot store", {}, [&] { options_.snapshots->save(stream, snapshot); });
}

std::vector<std::string> CommandBus::notices() const
{
    const std::lock_guard lock{noticing_};
    std::vector<std::string> sentences;
    for (const auto& [category, sentence] : notices_) sentences.push_back(sentence);
    return sentences;
}

result<void> CommandBus::forget_states()
{
    const std::lock_guard lock{saving_};
    cache_.clear();
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
