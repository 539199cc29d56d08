#include "postgres.hpp"

#include "support/measuring/measure.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <pwd.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace bench {

namespace {

const std::string postgres_programs = "/usr/lib/postgresql/15/bin/";

void leave_out_postgres(const std::string& because)
{
    say(because + ": PostgreSQL is left out");
}

// The server refuses to run as root: it has a user of its own then.
struct UserOfPostgres {
    bool is_there = true;
    std::optional<ProcessUser> user;
};
UserOfPostgres user_of_postgres()
{
    if (::geteuid() != 0) return {};
    const passwd* found = ::getpwnam("postgres");
    if (found == nullptr) return {.is_there = false, .user = {}};
    return {.user = ProcessUser{found->pw_uid, found->pw_gid}};
}

bool may_have_socket_in(const std::string& directory)
{
    return (directory + "/.s.PGSQL.5432.lock").size() < sizeof(sockaddr_un::sun_path);
}

} // namespace

PostgresServer::PostgresServer(std::string directory, const std::optional<ProcessUser>& user)
    : directory_{std::move(directory)},
      // An immediate end: nobody reads its files again.
      process_{{postgres_programs + "postgres", "-D", directory_, "-k", directory_, "-c", "listen_addresses=", "-c",
                "fsync=on", "-c", "synchronous_commit=on", "-c", "full_page_writes=on", "-c", "shared_buffers=256MB",
                "-c", "max_wal_size=4GB", "-c", "jit=off"},
               SIGQUIT,
               user}
{
}

std::string PostgresServer::connection() const
{
    return "host=" + directory_ + " user=bench dbname=postgres";
}

std::unique_ptr<PostgresServer> PostgresServer::start(const std::string& directory)
{
    const auto found = user_of_postgres();
    std::unique_ptr<PostgresServer> none;
    if (::access((postgres_programs + "postgres").c_str(), X_OK) != 0) {
        return leave_out_postgres("postgresql-15 is not installed"), std::move(none);
    }
    if (not found.is_there)
        return leave_out_postgres("there is no user postgres, and it refuses root"), std::move(none);
    if (not may_have_socket_in(directory)) {
        return leave_out_postgres("the path " + directory + " is too long for a socket"), std::move(none);
    }
    std::filesystem::create_directories(directory);
    if (found.user) {
        require(::chown(directory.c_str(), found.user->user, found.user->group) == 0, "a directory is given away");
    }
    if (not run_program({postgres_programs + "initdb", "-D", directory, "-U", "bench", "-A", "trust", "-E", "UTF8",
                         "--locale=C", "--no-instructions"},
                        found.user)) {
        return leave_out_postgres("initdb does not set up " + directory), std::move(none);
    }
    std::unique_ptr<PostgresServer> server{new PostgresServer{directory, found.user}};
    for (int tries = 0; tries < 500; ++tries) {
        if (PQping(server->connection().c_str()) == PQPING_OK) return server;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    require(false, "PostgreSQL starts within ten seconds");
    return none;
}

std::string_view PostgresAnswer::text(int row, int column) const
{
    return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::uint64_t PostgresAnswer::rows_changed() const
{
    return std::stoull(PQcmdTuples(result_.get()));
}

PostgresConnection::PostgresConnection(const PostgresServer& server)
    : connection_{PQconnectdb(server.connection().c_str())}
{
    require(PQstatus(connection_.get()) == CONNECTION_OK, PQerrorMessage(connection_.get()));
}

PostgresAnswer PostgresConnection::answered(PGresult* result) const
{
    PostgresAnswer answer{result};
    const auto status = PQresultStatus(result);
    require(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, PQerrorMessage(connection_.get()));
    return answer;
}

PostgresAnswer PostgresConnection::run(const char* sql) const
{
    return answered(PQexec(connection_.get(), sql));
}

void PostgresConnection::prepare(const char* name, const char* sql) const
{
    answered(PQprepare(connection_.get(), name, sql, 0, nullptr));
}

PostgresAnswer PostgresConnection::execute(const char* name, const std::vector<std::string>& values) const
{
    std::vector<const char*> texts;
    for (const auto& value : values) texts.push_back(value.c_str());
    return answered(
        PQexecPrepared(connection_.get(), name, static_cast<int>(texts.size()), texts.data(), nullptr, nullptr, 0));
}

} // namespace bench
