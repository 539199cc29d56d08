// A job table in PostgreSQL, as a good team writes it: many rows an insert, an index of those that wait, claims by SKIP LOCKED
// with a lease, completions of all that were claimed in one statement, and a connection for each worker.
#include "job_queues.hpp"
#include "postgres.hpp"

#include "support/measuring/measure.hpp"
#include "support/messages/measured_jobs.hpp"

#include <atomic>
#include <thread>

namespace bench {

namespace {

constexpr auto postgres_job_table =
    "CREATE TABLE jobs(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state smallint NOT NULL DEFAULT 0,"
    " priority smallint NOT NULL DEFAULT 5, worker integer, leased_until timestamptz,"
    " attempts integer NOT NULL DEFAULT 0, number bigint NOT NULL, payload text NOT NULL);"
    "CREATE INDEX waiting ON jobs(priority DESC, id) WHERE state = 0;"
    // A plan that was made while the table was empty would read all of it later.
    "ALTER DATABASE postgres SET enable_seqscan = off";

constexpr auto insert_postgres_jobs =
    "INSERT INTO jobs(number, payload) SELECT * FROM unnest($1::bigint[], $2::text[])";
constexpr auto claim_postgres_jobs =
    "WITH next AS MATERIALIZED"
    " (SELECT id FROM jobs WHERE state = 0 ORDER BY priority DESC, id LIMIT $2::bigint FOR UPDATE SKIP LOCKED)"
    " UPDATE jobs SET state = 1, worker = $1::integer, leased_until = now() + interval '30 s', attempts = attempts + 1"
    " FROM next WHERE jobs.id = next.id RETURNING jobs.id, jobs.payload";
constexpr auto complete_postgres_jobs = "UPDATE jobs SET state = 2, leased_until = NULL"
                                        " WHERE id = ANY($1::bigint[]) AND worker = $2::integer AND state = 1";

// "{1,2,3}"; what is in it needs no quotes.
class PostgresArray {
public:
    void add(std::string_view element) { text_.append(text_.size() > 1 ? "," : "").append(element); }
    std::string whole() const { return text_ + '}'; }

private:
    std::string text_ = "{";
};

class PostgresJobs final : public JobQueueYardstick {
public:
    PostgresJobs(std::unique_ptr<PostgresServer> server, std::uint64_t claimed_together)
        : claimed_together_{claimed_together}, server_{with_table(std::move(server))}, postgres_{*server_}
    {
        postgres_.prepare("insert", insert_postgres_jobs);
    }

    void enqueue(std::uint64_t jobs) override
    {
        const auto payload = task(0).note;
        for (std::uint64_t number = 0; number < jobs;) {
            const auto together = std::min(jobs_in_flight, jobs - number);
            PostgresArray numbers, payloads;
            for (std::uint64_t i = 0; i < together; ++i, ++number) {
                numbers.add(std::to_string(number));
                payloads.add(payload);
            }
            require(postgres_.execute("insert", {numbers.whole(), payloads.whole()}).rows_changed() == together,
                    "PostgreSQL takes each job");
        }
    }

    void enqueue_and_complete(std::uint64_t jobs) override
    {
        std::atomic<std::uint64_t> completed{0};
        std::vector<std::thread> workers;
        for (unsigned worker = 0; worker < job_workers; ++worker) {
            workers.emplace_back([&, name = std::to_string(worker)] {
                const PostgresConnection postgres{*server_};
                postgres.prepare("claim", claim_postgres_jobs);
                postgres.prepare("complete", complete_postgres_jobs);
                while (completed < jobs) {
                    const auto count = complete_some(postgres, name);
                    completed += count;
                    // Who finds nothing looks again soon, and leaves the server to the others meanwhile.
                    if (count == 0) std::this_thread::sleep_for(std::chrono::milliseconds{1});
                }
            });
        }
        enqueue(jobs);
        for (auto& worker : workers) worker.join();
        require(completed == jobs, "the workers of PostgreSQL complete each job once");
    }

    void clear() override { postgres_.run("TRUNCATE jobs"); }

private:
    // What is set for the database is for connections that begin after it.
    static std::unique_ptr<PostgresServer> with_table(std::unique_ptr<PostgresServer> server)
    {
        PostgresConnection{*server}.run(postgres_job_table);
        return server;
    }

    std::uint64_t complete_some(const PostgresConnection& postgres, const std::string& worker) const
    {
        const auto claimed = postgres.execute("claim", {worker, std::to_string(claimed_together_)});
        if (claimed.rows() == 0) return 0;
        PostgresArray ids;
        for (int row = 0; row < claimed.rows(); ++row) {
            require(claimed.text(row, 1).size() == note_of_task_bytes, "a job is whole");
            ids.add(claimed.text(row, 0));
        }
        const auto count = static_cast<std::uint64_t>(claimed.rows());
        require(count <= claimed_together_, "a worker is given no more than it asked for");
        require(postgres.execute("complete", {ids.whole(), worker}).rows_changed() == count,
                "a worker completes what it has claimed");
        return count;
    }

    const std::uint64_t claimed_together_;
    const std::unique_ptr<PostgresServer> server_;
    const PostgresConnection postgres_;
};

} // namespace

std::unique_ptr<JobQueueYardstick> open_postgres_jobs(const std::string& directory, std::uint64_t claimed_together)
{
    auto server = PostgresServer::start(directory);
    if (not server) return nullptr;
    return std::make_unique<PostgresJobs>(std::move(server), claimed_together);
}

} // namespace bench
