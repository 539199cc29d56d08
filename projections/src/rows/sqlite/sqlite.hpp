// A wrapper of SQLite: connections, prepared statements, and the errors for its result codes.
//
//     BOOST_OUTCOME_TRY(const auto file, sqlite::Connection::open(path));
//     BOOST_OUTCOME_TRY(file->run("PRAGMA journal_mode = WAL"));
//     BOOST_OUTCOME_TRY(auto statement, file->prepare("SELECT value FROM numbers WHERE name = ?"));
//     statement.bind_text_by_reference(1, "rows");
//     BOOST_OUTCOME_TRY(const bool found, statement.step());
//
// Threads: a connection and its statements belong to one thread at a time.
#pragma once

#include <eventloom/framework/result.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace eventloom::sqlite {

class Connection;

// For how long a call waits for another program that writes into the file, which none should.
inline constexpr int wait_for_other_programs_ms = 5'000;

class Statement {
public:
    Statement(Connection& connection, sqlite3_stmt* prepared) : connection_{&connection}, prepared_{prepared} {}

    // Parameters count from 1. What is bound by reference must live until reset().
    void bind_blob_by_reference(int parameter, std::string_view bytes);
    void bind_text_by_reference(int parameter, std::string_view text);
    void bind_integer(int parameter, std::int64_t number);
    void bind_real(int parameter, double number);
    void bind_nothing(int parameter);

    // Whether there is a row, the first or the next one.
    result<bool> step();
    // Columns of it count from 0, and live until the next step or reset.
    std::string_view blob(int column) const;
    std::int64_t integer(int column) const;

    void reset();
    // One step and a reset.
    result<void> run();

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    Connection* connection_;
    std::unique_ptr<sqlite3_stmt, Finalize> prepared_;
};

class Connection {
public:
    // Makes the file if it does not exist.
    static result<std::unique_ptr<Connection>> open(const std::string& file);
    ~Connection();
    Connection(const Connection&)            = delete;
    Connection& operator=(const Connection&) = delete;

    result<Statement> prepare(const std::string& sql);
    result<void> prepare_into(std::vector<Statement>& statements, const std::string& sql);
    result<void> run(const std::string& sql);
    // Rolls back the transaction, if there is one.
    void roll_back();
    bool is_in_transaction() const;

    // For how long a call waits for a lock that another program holds.
    void wait_for_locks(int milliseconds);
    // How many pages the write-ahead log had after the last commit.
    int pages_written_ahead() const { return pages_written_ahead_; }
    // Moves pages from the write-ahead log into the database, as far as readers allow (a checkpoint). With
    // `from_the_beginning` it waits for readers, so that the log can begin again. Returns whether it moved all pages.
    bool checkpoint(bool from_the_beginning);

    // The error of the last call on this connection.
    Error error(int code) const;

private:
    friend class Statement;
    Connection(std::string file, sqlite3* database);

    const std::string file_;
    sqlite3* const database_;
    int pages_written_ahead_ = 0;
};

} // namespace eventloom::sqlite
