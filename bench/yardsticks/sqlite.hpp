// SQLite as the yardsticks use it: durable, as fast as it can be set, with prepared statements.
//
//     const auto database = open_sqlite("jobs.db");
//     run_sqlite(database, sqlite_settings);
//     const SqliteStatement insert{database.get(), "INSERT INTO jobs(payload) VALUES(?1)"};
//
// What fails ends the program. Threads: one for each database.
#pragma once

#include "support/measuring/measure.hpp"

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace bench {

inline constexpr auto sqlite_settings =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA cache_size = -65536;"       // KiB
    "PRAGMA mmap_size = 17179869184;"   // pages are read in place
    "PRAGMA wal_autocheckpoint = 4000;" // pages: the WAL stays near 16 MiB and is used again
    "PRAGMA temp_store = MEMORY;";

class SqliteStatement {
public:
    SqliteStatement(sqlite3* database, const char* sql)
    {
        require(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) == SQLITE_OK,
                sqlite3_errmsg(database));
    }
    ~SqliteStatement() { sqlite3_finalize(statement_); }
    SqliteStatement(const SqliteStatement&)            = delete;
    SqliteStatement& operator=(const SqliteStatement&) = delete;

    sqlite3_stmt* get() const { return statement_; }

    // True: a row; false: the end, and ready for the next use.
    bool step() const
    {
        const int answer = sqlite3_step(statement_);
        if (answer == SQLITE_ROW) return true;
        sqlite3_reset(statement_);
        require(answer == SQLITE_DONE, sqlite3_errstr(answer));
        return false;
    }
    void reset() const { sqlite3_reset(statement_); }

    void bind(int at, std::uint64_t number) const
    {
        sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(number));
    }
    void bind_text(int at, std::string_view text) const
    {
        sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    }
    void bind_blob(int at, std::string_view bytes) const
    {
        sqlite3_bind_blob(statement_, at, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
    }
    std::uint64_t number(int at) const { return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, at)); }
    std::string_view bytes(int at) const
    {
        const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, at));
        return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, at))};
    }

private:
    sqlite3_stmt* statement_ = nullptr;
};

struct CloseSqlite {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using SqliteDatabase = std::unique_ptr<sqlite3, CloseSqlite>;

inline SqliteDatabase open_sqlite(const std::string& file)
{
    std::filesystem::create_directories(std::filesystem::path{file}.parent_path());
    sqlite3* opened = nullptr;
    require(sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                            nullptr) == SQLITE_OK,
            "SQLite opens");
    return SqliteDatabase{opened};
}

inline void run_sqlite(const SqliteDatabase& database, const char* sql)
{
    require(sqlite3_exec(database.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK, sqlite3_errmsg(database.get()));
}

} // namespace bench
