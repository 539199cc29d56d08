#include <eventloom/projections/read_model.hpp>

#include <eventloom/projections/row_keys.hpp>
#include <eventloom/storage/ordered_key.hpp>

namespace eventloom {

namespace {

result<std::optional<std::uint64_t>> number_at(const Database& database, const std::string& key)
{
    BOOST_OUTCOME_TRY(const auto bytes, database.get(key));
    if (not bytes) return std::optional<std::uint64_t>{};
    if (bytes->size() != 8) {
        return fail(Failure::corrupt, "damaged-read-model",
                    "read the read model in " + database.directory() + " and found damage; rebuild the projection");
    }
    return std::optional{read_big_endian(*bytes)};
}

void put_number(Batch& batch, const std::string& key, std::uint64_t number)
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

result<void> ReadModel::load(std::uint32_t projection_version)
{
    BOOST_OUTCOME_TRY(const auto version, number_at(*database_, row_keys::of_version()));
    if (not version) {
        Batch batch;
        put_number(batch, row_keys::of_version(), projection_version);
        return write(batch, 0, 0);
    }
    if (*version != projection_version) {
        return fail(Failure::corrupt, "wrong-projection-version",
                    "opened the read model in " + directory_ + " as version " + std::to_string(projection_version) +
                        " and found version " + std::to_string(*version) + "; rebuild the projection");
    }
    BOOST_OUTCOME_TRY(const auto checkpoint, number_at(*database_, row_keys::of_checkpoint()));
    BOOST_OUTCOME_TRY(const auto rows, number_at(*database_, row_keys::of_row_count()));
    checkpoint_ = checkpoint.value_or(0);
    rows_       = rows.value_or(0);
    return done();
}

result<void> ReadModel::write(Batch& batch, std::int64_t more_rows, Position checkpoint)
{
    const auto rows = rows_ + static_cast<std::uint64_t>(more_rows);
    put_number(batch, row_keys::of_checkpoint(), checkpoint);
    put_number(batch, row_keys::of_row_count(), rows);
    // Buffered: what a power cut takes, rows and checkpoint alike, is folded again from the log.
    BOOST_OUTCOME_TRY(database_->write(batch, Durability::buffered));
    rows_       = rows;
    checkpoint_ = checkpoint;
    return done();
}

} // namespace eventloom
