// One row of a read model, made what the log gives.
#include "fold/log_pass.hpp"
#include "rows/dead_letters.hpp"
#include "run/projections_core.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <set>

namespace eventloom {

namespace {

// A row as the log gives it, in a read model of its own that may hold others, too.
struct FoldedRow {
    const TableDescription& table;
    std::string typed_key;
    std::string ordered_key;
    ReadModel& made_of_log;
};

result<void> fold_stream(const EventStore& store, const UntypedProjection& definition, const std::string& typed_key,
                         const std::set<Position>& left_out, ReadModel& into, Position position)
{
    BOOST_OUTCOME_TRY(const auto fold, fold_stream_of_row(store, definition, typed_key, position, left_out));
    ModelBatch batch;
    BOOST_OUTCOME_TRY(fold->flush(batch));
    return into.write(batch, position);
}

// The keys of all entries of a row, in all indexes of its table.
result<std::set<std::string>> entries_of(const ReadModelView& view, const FoldedRow& row)
{
    std::set<std::string> entries;
    for (const IndexDescription& index : row.table.indexes) {
        const auto prefix = row.table.keys.index(index.name);
        const auto cursor = view.scan({prefix, after_prefix(prefix)});
        for (; cursor->valid(); cursor->next()) {
            if (cursor->value() == row.ordered_key) entries.emplace(cursor->key());
        }
        BOOST_OUTCOME_TRY(cursor->status());
    }
    return entries;
}

// How many rows there are besides: what is counted beside the rows may have been wrong, too.
result<std::uint64_t> other_rows(const ReadModelView& view, const FoldedRow& row)
{
    const auto own     = row.table.keys.row(row.ordered_key);
    const auto prefix  = row.table.keys.row();
    const auto cursor  = view.scan({prefix, after_prefix(prefix)});
    std::uint64_t rows = 0;
    for (; cursor->valid(); cursor->next()) rows += cursor->key() == own ? 0 : 1;
    BOOST_OUTCOME_TRY(cursor->status());
    return rows;
}

// Folds what the row depends on, up to `position`. What the read model went on without is left out.
result<void> fold_for_row(const Runtime& runtime, const EventStore& store, const UntypedProjection& definition,
                          const ReadModel& model, const FoldedRow& row, Position position,
                          const ProjectionOptions& options, const LogProgress& progress)
{
    BOOST_OUTCOME_TRY(const auto left_out, not_handled_in(*model.view()));
    if (definition.has_a_stream_for_each_row()) {
        return fold_stream(store, definition, row.typed_key, left_out, row.made_of_log, position);
    }
    ModelBatch batch;
    for (const Position event : left_out) batch.put(row_keys::of_left_out(event), {});
    BOOST_OUTCOME_TRY(row.made_of_log.write(batch, row.made_of_log.checkpoint()));
    // What it has not parked before it takes, or the row is not as the others are.
    auto strict       = options;
    strict.on_failure = OnFailure::stop;
    LogFold fold{store, definition, row.made_of_log, strict};
    return catch_up(runtime, store, fold, position, progress);
}

// Puts the row and its entries into the read model, in one write, or removes them. Nothing else may write meanwhile.
result<RowRepair> put_right(ReadModel& model, const FoldedRow& row)
{
    const auto key     = row.table.keys.row(row.ordered_key);
    const auto view    = model.view();
    const auto of_log  = row.made_of_log.view();
    const auto json_of = [&](const std::optional<std::string>& stored) {
        return stored ? std::optional{row.table.row_to_json(*stored)} : std::nullopt;
    };
    BOOST_OUTCOME_TRY(const auto stands, view->get(key));
    BOOST_OUTCOME_TRY(const auto should, of_log->get(key));
    BOOST_OUTCOME_TRY(const auto entries, entries_of(*view, row));
    BOOST_OUTCOME_TRY(const auto wanted, entries_of(*of_log, row));
    RowRepair report{model.checkpoint(), json_of(stands), json_of(should), 0};

    ModelBatch batch;
    for (const auto& entry : entries) {
        if (wanted.contains(entry)) continue;
        batch.remove(entry);
        ++report.entries;
    }
    for (const auto& entry : wanted) {
        if (entries.contains(entry)) continue;
        batch.put(entry, row.ordered_key);
        ++report.entries;
    }
    if (should) batch.put(key, *should); // also where only its columns were wrong
    if (stands && not should) batch.remove(key);
    BOOST_OUTCOME_TRY(const auto others, other_rows(*view, row));
    BOOST_OUTCOME_TRY(const auto counted, view->number(row.table.keys.row_count()));
    batch.count(row.table.name, static_cast<std::int64_t>(others + (should ? 1 : 0) - counted));
    BOOST_OUTCOME_TRY(model.write(batch, model.checkpoint()));
    return report;
}

} // namespace

result<RowRepair> Projections::repair(std::string_view name, const RowName& row, const LogProgress& progress)
{
    BOOST_OUTCOME_TRY(core_->check_no_version_is_built(name, "repair a row of"));
    std::unique_lock lock{core_->mutex};
    BOOST_OUTCOME_TRY(RunningProjection* const one, core_->find(name));
    if (one->rebuilding) {
        return fail(Failure::unavailable, "rebuild-under-way",
                    "asked to repair a row of " + std::string{name} +
                        " and found that a rebuild of it is running; wait for it");
    }
    if (one->is_inline()) {
        return fail(Failure::invalid, "inline-is-rebuilt-whole",
                    "asked to repair a row of " + std::string{name} +
                        " and found that it is inline; rebuild all of it, which delays no append");
    }
    const auto& definition = *one->definition();
    BOOST_OUTCOME_TRY(const auto table, find_table(definition, row.table));
    BOOST_OUTCOME_TRY(auto ordered_key, definition.tables()[table].ordered_key(row.key));
    BOOST_OUTCOME_TRY(const auto generation, one->begin_generation());
    const FoldedRow folded{definition.tables()[table], row.key, std::move(ordered_key), *generation.model};
    const auto model = one->current()->get();
    const auto fold  = [&](const LogProgress& told) {
        return fold_for_row(core_->runtime, core_->store, definition, *model, folded, model->checkpoint(),
                             one->options(), told);
    };

    if (not definition.has_a_stream_for_each_row()) {
        one->rebuilding = true;
        lock.unlock(); // the log is read while the projection goes on
        auto most = fold(progress);
        lock.lock();
        one->rebuilding = false;
        BOOST_OUTCOME_TRY(std::move(most));
    }

    const auto put_standing = [&]() -> result<RowRepair> {
        BOOST_OUTCOME_TRY(one->stop_following());
        BOOST_OUTCOME_TRY(fold({}));                    // what came meanwhile
        BOOST_OUTCOME_TRY(one->copies()->remove_all()); // which may have the row as it was
        return put_right(*model, folded);
    };
    auto report = put_standing();
    if (core_->started) one->follow();
    return report;
}

} // namespace eventloom
