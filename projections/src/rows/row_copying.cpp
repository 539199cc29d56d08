#include "rows/row_copying.hpp"

namespace eventloom {

namespace {

constexpr std::size_t entries_at_once = 4'096;

// Those that the other read model writes for itself.
bool is_own_number(std::string_view key)
{
    const auto parts = row_keys::parts_of(key);
    return parts.kind == row_keys::about && parts.table.empty();
}

} // namespace

RowCopying::RowCopying(std::shared_ptr<const ReadModelView> from, std::shared_ptr<ReadModel> into)
    : from_{std::move(from)}, cursor_{from_->scan_all()}, into_{std::move(into)}
{
}

result<bool> RowCopying::step()
{
    ModelBatch batch;
    for (; cursor_->valid() && batch.size() < entries_at_once; cursor_->next()) {
        if (not is_own_number(cursor_->key())) batch.put(cursor_->key(), cursor_->value());
    }
    if (cursor_->valid()) {
        BOOST_OUTCOME_TRY(into_->write(batch, 0));
        return true;
    }
    BOOST_OUTCOME_TRY(cursor_->status());
    BOOST_OUTCOME_TRY(const auto rows, from_->number(row_keys::of_row_count()));
    BOOST_OUTCOME_TRY(const auto checkpoint, from_->number(row_keys::of_checkpoint()));
    batch.count({}, static_cast<std::int64_t>(rows));
    BOOST_OUTCOME_TRY(into_->write(batch, checkpoint));
    return false;
}

result<void> copy_rows(const ReadModel& from, std::shared_ptr<ReadModel> into)
{
    RowCopying copying{from.view(), std::move(into)};
    for (bool more = true; more;) {
        BOOST_OUTCOME_TRY(more, copying.step());
    }
    return done();
}

} // namespace eventloom
