#include "read/log_rows.hpp"

#include "record/key_spaces.hpp"

#include <eventloom/storage/row_scan.hpp>

namespace eventloom {

namespace {

std::string key_of(std::string_view key)
{
    return std::string{key_spaces::row}.append(key);
}

} // namespace

class LogRows::View final : public InlineView {
public:
    View(std::shared_ptr<const LogRows> rows, DatabaseSnapshot moment)
        : rows_{std::move(rows)}, moment_{std::move(moment)}
    {
    }

    result<std::optional<std::string>> get(std::string_view key) const override
    {
        return rows_->database_->get(key_of(key), moment_);
    }
    std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards) const override
    {
        return scan_rows(*rows_->database_, {key_of(span.first), key_of(span.last)},
                         {.backwards = backwards, .at = moment_, .left_out = 1});
    }

private:
    const std::shared_ptr<const LogRows> rows_; // goes last: the database is in it
    const DatabaseSnapshot moment_;
};

result<std::optional<std::string>> LogRows::find(std::string_view key) const
{
    return database_->get(key_of(key));
}

std::shared_ptr<const InlineView> LogRows::view() const
{
    const std::lock_guard lock{mutex_};
    return std::make_shared<View>(shared_from_this(), published_ ? published_ : database_->snapshot());
}

void LogRows::publish()
{
    auto moment = database_->snapshot();
    const std::lock_guard lock{mutex_};
    published_.swap(moment); // the old one goes after the lock
}

void LogRows::renew()
{
    {
        const std::lock_guard lock{mutex_};
        if (not published_) return;
    }
    publish();
}

result<void> LogRows::write(const HeldAppends&, const RowBatch& changes)
{
    Batch batch;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const auto change = changes[i];
        change.removed ? batch.remove(key_of(change.key)) : batch.put(key_of(change.key), change.stored);
    }
    BOOST_OUTCOME_TRY(database_->write(batch, durability_));
    publish();
    return done();
}

void LogRows::put(Batch& batch, const StagedRows& staged)
{
    for (const auto& [key, stored] : staged.changes()) {
        stored ? batch.put(key_of(key), *stored) : batch.remove(key_of(key));
    }
}

} // namespace eventloom
