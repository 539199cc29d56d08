#include "rows/sqlite/sqlite_writer.hpp"

#include "rows/sqlite/sqlite_cells.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>

namespace eventloom {

namespace {

// The pages that may be written ahead before they are moved into the database.
constexpr int pages_ahead = 8'192;
// Readers of old snapshots keep the log from beginning again: when it has this many pages a write waits for them briefly.
constexpr int pages_ahead_max     = 8 * pages_ahead;
constexpr int wait_for_readers_ms = 100;

result<void> run_with(sqlite::Statement& statement, std::string_view key, std::string_view stored)
{
    statement.bind_blob_by_reference(1, key);
    statement.bind_blob_by_reference(2, stored);
    return statement.run();
}

result<void> run_with(sqlite::Statement& statement, std::string_view key)
{
    statement.bind_blob_by_reference(1, key);
    return statement.run();
}

} // namespace

SqliteWriter::SqliteWriter(std::unique_ptr<sqlite::Connection> file, const SqliteSchema& schema, SqliteLookup lookup)
    : file_{std::move(file)}, schema_{schema}, lookup_{std::move(lookup)}, wait_at_{pages_ahead_max}
{
}

result<std::unique_ptr<SqliteWriter>> SqliteWriter::open(std::unique_ptr<sqlite::Connection> file,
                                                         const SqliteSchema& schema)
{
    BOOST_OUTCOME_TRY(auto lookup, SqliteLookup::prepare(*file, schema));
    std::unique_ptr<SqliteWriter> writer{new SqliteWriter{std::move(file), schema, std::move(lookup)}};
    auto& connection = *writer->file_;
    for (const auto& table : schema.tables()) {
        BOOST_OUTCOME_TRY(connection.prepare_into(writer->put_row_, table.put));
        BOOST_OUTCOME_TRY(connection.prepare_into(writer->remove_row_, table.remove));
    }
    BOOST_OUTCOME_TRY(connection.prepare_into(writer->put_entry_,
                                              "INSERT OR REPLACE INTO _eventloom_entries (_key, _row) VALUES (?, ?)"));
    BOOST_OUTCOME_TRY(connection.prepare_into(writer->remove_entry_, "DELETE FROM _eventloom_entries WHERE _key = ?"));
    BOOST_OUTCOME_TRY(connection.prepare_into(
        writer->put_number_, "INSERT OR REPLACE INTO _eventloom (value, table_name, name) VALUES (?, ?, ?)"));
    return writer;
}

result<void> SqliteWriter::write(const ModelBatch& batch)
{
    const std::lock_guard lock{mutex_};
    file_->roll_back(); // the moment that find() looks at
    BOOST_OUTCOME_TRY(file_->run("BEGIN IMMEDIATE"));
    auto written = write_changes(batch);
    if (written) written = file_->run("COMMIT");
    if (not written) file_->roll_back();
    return written;
}

std::optional<result<std::optional<std::string>>> SqliteWriter::find(std::string_view key)
{
    const std::unique_lock lock{mutex_, std::try_to_lock};
    if (not lock) return std::nullopt;
    // One transaction for all lookups between two writes: beginning one takes longer than a lookup.
    if (not file_->is_in_transaction()) {
        if (auto begun = file_->run("BEGIN"); not begun) return std::move(begun.error());
    }
    return lookup_.get(key);
}

// In the order of their keys, which is that of the pages; of several changes of one key the last.
result<void> SqliteWriter::write_changes(const ModelBatch& batch)
{
    std::vector<ModelBatch::Change> changes;
    changes.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) changes.push_back(batch[i]);
    std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (i + 1 < changes.size() && changes[i + 1].key == changes[i].key) continue;
        BOOST_OUTCOME_TRY(write_change(changes[i]));
    }
    return done();
}

result<void> SqliteWriter::write_change(const ModelBatch::Change& change)
{
    const auto* section = schema_.section_of(change.key);
    if (section == nullptr) return done();
    const auto key = section->inner(change.key);
    switch (section->kind) {
    case row_keys::row:
        return change.removed ? run_with(remove_row_[section->table], key) : put_row(section->table, key, change);
    case row_keys::entry:
        return change.removed ? run_with(remove_entry_.front(), key) : run_with(put_entry_.front(), key, change.stored);
    default:
        auto& statement = put_number_.front();
        statement.bind_integer(1, static_cast<std::int64_t>(read_big_endian(change.stored)));
        statement.bind_text_by_reference(2, row_keys::parts_of(change.key).table);
        statement.bind_text_by_reference(3, key);
        return statement.run();
    }
}

result<void> SqliteWriter::put_row(std::size_t table, std::string_view key, const ModelBatch::Change& change)
{
    auto& statement = put_row_[table];
    CellsToStatement cells{statement, 3, texts_};
    BOOST_OUTCOME_TRY(schema_.tables()[table].about->read_cells(change.stored, cells));
    cells.bind_texts();
    return run_with(statement, key, change.stored);
}

void SqliteWriter::move_pages()
{
    const std::lock_guard lock{mutex_};
    const int pages = file_->pages_written_ahead();
    if (pages < moved_at_) moved_at_ = 0; // the log has begun again
    if (pages < moved_at_ + pages_ahead) return;
    moved_at_ = pages;
    file_->roll_back(); // the moment that find() looks at
    file_->checkpoint(false);
    if (pages < wait_at_) return;
    file_->wait_for_locks(wait_for_readers_ms);
    wait_at_ = file_->checkpoint(true) ? pages_ahead_max : 2 * pages;
    file_->wait_for_locks(sqlite::wait_for_other_programs_ms);
}

} // namespace eventloom
