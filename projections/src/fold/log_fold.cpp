#include "fold/log_fold.hpp"

#include "rows/dead_letters.hpp"

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/framework/stream_limits.hpp>

#include <algorithm>

namespace eventloom {

namespace {

// A checkpoint alone is written only now and then: losing it costs reading these events again, which change nothing.
constexpr Position checkpoint_alone_after = 10'000;
// As many are handled between two flushes where an event is known to fail.
constexpr std::uint64_t events_between_careful_flushes = 4'096;

} // namespace

Scope scope_of(const UntypedProjection& definition)
{
    const auto& categories = definition.categories();
    return categories.size() == 1 ? Scope::category(categories.front()) : Scope::everything();
}

Scope scope_of_row(const EventStore& store, const UntypedProjection& definition, const std::string& key)
{
    if (not definition.has_a_stream_for_each_row() || key.empty()) return scope_of(definition);
    const auto stream = definition.categories().front() + "-" + key;
    // Readers of a stream see what its limits leave; rows are made of all that the log still has.
    const auto status = stream_status(store, stream);
    if (not status || status.value() != StreamStatus{}) return scope_of(definition);
    return Scope::stream(stream);
}

result<std::unique_ptr<Fold>> fold_stream_of_row(const EventStore& store, const UntypedProjection& definition,
                                                 const std::string& key, Position position,
                                                 const std::set<Position>& left_out)
{
    auto fold         = definition.fold([](const std::string&) { return std::optional<std::string>{}; });
    const auto cursor = store.read({.scope = scope_of_row(store, definition, key)});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr || event->position > position) return fold;
        if (left_out.contains(event->position)) continue;
        BOOST_OUTCOME_TRY(fold->apply(*event));
    }
}

LogFold::LogFold(const EventStore& store, const UntypedProjection& definition, ReadModel& model,
                 const ProjectionOptions& options)
    : store_{store}, definition_{definition}, model_{model}, options_{options}, put_away_up_to_{model.checkpoint()},
      reached_{model.checkpoint()}, visible_{model.checkpoint()}
{
    if (model.checkpoint() == 0) keys_put_away_.emplace();
    begin();
}

void LogFold::begin()
{
    fold_    = definition_.fold([this](const std::string& key) { return find(key); });
    applied_ = 0;
    waiting_ = {};
    if (held_) held_->forget_after(put_away_up_to_);
}

result<std::optional<std::string>> LogFold::find(const std::string& key)
{
    if (keys_put_away_ && not keys_put_away_->may_have(key)) return std::optional<std::string>{};
    BOOST_OUTCOME_TRY(finish_writing());
    return model_.find(key);
}

result<void> LogFold::handle(std::span<const RecordedEvent> events, Position reached, Visibility visibility)
{
    for (const RecordedEvent& event : events) {
        if (auto applied = apply(event); applied) continue;
        // The handler may have changed rows half-way, which cannot be taken back: fold what was before it once more.
        BOOST_OUTCOME_TRY(go_carefully_to(event));
    }
    go_on(reached);
    if (visibility == Visibility::at_once) keys_put_away_.reset();
    if (is_full() || (visibility == Visibility::at_once && applied_ > 0)) return put_away();
    if (applied_ == 0 && reached >= put_away_up_to_ + checkpoint_alone_after) return put_away();
    return done();
}

result<void> LogFold::apply(const RecordedEvent& event)
{
    if (not left_out_) {
        BOOST_OUTCOME_TRY(read_what_is_parked());
    }
    if (left_out_->contains(event.position)) return done();
    ++applied_;
    if (held_ && not held_->is_empty()) {
        const auto hold = held_->hold_of(definition_, event);
        if (hold.waits_for != 0) {
            keep_waiting(event, hold);
            return done();
        }
    }
    return fold_->apply(event);
}

result<void> LogFold::read_what_is_parked()
{
    const auto view = model_.view();
    if (options_.on_failure == OnFailure::park_key) {
        BOOST_OUTCOME_TRY(held_, HeldKeys::in(*view));
    }
    BOOST_OUTCOME_TRY(left_out_, left_out_in(*view));
    return done();
}

void LogFold::keep_waiting(const RecordedEvent& event, const Hold& hold)
{
    put_dead_letter(waiting_, event, waits_for_dead_letter(hold));
    put_hold(waiting_, hold);
    held_->add(hold);
}

// From the checkpoint on, with everything before the event put away before it is handled again.
result<void> LogFold::go_carefully_to(const RecordedEvent& failed)
{
    BOOST_OUTCOME_TRY(finish_writing());
    begin();
    reached_          = put_away_up_to_;
    const auto cursor = store_.read({.scope = scope_of(definition_), .from = put_away_up_to_ + 1});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr || event->position >= failed.position) break;
        const auto& types = definition_.types();
        if (std::find(types.begin(), types.end(), event->type) == types.end()) continue;
        BOOST_OUTCOME_TRY(apply(*event));
        go_on(event->position);
        if (applied_ >= events_between_careful_flushes) {
            BOOST_OUTCOME_TRY(flush());
        }
    }
    go_on(failed.position - 1);
    BOOST_OUTCOME_TRY(flush());
    auto applied = apply(failed);
    return applied ? done() : go_past(failed, std::move(applied.error()));
}

