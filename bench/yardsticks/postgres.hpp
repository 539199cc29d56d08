// A PostgreSQL server of our own, and a connection to it.
//
//     const auto server = PostgresServer::start(directory);   // nullptr: it is left out; it has said why
//     const PostgresConnection postgres{*server};
//     const auto answer = postgres.run("SELECT 1");
//
// What fails ends the program. Threads: one for each connection.
#pragma once

#include "server_process.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class PostgresServer {
public:
    // Everything that it acknowledges is synced (fsync and synchronous_commit on). It listens to a socket in its directory
    // alone, and ends with this object.
    static std::unique_ptr<PostgresServer> start(const std::string& directory);

    std::string connection() const;

private:
    PostgresServer(std::string directory, const std::optional<ProcessUser>& user);
    const std::string directory_;
    const ServerProcess process_;
};

class PostgresAnswer {
public:
    explicit PostgresAnswer(PGresult* result) : result_{result} {}

    int rows() const { return PQntuples(result_.get()); }
    std::string_view text(int row, int column) const;
    std::uint64_t rows_changed() const; // by an insert or an update

private:
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clear> result_;
};

class PostgresConnection {
public:
    explicit PostgresConnection(const PostgresServer& server);

    PostgresAnswer run(const char* sql) const;
    void prepare(const char* name, const char* sql) const;
    PostgresAnswer execute(const char* name, const std::vector<std::string>& values) const;

private:
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    PostgresAnswer answered(PGresult* result) const;
    std::unique_ptr<PGconn, Finish> connection_;
};

} // namespace bench
