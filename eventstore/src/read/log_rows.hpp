// The rows in the log's LevelDB, in their own key space.
//
// Their views are of the moment that was last published: that of a group of appends, once its events can be read. So no
// view is ahead of the log's head. Threads: any; publish() while nothing else is written, folds and writes while
// appends are held.
#pragma once

#include "read/staged_rows.hpp"

#include <eventloom/storage/database.hpp>

#include <mutex>

namespace eventloom {

class LogRows final : public InlineRows, public std::enable_shared_from_this<LogRows> {
public:
    LogRows(std::shared_ptr<Database> database, Durability durability)
        : database_{std::move(database)}, durability_{durability}
    {
    }

    result<std::optional<std::string>> find(std::string_view key) const override;
    std::shared_ptr<const InlineView> view() const override;
    const std::string& directory() const override { return database_->directory(); }
    InlineFolds& folds(const HeldAppends&) override { return folds_; }
    result<void> write(const HeldAppends& held, const RowBatch& changes) override;

    const InlineFolds& folds() const { return folds_; }

    // Later views have everything that is written by now.
    void publish();
    // The same, where a moment was published before: an old one keeps alive whatever was overwritten since.
    void renew();

    static void put(Batch& batch, const StagedRows& staged);

private:
    class View;

    const std::shared_ptr<Database> database_;
    const Durability durability_;
    InlineFolds folds_;
    mutable std::mutex mutex_;
    DatabaseSnapshot published_; // none: nothing has been written since the log was opened
};

} // namespace eventloom