// Indexes and serializers are asked after many events: which of these they do not take, only each by itself tells.
result<void> LogFold::go_one_by_one_to(Position reached)
{
    BOOST_OUTCOME_TRY(finish_writing());
    begin();
    reached_          = put_away_up_to_;
    const auto cursor = store_.read({.scope = scope_of(definition_), .from = put_away_up_to_ + 1});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr || event->position > reached) break;
        const auto& types = definition_.types();
        if (std::find(types.begin(), types.end(), event->type) == types.end()) continue;
        const Position before = reached_;
        auto folded           = apply(*event);
        go_on(event->position);
        if (folded && applied_ > 0) folded = put_rows_away();
        if (folded) continue;
        reached_ = before;
        BOOST_OUTCOME_TRY(go_past(*event, at_event(std::move(folded.error()), *event)));
    }
    go_on(reached);
    return done();
}

result<void> LogFold::go_past(const RecordedEvent& failed, Error error)
{
    begin();
    if (options_.on_failure == OnFailure::stop || not is_of_the_event(error)) return error;
    return park(failed, error);
}

result<void> LogFold::park(const RecordedEvent& failed, const Error& error)
{
    go_on(failed.position);
    ModelBatch batch;
    put_dead_letter(batch, failed, error);
    if (held_) {
        const auto hold = held_->hold_of(definition_, failed);
        put_hold(batch, hold);
        held_->add(hold);
    }
    BOOST_OUTCOME_TRY(write(std::move(batch)));
    write_to(log_, LogLevel::warning, "event-parked",
             {{"projection", definition_.name()},
              {"position", failed.position},
              {"stream", failed.stream},
              {"type", failed.type}},
             error);
    return done();
}

std::size_t LogFold::bytes_in_memory() const
{
    constexpr std::size_t bytes_a_letter = 512; // roughly
    return fold_->bytes_cached() + waiting_.size() / 2 * bytes_a_letter;
}

bool LogFold::is_full()
{
    const auto bytes = bytes_in_memory();
    if (share_) share_->takes(bytes);
    return applied_ >= options_.events_between_writes || bytes > options_.rows_bytes_max ||
           (share_ && share_->is_too_much());
}

// Rows grow between two flushes, and their memory is counted at a flush.
void LogFold::let_go_of_rows()
{
    if (share_) share_->takes(bytes_in_memory());
    const bool is_tight = share_ && share_->is_too_much();
    const auto bytes    = std::min(options_.rows_bytes_max, is_tight ? share_->equal_part() : options_.rows_bytes_max);
    if (fold_->bytes_cached() > bytes / 2) fold_->forget_rows();
    if (fold_->bytes_cached() > bytes / 2) begin();
    if (share_) share_->takes(bytes_in_memory());
}

void LogFold::go_on(Position reached)
{
    reached_ = reached;
    if (applied_ == 0) visible_ = reached;
}

result<void> LogFold::flush()
{
    BOOST_OUTCOME_TRY(put_away());
    return finish_writing();
}

result<void> LogFold::put_away()
{
    if (applied_ == 0 && reached_ <= put_away_up_to_) return done();
    const Position reached = reached_;
    auto put               = put_rows_away();
    if (put || put.error().kind != Failure::defect) return put;
    return go_one_by_one_to(reached);
}

result<void> LogFold::put_rows_away()
{
    ModelBatch batch = std::exchange(waiting_, {});
    BOOST_OUTCOME_TRY(fold_->flush(batch));
    BOOST_OUTCOME_TRY(write(std::move(batch)));
    let_go_of_rows();
    return done();
}

result<void> LogFold::write(ModelBatch batch)
{
    for (std::size_t i = 0; keys_put_away_ && i < batch.size(); ++i) keys_put_away_->add(batch[i].key);
    BOOST_OUTCOME_TRY(finish_writing()); // of the batch before
    if (behind_) {
        behind_->begin(std::move(batch), reached_);
    } else {
        BOOST_OUTCOME_TRY(model_.write(batch, reached_));
        visible_ = reached_.load();
        if (copies_) copies_->consider(model_);
    }
    put_away_up_to_ = reached_;
    applied_        = 0;
    return done();
}

result<void> LogFold::finish_writing()
{
    if (not behind_) return done();
    BOOST_OUTCOME_TRY(behind_->finish());
    visible_ = put_away_up_to_;
    if (copies_) copies_->consider(model_);
    return done();
}

} // namespace eventloom
