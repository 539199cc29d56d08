#include "commands/aggregate_states.hpp"

#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/stream_limits.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom::detail {

result<LoadedState> AggregateStates::load(const AggregateType& aggregate, const std::string& stream)
{
    const StateType& type = *aggregate.state;
    const auto age        = cache_.age();
    BOOST_OUTCOME_TRY(const auto settings, count_settings(stream));
    LoadedState loaded;
    if (const auto cached = cache_.find(stream);
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
        const auto state = copy_of_state(type, loaded.state.get()); // others may be using the one that is kept
        loaded.state     = state;
        BOOST_OUTCOME_TRY(loaded.events, fold_rest(type, state.get(), stream, loaded.events, length));
        if (loaded.events > events_before) take_snapshot(aggregate, stream, events_before, loaded);
    }
    if (loaded.events > 0) cache_.keep(stream, loaded);
    return loaded;
}

void AggregateStates::move_on(const AggregateType& aggregate, const std::string& stream, LoadedState loaded,
                              std::shared_ptr<const void> state, std::uint64_t count)
{
    const auto events_before = loaded.events;
    loaded.state             = std::move(state);
    loaded.events += count;
    take_snapshot(aggregate, stream, events_before, loaded);
    cache_.keep(stream, loaded);
}

// Folds what a stream has from its event number `events` on, and returns how many events the stream has then.
result<std::uint64_t> AggregateStates::fold_rest(const StateType& type, void* state, const std::string& stream,
                                                 std::uint64_t events, std::uint64_t length) const
{
    if (length <= events) return events;
    const auto cursor = store_.read({.scope = Scope::stream(stream), .from = events});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return std::max(events, length);
        BOOST_OUTCOME_TRY(evolve_with(type, state, *event));
        events = event->version + 1; // the first ones may be gone
    }
}

// What the snapshot has, if there is one that can be believed; else nothing, and the stream is read from its beginning.
result<LoadedState> AggregateStates::load_snapshot(const AggregateType& aggregate, const std::string& stream)
{
    LoadedState loaded;
    if (aggregate.snapshots == nullptr) return loaded;
    const SnapshotType& type = *aggregate.snapshots;
    BOOST_OUTCOME_TRY(const auto snapshot, find_snapshot(stream, type.version, type.shape()));
    if (not snapshot) return loaded;
    const auto state = copy_of_state(*aggregate.state, nullptr);
    if (not type.decode(snapshot->state, state.get())) return loaded;
    loaded.state  = state;
    loaded.events = snapshot->events;
    return loaded;
}

void AggregateStates::take_snapshot(const AggregateType& aggregate, const std::string& stream,
                                    std::uint64_t events_before, const LoadedState& loaded)
{
    if (aggregate.snapshots == nullptr || snapshots_ == nullptr) return;
    const SnapshotType& type = *aggregate.snapshots;
    if (events_before / type.every == loaded.events / type.every) return;
    Snapshot snapshot{
        .version = type.version, .events = loaded.events, .last = {}, .state = {}, .shape = type.shape().fingerprint};
    const auto encoded = call_user_code("the serializer of the state of", aggregate.state->category,
                                        [&] { type.encode(loaded.state.get(), snapshot.state); });
    if (encoded) save_snapshot(stream, std::move(snapshot), loaded.age);
}

result<std::uint64_t> AggregateStates::count_settings(const std::string& stream) const
{
    return store_.stream_length(settings_stream_of(stream));
}

// The last of the first `events` events of a stream, as the log has it now.
result<std::optional<SnapshotAnchor>> AggregateStates::anchor_after(const std::string& stream,
                                                                    std::uint64_t events) const
{
    const auto cursor = store_.read({.scope = Scope::stream(stream), .from = events - 1, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
    if (event == nullptr) return std::optional<SnapshotAnchor>{};
    return std::optional{SnapshotAnchor::at(*event)};
}

result<std::optional<Snapshot>> AggregateStates::find_snapshot(const std::string& stream, std::uint32_t version,
                                                               const Shape& shape)
{
    if (snapshots_ == nullptr) return std::optional<Snapshot>{};
    // A cache that throws is one that has nothing.
    const auto found    = call_user_code("find of the snapshot store", {}, [&] { return snapshots_->find(stream); });
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

void AggregateStates::save_snapshot(const std::string& stream, Snapshot snapshot, std::uint64_t age)
{
    const auto anchor = anchor_after(stream, snapshot.events);
    if (not anchor || not anchor.value()) return;
    snapshot.last = *anchor.value();
    const std::lock_guard lock{saving_};
    if (cache_.age() != age) return;
    tell_user_code("save of the snapshot store", {}, [&] { snapshots_->save(stream, snapshot); });
}

std::vector<std::string> AggregateStates::notices() const
{
    const std::lock_guard lock{noticing_};
    std::vector<std::string> sentences;
    for (const auto& [category, sentence] : notices_) sentences.push_back(sentence);
    return sentences;
}

result<void> AggregateStates::forget()
{
    const std::lock_guard lock{saving_};
    cache_.clear();
    return snapshots_ == nullptr ? done() : snapshots_->remove_all();
}

} // namespace eventloom::detail
