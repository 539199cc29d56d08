// Connections that read a SQLite file, each with a snapshot.
//
//     BOOST_OUTCOME_TRY(auto reader, readers.take());          // sees everything that was written by now
//     BOOST_OUTCOME_TRY(const auto stored, reader->get(key));
//     readers.give_back(std::move(reader));
//
// An idle connection stays open with its snapshot until something is written, so most calls begin no transaction. Threads:
// any; a reader may be shared.
#pragma once

#include "rows/sqlite/sqlite.hpp"
#include "rows/sqlite/sqlite_schema.hpp"

#include <eventloom/projections/detail/read_model.hpp>

#include <atomic>
#include <mutex>
#include <unordered_map>

namespace eventloom {

// Looks up what is at a key. Threads: as the connection.
class SqliteLookup {
public:
    static result<SqliteLookup> prepare(sqlite::Connection& file, const SqliteSchema& schema);

    result<std::optional<std::string>> get(std::string_view key);

private:
    explicit SqliteLookup(const SqliteSchema& schema) : schema_{&schema} {}

    const SqliteSchema* schema_;
    std::vector<sqlite::Statement> get_row_;   // for each table
    std::vector<sqlite::Statement> get_entry_; // one of each
    std::vector<sqlite::Statement> get_number_;
};

class SqliteReader {
public:
    static result<std::unique_ptr<SqliteReader>> open(const std::string& file, const SqliteSchema& schema);

    // Takes the newest snapshot. It has at least the writes that `written` counts.
    result<void> begin(std::uint64_t written);
    void end();
    bool sees(std::uint64_t written) const { return in_transaction_ && written_ == written; }

    result<std::optional<std::string>> get(std::string_view key);
    result<std::optional<std::string>> wrong_column(std::string_view key, std::string_view stored);
    // The cursor must not outlive the reader.
    std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards);

private:
    friend class SqliteCursor;
    SqliteReader(std::unique_ptr<sqlite::Connection> file, const SqliteSchema& schema, SqliteLookup lookup)
        : file_{std::move(file)}, schema_{schema}, lookup_{std::move(lookup)}
    {
    }
    // Lends an idle statement.
    result<sqlite::Statement> borrow(const std::string& sql);
    void bring_back(const std::string& sql, sqlite::Statement statement);

    std::mutex mutex_; // over all
    std::unique_ptr<sqlite::Connection> file_;
    const SqliteSchema& schema_;
    SqliteLookup lookup_;
    std::unordered_multimap<std::string, sqlite::Statement> idle_; // statements of cursors, by their SQL
    bool in_transaction_   = false;
    std::uint64_t written_ = 0;
};

class SqliteReaders {
public:
    SqliteReaders(std::string file, const SqliteSchema& schema) : file_{std::move(file)}, schema_{schema} {}

    result<std::unique_ptr<SqliteReader>> take();
    void give_back(std::unique_ptr<SqliteReader> reader);
    // Call it after a commit: idle readers release their snapshots.
    void written();

private:
    const std::string file_;
    const SqliteSchema& schema_;
    std::atomic<std::uint64_t> written_{0}; // how often
    std::mutex mutex_;                      // over the next
    std::vector<std::unique_ptr<SqliteReader>> idle_;
};

} // namespace eventloom
