#include "log_fold.hpp"

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t batch_events = 4'096;
// A checkpoint alone is written only now and then: losing it costs reading these events again, which change nothing.
constexpr Position checkpoint_alone_after = 10'000;

} // namespace

Scope scope_of(const Projection& definition)
{
    const auto& categories = definition.categories();
    return categories.size() == 1 ? Scope::category(categories.front()) : Scope::everything();
}

LogFold::LogFold(const Projection& definition, ReadModel& model)
    : definition_{definition}, model_{model}, reached_{model.checkpoint()}
{
    begin();
}

void LogFold::begin()
{
    fold_ = definition_.fold([this](const std::string& key) { return model_.database().get(key); });
}

result<void> LogFold::handle(std::span<const RecordedEvent> events, Position reached)
{
    for (std::size_t i = 0; i < events.size(); ++i) {
        auto applied = fold_->apply(events[i]);
        if (applied) continue;
        // The failed handler may have changed rows half-way: fold the events before it once more, without it.
        begin();
        for (const RecordedEvent& before : events.first(i)) {
            BOOST_OUTCOME_TRY(fold_->apply(before));
        }
        BOOST_OUTCOME_TRY(flush(events[i].position - 1));
        return std::move(applied.error());
    }
    if (events.empty() && reached < model_.checkpoint() + checkpoint_alone_after) {
        reached_ = reached;
        return done();
    }
    return flush(reached);
}

result<void> LogFold::flush(Position checkpoint)
{
    ModelBatch batch;
    fold_->flush(batch);
    BOOST_OUTCOME_TRY(model_.write(batch, checkpoint));
    reached_ = checkpoint;
    if (fold_->rows_cached() > rows_cached_max) begin();
    return done();
}

result<void> LogFold::keep_checkpoint()
{
    if (reached_ <= model_.checkpoint()) return done();
    return flush(reached_);
}

result<void> LogFold::catch_up(const EventStore& store, Position head, const LogProgress& progress)
{
    const auto cursor = store.read({.scope = scope_of(definition_), .from = reached_ + 1});
    const auto& types = definition_.types();
    std::vector<RecordedEvent> events;
    Position read         = reached_;
    std::uint64_t visited = 0;
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        const bool ended = event == nullptr || event->position > head;
        if (not ended) {
            read = event->position;
            if (progress && visited++ % batch_events == 0) {
                BOOST_OUTCOME_TRY(progress(read, head));
            }
            if (std::find(types.begin(), types.end(), event->type) != types.end()) events.push_back(*event);
        }
        if (ended || events.size() == batch_events) {
            BOOST_OUTCOME_TRY(handle(events, ended ? head : read));
            events.clear();
        }
        if (ended) return keep_checkpoint();
    }
}

} // namespace eventloom
