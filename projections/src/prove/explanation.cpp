#include "prove/explanation.hpp"

#include "fold/log_fold.hpp"
#include "rows/dead_letters.hpp"

#include <algorithm>

namespace eventloom {

namespace {

constexpr Position progress_every    = 4'096;
constexpr std::size_t rows_bytes_max = 64u << 20; // in memory; with more, they are put away

class RowWatch {
public:
    RowWatch(const UntypedProjection& definition, ReadModel& scratch, std::size_t table, std::string ordered_key)
        : definition_{definition}, scratch_{scratch}, table_{table}, ordered_key_{std::move(ordered_key)}
    {
        begin();
    }

    // Whether the event changed the row; row_before() and row_after() say from what into what.
    result<bool> apply(const RecordedEvent& event)
    {
        BOOST_OUTCOME_TRY(fold_->apply(event));
        before_ = std::exchange(after_, std::nullopt);
        BOOST_OUTCOME_TRY(after_, fold_->row(table_, ordered_key_));
        if (fold_->bytes_cached() > rows_bytes_max) {
            ModelBatch batch;
            BOOST_OUTCOME_TRY(fold_->flush(batch));
            BOOST_OUTCOME_TRY(scratch_.write(batch, event.position));
            begin();
        }
        return before_ != after_;
    }

    std::optional<std::string> row_before() const { return json_of(before_); }
    std::optional<std::string> row_after() const { return json_of(after_); }

private:
    void begin()
    {
        fold_ = definition_.fold([this](const std::string& key) { return scratch_.find(key); });
    }

    std::optional<std::string> json_of(const std::optional<std::string>& stored) const
    {
        return stored ? std::optional{definition_.tables()[table_].row_to_json(*stored)} : std::nullopt;
    }

    const UntypedProjection& definition_;
    ReadModel& scratch_;
    const std::size_t table_;
    const std::string ordered_key_;
    std::unique_ptr<Fold> fold_;
    std::optional<std::string> before_; // the row, as it is stored
    std::optional<std::string> after_;
};

} // namespace

result<Explanation> explain_row(const EventStore& store, const UntypedProjection& definition, const RowName& name,
                                const ReadModel& model, ReadModel& scratch, const VisitRowChange& visit,
                                const LogProgress& progress)
{
    const auto now = model.view();
    BOOST_OUTCOME_TRY(const Position head, now->number(row_keys::of_checkpoint()));
    BOOST_OUTCOME_TRY(const auto not_handled, not_handled_in(*now));
    BOOST_OUTCOME_TRY(const auto table, find_table(definition, name.table));
    BOOST_OUTCOME_TRY(auto ordered_key, definition.tables()[table].ordered_key(name.key));
    RowWatch watch{definition, scratch, table, std::move(ordered_key)};

    Explanation explanation{.position = head, .events = 0, .row = std::nullopt};
    const auto cursor = store.read({.scope = scope_of_row(store, definition, name.key)});
    const auto& types = definition.types();
    for (Position read = 0;; ++read) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr || event->position > head) break;
        if (progress && read % progress_every == 0) {
            BOOST_OUTCOME_TRY(progress(event->position, head));
        }
        if (std::find(types.begin(), types.end(), event->type) == types.end()) continue;
        if (not_handled.contains(event->position)) continue;
        BOOST_OUTCOME_TRY(const bool changed, watch.apply(*event));
        if (not changed) continue;
        ++explanation.events;
        BOOST_OUTCOME_TRY(visit({*event, watch.row_before(), watch.row_after()}));
    }
    explanation.row = watch.row_after();
    return explanation;
}

result<std::optional<std::string>> row_of_stream_as_of(const EventStore& store, const UntypedProjection& definition,
                                                       const std::string& key, const ReadModelView& now,
                                                       Position position)
{
    const auto& table = definition.tables().front();
    BOOST_OUTCOME_TRY(const auto ordered_key, table.ordered_key(key));
    BOOST_OUTCOME_TRY(const auto not_handled, not_handled_in(now));
    BOOST_OUTCOME_TRY(const auto fold, fold_stream_of_row(store, definition, key, position, not_handled));
    BOOST_OUTCOME_TRY(const auto stored, fold->row(0, ordered_key));
    return stored ? std::optional{table.row_to_json(*stored)} : std::nullopt;
}

} // namespace eventloom
