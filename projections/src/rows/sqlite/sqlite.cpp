#include "rows/sqlite/sqlite.hpp"

#include <sqlite3.h>

namespace eventloom::sqlite {

namespace {

struct Meaning {
    Failure kind;
    std::string code;
    std::string what_to_do;
};

Meaning meaning_of(int code)
{
    switch (code & 0xff) { // the rest is detail
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return {Failure::corrupt, "damaged-read-model", "rebuild the projection"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return {Failure::unavailable, "read-model-locked",
                "nothing was written; end what another program does with it, and start the projection again"};
    case SQLITE_FULL:
        return {Failure::storage, "disk-full", "nothing was written; make room, and start the projection again"};
    default:
        return {Failure::storage, "storage-fault",
                "nothing was written; look at the disk and its rights, and start the projection again"};
    }
}

} // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const
{
    sqlite3_finalize(statement);
}

void Statement::bind_blob_by_reference(int parameter, std::string_view bytes)
{
    // No bytes are still a blob, not NULL.
    sqlite3_bind_blob64(prepared_.get(), parameter, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
}

void Statement::bind_text_by_reference(int parameter, std::string_view text)
{
    sqlite3_bind_text64(prepared_.get(), parameter, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                        SQLITE_UTF8);
}

void Statement::bind_integer(int parameter, std::int64_t number)
{
    sqlite3_bind_int64(prepared_.get(), parameter, number);
}

void Statement::bind_real(int parameter, double number)
{
    sqlite3_bind_double(prepared_.get(), parameter, number);
}

void Statement::bind_nothing(int parameter)
{
    sqlite3_bind_null(prepared_.get(), parameter);
}

result<bool> Statement::step()
{
    const int code = sqlite3_step(prepared_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return connection_->error(code);
}

std::string_view Statement::blob(int column) const
{
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(prepared_.get(), column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(prepared_.get(), column))};
}

std::int64_t Statement::integer(int column) const
{
    return sqlite3_column_int64(prepared_.get(), column);
}

void Statement::reset()
{
    sqlite3_reset(prepared_.get());
}

result<void> Statement::run()
{
    auto stepped = step();
    reset();
    if (not stepped) return std::move(stepped.error());
    return done();
}

Connection::Connection(std::string file, sqlite3* database) : file_{std::move(file)}, database_{database}
{
    // Instead of SQLite's own checkpoints.
    const auto written_ahead = [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Connection*>(self)->pages_written_ahead_ = pages;
        return SQLITE_OK;
    };
    if (database_ != nullptr) sqlite3_wal_hook(database_, written_ahead, this);
}

Connection::~Connection()
{
    sqlite3_close_v2(database_);
}

result<std::unique_ptr<Connection>> Connection::open(const std::string& file)
{
    sqlite3* database = nullptr;
    // SQLite takes no mutex: the user of a connection synchronizes.
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code      = sqlite3_open_v2(file.c_str(), &database, flags, nullptr);
    std::unique_ptr<Connection> connection{new Connection{file, database}};
    if (code != SQLITE_OK) return connection->error(code);
    return connection;
}

result<Statement> Connection::prepare(const std::string& sql)
{
    sqlite3_stmt* prepared = nullptr;
    const int code         = sqlite3_prepare_v3(database_, sql.c_str(), static_cast<int>(sql.size() + 1),
                                                SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
    if (code != SQLITE_OK) return error(code);
    return Statement{*this, prepared};
}

result<void> Connection::prepare_into(std::vector<Statement>& statements, const std::string& sql)
{
    BOOST_OUTCOME_TRY(auto statement, prepare(sql));
    statements.push_back(std::move(statement));
    return done();
}

result<void> Connection::run(const std::string& sql)
{
    const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return error(code);
    return done();
}

void Connection::roll_back()
{
    if (is_in_transaction()) static_cast<void>(run("ROLLBACK"));
}

bool Connection::is_in_transaction() const
{
    return sqlite3_get_autocommit(database_) == 0;
}

void Connection::wait_for_locks(int milliseconds)
{
    sqlite3_busy_timeout(database_, milliseconds);
}

bool Connection::checkpoint(bool from_the_beginning)
{
    int pages      = 0;
    int moved      = 0;
    const int mode = from_the_beginning ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
    return sqlite3_wal_checkpoint_v2(database_, nullptr, mode, &pages, &moved) == SQLITE_OK && moved == pages;
}

Error Connection::error(int code) const
{
    auto meaning            = meaning_of(code);
    const std::string found = database_ == nullptr || sqlite3_errcode(database_) == SQLITE_OK
                                  ? sqlite3_errstr(code)
                                  : sqlite3_errmsg(database_);
    return {meaning.kind, std::move(meaning.code),
            "used the read model " + file_ + " and found: " + found + "; " + meaning.what_to_do};
}

} // namespace eventloom::sqlite
