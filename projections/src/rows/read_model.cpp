// A row is written here: LogFold -> ReadModel::write -> commit of LevelDB, SQLite or memory.
#include <eventloom/projections/detail/read_model.hpp>

#include "rows/row_feed.hpp"
#include "rows/row_places.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/projections/detail/row_keys.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

void put_number(Changes& batch, const std::string& key, std::uint64_t number)
{
    std::string bytes;
    append_big_endian(bytes, number);
    batch.put(key, bytes);
}

result<std::uint64_t> number_in(const std::optional<std::string>& stored, const std::string& directory)
{
    if (not stored) return std::uint64_t{0};
    if (stored->size() == 8) return read_big_endian(*stored);
    return fail(Failure::corrupt, "damaged-read-model",
                "read the read model in " + directory + " and found damage; rebuild the projection");
}

result<std::shared_ptr<ReadModel>> open_rows(const Runtime& runtime, RowPlace place, const std::string& directory,
                                             const UntypedProjection& definition, WhenDamaged when_damaged,
                                             const std::shared_ptr<BlockCache>& cache)
{
    ensure(place != RowPlace::log, "rows that lie in the log have no directory of their own");
    switch (place) {
    case RowPlace::memory:
        return open_memory_rows(directory);
    case RowPlace::sqlite:
        return open_sqlite_rows(runtime, directory, definition, when_damaged);
    case RowPlace::log:
    case RowPlace::leveldb:
        break;
    }
    return open_leveldb_rows(runtime, directory, when_damaged, cache);
}

} // namespace

std::string_view to_string(RowPlace place)
{
    switch (place) {
    case RowPlace::leveldb:
        return "leveldb";
    case RowPlace::sqlite:
        return "sqlite";
    case RowPlace::memory:
        return "memory";
    case RowPlace::log:
        return "log";
    }
    return "unnamed";
}

result<std::uint64_t> ReadModelView::number(std::string_view key) const
{
    BOOST_OUTCOME_TRY(const auto stored, get(key));
    return number_in(stored, directory());
}

result<void> ReadModel::load(std::uint32_t projection_version)
{
    const auto number = [this](const std::string& key) -> result<std::uint64_t> {
        BOOST_OUTCOME_TRY(const auto stored, find(key));
        return number_in(stored, directory_);
    };
    BOOST_OUTCOME_TRY(const auto version, number(row_keys::of_version()));
    if (version == 0) {
        ModelBatch batch;
        put_number(batch, row_keys::of_version(), projection_version);
        return write(batch, 0);
    }
    if (version != projection_version) {
        return fail(
            Failure::corrupt, "wrong-projection-version",
            fmt::format("opened the read model in {} as version {} and found version {}; rebuild the projection",
                        directory_, projection_version, version));
    }
    BOOST_OUTCOME_TRY(checkpoint_, number(row_keys::of_checkpoint()));
    BOOST_OUTCOME_TRY(rows_, number(row_keys::of_row_count()));
    return done();
}

result<std::uint64_t> ReadModel::put_numbers(ModelBatch& batch, Position checkpoint, const FindStored& find) const
{
    const auto number = [&](const std::string& key) -> result<std::uint64_t> {
        BOOST_OUTCOME_TRY(const auto stored, find(key));
        return number_in(stored, directory_);
    };
    BOOST_OUTCOME_TRY(auto rows, number(row_keys::of_row_count()));
    for (const auto& [table, more] : batch.more_rows()) {
        rows += static_cast<std::uint64_t>(more);
        if (table.empty()) continue; // the only table: its rows are all there are
        const auto key = row_keys::OfTable{table}.row_count();
        BOOST_OUTCOME_TRY(const auto before, number(key));
        put_number(batch, key, before + static_cast<std::uint64_t>(more));
    }
    put_number(batch, row_keys::of_checkpoint(), checkpoint);
    put_number(batch, row_keys::of_row_count(), rows);
    return rows;
}

result<void> ReadModel::write(ModelBatch& batch, Position checkpoint)
{
    const FindStored find = [this](const std::string& key) { return this->find(key); };
    BOOST_OUTCOME_TRY(const auto rows, put_numbers(batch, checkpoint, find));
    const auto changed = feed_ ? feed_->collect(batch, find) : RowFeed::Collected{};
    BOOST_OUTCOME_TRY(commit(batch));
    has_come_to(checkpoint, rows);
    if (feed_) feed_->tell(changed, checkpoint);
    return done();
}

void ReadModel::has_come_to(Position checkpoint, std::uint64_t rows)
{
    rows_       = rows;
    checkpoint_ = checkpoint;
}

CurrentModel::CurrentModel() : feed_{std::make_shared<RowFeed>()} {}

void CurrentModel::replace(std::shared_ptr<ReadModel> model)
{
    model->tell(feed_);
    const Position position = model->checkpoint();
    {
        const std::lock_guard lock{mutex_};
        model_.swap(model); // the old one goes with the parameter, after the lock
    }
    feed_->tell_to_read_anew(position);
}

result<std::shared_ptr<ReadModel>> open_read_model(const Runtime& runtime, RowPlace place, const std::string& directory,
                                                   const UntypedProjection& definition)
{
    return open_read_model(runtime, place, directory, definition, definition.version());
}

result<std::shared_ptr<ReadModel>> open_read_model(const Runtime& runtime, RowPlace place, const std::string& directory,
                                                   const UntypedProjection& definition, std::uint32_t written_by,
                                                   const std::shared_ptr<BlockCache>& cache)
{
    BOOST_OUTCOME_TRY(auto model, open_rows(runtime, place, directory, definition, WhenDamaged::made_anew, cache));
    BOOST_OUTCOME_TRY(model->load(written_by));
    return model;
}

result<std::shared_ptr<ReadModel>> open_read_model_as_it_is(const Runtime& runtime, RowPlace place,
                                                            const std::string& directory,
                                                            const UntypedProjection& definition,
                                                            std::uint32_t written_by,
                                                            const std::shared_ptr<BlockCache>& cache)
{
    BOOST_OUTCOME_TRY(auto model, open_rows(runtime, place, directory, definition, WhenDamaged::refused, cache));
    BOOST_OUTCOME_TRY(model->load(written_by));
    return model;
}

result<std::shared_ptr<ReadModel>> open_rows_of_any_shape(const Runtime& runtime, RowPlace place,
                                                          const std::string& directory, const std::string& name,
                                                          std::uint32_t written_by)
{
    BOOST_OUTCOME_TRY(auto model, place == RowPlace::sqlite
                                      ? open_sqlite_rows_of_any_shape(runtime, directory, name)
                                      : open_leveldb_rows(runtime, directory, WhenDamaged::refused));
    BOOST_OUTCOME_TRY(model->load(written_by));
    return model;
}

} // namespace eventloom
