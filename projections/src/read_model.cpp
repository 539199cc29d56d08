#include <eventloom/projections/read_model.hpp>

#include <eventloom/projections/row_keys.hpp>
#include <eventloom/storage/ordered_key.hpp>

namespace eventloom {

namespace {

void put_number(Changes& batch, const std::string& key, std::uint64_t number)
{
    std::string bytes;
    append_big_endian(bytes, number);
    batch.put(key, bytes);
}

} // namespace

ReadModel::ReadModel(const Runtime& runtime, std::string directory, std::unique_ptr<Database> database)
    : runtime_{runtime}, directory_{std::move(directory)}, database_{std::move(database)}
{
}

ReadModel::~ReadModel()
{
    database_.reset();
    // What cannot be removed now is removed at the next start: nothing refers to it any more.
    if (removed_when_done_) static_cast<void>(remove_database(runtime_, directory_));
}

result<std::unique_ptr<ReadModel>> ReadModel::open(const Runtime& runtime, std::string directory,
                                                   std::uint32_t projection_version)
{
    BOOST_OUTCOME_TRY(auto database, Database::open(runtime, {.directory = directory, .made_anew_when_damaged = true}));
    auto model = std::make_unique<ReadModel>(runtime, std::move(directory), std::move(database));
    BOOST_OUTCOME_TRY(model->load(projection_version));
    return model;
}

result<std::uint64_t> ReadModel::number(const std::string& key, const DatabaseSnapshot& at) const
{
    BOOST_OUTCOME_TRY(const auto bytes, database_->get(key, at));
    if (not bytes) return std::uint64_t{0};
    if (bytes->size() == 8) return read_big_endian(*bytes);
    return fail(Failure::corrupt, "damaged-read-model",
                "read the read model in " + directory_ + " and found damage; rebuild the projection");
}

result<void> ReadModel::load(std::uint32_t projection_version)
{
    BOOST_OUTCOME_TRY(const auto version, number(row_keys::of_version()));
    if (version == 0) {
        ModelBatch batch;
        put_number(batch, row_keys::of_version(), projection_version);
        return write(batch, 0);
    }
    if (version != projection_version) {
        return fail(Failure::corrupt, "wrong-projection-version",
                    "opened the read model in " + directory_ + " as version " + std::to_string(projection_version) +
                        " and found version " + std::to_string(version) + "; rebuild the projection");
    }
    BOOST_OUTCOME_TRY(checkpoint_, number(row_keys::of_checkpoint()));
    BOOST_OUTCOME_TRY(rows_, number(row_keys::of_row_count()));
    return done();
}

result<void> ReadModel::write(ModelBatch& batch, Position checkpoint)
{
    auto rows = rows_.load();
    for (const auto& [table, more] : batch.more_rows_) {
        rows += static_cast<std::uint64_t>(more);
        if (table.empty()) continue; // the only table: its rows are all there are
        const auto key = row_keys::OfTable{table}.row_count();
        BOOST_OUTCOME_TRY(const auto before, number(key));
        put_number(batch, key, before + static_cast<std::uint64_t>(more));
    }
    put_number(batch, row_keys::of_checkpoint(), checkpoint);
    put_number(batch, row_keys::of_row_count(), rows);
    // Buffered: what a power cut takes, rows and checkpoint alike, is folded again from the log.
    BOOST_OUTCOME_TRY(database_->write(batch.batch_, Durability::buffered));
    rows_       = rows;
    checkpoint_ = checkpoint;
    return done();
}

} // namespace eventloom
