#include <eventloom/projections/live.hpp>

#include "fold/log_fold.hpp"
#include "rows/row_places.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>

namespace eventloom::detail {

struct LiveFold::State {
    const EventStore& store;
    const std::shared_ptr<const UntypedProjection> definition;
    const LiveOptions options;
    const std::shared_ptr<CurrentModel> current = std::make_shared<CurrentModel>();
    std::mutex mutex; // over what follows, and held while the log is read
    std::shared_ptr<ReadModel> model;
    std::unique_ptr<LogFold> fold; // none before the first query

    result<void> begin()
    {
        BOOST_OUTCOME_TRY(model->load(definition->version()));
        fold = std::make_unique<LogFold>(store, *definition, *model, ProjectionOptions{.kept_in = RowPlace::memory});
        return done();
    }

    result<void> check_rows() const
    {
        if (model->rows() <= options.rows_max) return done();
        return fail(Failure::unavailable, "too-many-live-rows",
                    fmt::format("folded the projection {} in memory and found {} rows, but at most {} are allowed; "
                                "allow more, or keep the projection's rows",
                                definition->name(), model->rows(), options.rows_max));
    }

    // Only what it hears; of the rest it need not know more than that it was there.
    result<void> fold_all(EventCursor& cursor)
    {
        const auto& types = definition->types();
        Position read     = fold->reached();
        for (;;) {
            BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor.next());
            if (event == nullptr) break;
            read = event->position;
            if (std::find(types.begin(), types.end(), event->type) == types.end()) continue;
            BOOST_OUTCOME_TRY(fold->handle({event, 1}, read, Visibility::when_memory_is_full));
            BOOST_OUTCOME_TRY(check_rows());
        }
        return fold->handle({}, read, Visibility::at_once);
    }
};

LiveFold::LiveFold(const EventStore& store, std::shared_ptr<const UntypedProjection> definition,
                   const LiveOptions& options)
    : state_{new State{.store      = store,
                       .definition = std::move(definition),
                       .options    = options,
                       .mutex      = {},
                       .model      = {},
                       .fold       = {}}}
{
    state_->model = open_memory_rows("the live table " + state_->definition->name());
    state_->current->replace(state_->model);
}

LiveFold::~LiveFold() = default;

result<void> LiveFold::catch_up()
{
    State& state = *state_;
    const std::lock_guard lock{state.mutex};
    if (not state.fold) {
        BOOST_OUTCOME_TRY(state.begin());
    }
    BOOST_OUTCOME_TRY(state.check_rows());
    BOOST_OUTCOME_TRY(check_checkpoint(state.store, state.fold->reached(),
                                       "asked the live table " + state.definition->name(), "make a new table"));
    if (state.fold->reached() >= state.store.head()) return state.fold->flush();
    const auto cursor = state.store.read({.scope = Scope::everything(), .from = state.fold->reached() + 1});
    const auto folded = state.fold_all(*cursor);
    // What was handled is seen, also before an event that failed.
    BOOST_OUTCOME_TRY(state.fold->flush());
    BOOST_OUTCOME_TRY(state.check_rows());
    return folded;
}

result<std::optional<std::string>> LiveFold::row_of_stream(const std::string& id, std::string_view ordered_key) const
{
    BOOST_OUTCOME_TRY(const auto fold,
                      fold_stream_of_row(state_->store, *state_->definition, id, state_->store.head(), {}));
    return fold->row(0, ordered_key);
}

const std::shared_ptr<const UntypedProjection>& LiveFold::definition() const
{
    return state_->definition;
}

const std::shared_ptr<CurrentModel>& LiveFold::current() const
{
    return state_->current;
}

} // namespace eventloom::detail
