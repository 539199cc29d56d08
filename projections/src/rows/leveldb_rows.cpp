#include "rows/row_places.hpp"

#include <eventloom/storage/database.hpp>
#include <eventloom/storage/row_scan.hpp>

#include <algorithm>

namespace eventloom {

namespace {

class LevelDbView final : public ReadModelView {
public:
    LevelDbView(std::shared_ptr<const ReadModel> model, const Database& database)
        : model_{std::move(model)}, database_{database}, snapshot_{database.snapshot()}
    {
    }

    result<std::optional<std::string>> get(std::string_view key) const override
    {
        return database_.get(key, snapshot_);
    }
    std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards) const override
    {
        return scan_rows(database_, span, {.backwards = backwards, .at = snapshot_});
    }
    std::unique_ptr<RowCursor> scan_all() const override
    {
        return scan_rows(database_, every_key(), {.is_of_all = true, .at = snapshot_});
    }
    const std::string& directory() const override { return model_->directory(); }

private:
    const std::shared_ptr<const ReadModel> model_; // goes last: the database is in it
    const Database& database_;
    const DatabaseSnapshot snapshot_;
};

class LevelDbRows final : public ReadModel {
public:
    LevelDbRows(const Runtime& runtime, std::string directory, std::unique_ptr<Database> database)
        : ReadModel{std::move(directory)}, runtime_{runtime}, database_{std::move(database)}
    {
    }

    ~LevelDbRows() override
    {
        database_.reset();
        // What cannot be removed now is removed at the next start: nothing refers to it any more.
        if (is_removed_when_done()) static_cast<void>(remove_database(runtime_, directory()));
    }

    std::vector<std::string> notices() const override { return database_->notices(); }
    // A fold keeps what it has found: the block cache is for those who ask the tables.
    result<std::optional<std::string>> find(std::string_view key) const override { return database_->get_once(key); }
    std::shared_ptr<const ReadModelView> view() const override
    {
        return std::make_shared<LevelDbView>(shared_from_this(), *database_);
    }

private:
    result<void> commit(const ModelBatch& changes) override
    {
        // In the order of the keys LevelDB takes many of them in half the time.
        std::vector<ModelBatch::Change> sorted;
        sorted.reserve(changes.size());
        for (std::size_t i = 0; i < changes.size(); ++i) sorted.push_back(changes[i]);
        std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
        Batch batch;
        for (const auto& change : sorted) {
            change.removed ? batch.remove(change.key) : batch.put(change.key, change.stored);
        }
        // Buffered: what a power cut takes, rows and checkpoint alike, is folded again from the log.
        return database_->write(batch, Durability::buffered);
    }

    const Runtime runtime_;
    std::unique_ptr<Database> database_;
};

} // namespace

result<std::shared_ptr<ReadModel>> open_leveldb_rows(const Runtime& runtime, const std::string& directory,
                                                     WhenDamaged when_damaged, const std::shared_ptr<BlockCache>& cache)
{
    BOOST_OUTCOME_TRY(auto database,
                      Database::open(runtime, {.directory              = directory,
                                               .write_buffer_bytes     = 4u << 20,
                                               .block_cache_bytes      = 8u << 20,
                                               .block_cache            = cache,
                                               .table_bytes            = 8u << 20,
                                               .made_anew_when_damaged = when_damaged == WhenDamaged::made_anew}));
    return std::shared_ptr<ReadModel>{std::make_shared<LevelDbRows>(runtime, directory, std::move(database))};
}

} // namespace eventloom
