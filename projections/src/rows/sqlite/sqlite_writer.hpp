// Writes a SQLite file of rows: one transaction for a batch, and checkpoints of the write-ahead log.
//
//     BOOST_OUTCOME_TRY(const auto writer, SqliteWriter::open(std::move(file), schema));
//     BOOST_OUTCOME_TRY(writer->write(batch));
//     writer->move_pages();
//
// Threads: one writes; find() from any.
#pragma once

#include "rows/sqlite/sqlite_readers.hpp"

#include <eventloom/projections/detail/read_model.hpp>

namespace eventloom {

class SqliteWriter {
public:
    // `schema` outlives it, and its tables are in the file.
    static result<std::unique_ptr<SqliteWriter>> open(std::unique_ptr<sqlite::Connection> file,
                                                      const SqliteSchema& schema);

    // Writes all of the batch or nothing.
    result<void> write(const ModelBatch& batch);

    // The value that was last written at a key; nothing while another thread uses the connection.
    std::optional<result<std::optional<std::string>>> find(std::string_view key);

    // Keeps the write-ahead log short. Readers never wait for it; when the log is long it waits a moment for readers. A view
    // that is never released makes the log grow: then it tries again whenever the log is twice as long.
    void move_pages();

private:
    SqliteWriter(std::unique_ptr<sqlite::Connection> file, const SqliteSchema& schema, SqliteLookup lookup);

    result<void> write_changes(const ModelBatch& batch);
    result<void> write_change(const ModelBatch::Change& change);
    result<void> put_row(std::size_t table, std::string_view key, const ModelBatch::Change& change);

    std::mutex mutex_; // over the connection
    std::unique_ptr<sqlite::Connection> file_;
    const SqliteSchema& schema_;
    SqliteLookup lookup_;
    std::vector<sqlite::Statement> put_row_; // for each table
    std::vector<sqlite::Statement> remove_row_;
    std::vector<sqlite::Statement> put_entry_; // one of each
    std::vector<sqlite::Statement> remove_entry_;
    std::vector<sqlite::Statement> put_number_;
    std::string texts_; // of the cells of a row that is being written
    int moved_at_ = 0;  // so many pages had been written ahead
    int wait_at_;
};

} // namespace eventloom
