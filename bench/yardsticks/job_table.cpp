// A job table in SQLite, as a good developer writes it: an index of those that wait, claims by UPDATE ... RETURNING with a
// lease, one writer at a time without waiting in SQLite itself.
#include "job_queues.hpp"
#include "sqlite.hpp"

#include "support/messages/measured_jobs.hpp"

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace bench {

namespace {

constexpr auto job_table =
    "CREATE TABLE IF NOT EXISTS jobs(id INTEGER PRIMARY KEY, state INTEGER NOT NULL DEFAULT 0,"
    " priority INTEGER NOT NULL DEFAULT 5, worker INTEGER, leased_until INTEGER, attempts INTEGER"
    " NOT NULL DEFAULT 0, number INTEGER NOT NULL, payload TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS waiting ON jobs(priority DESC, id) WHERE state = 0;";

constexpr auto claim_jobs =
    "UPDATE jobs SET state = 1, worker = ?1, leased_until = unixepoch() + 30, attempts = attempts + 1 WHERE id IN"
    " (SELECT id FROM jobs WHERE state = 0 ORDER BY priority DESC, id LIMIT ?2) RETURNING id, payload";

class JobTable final : public JobQueueYardstick {
public:
    JobTable(const std::string& directory, std::uint64_t claimed_together)
        : claimed_together_{claimed_together}, database_{opened(directory)}, begin_{database_.get(), "BEGIN IMMEDIATE"},
          commit_{database_.get(), "COMMIT"},
          insert_{database_.get(), "INSERT INTO jobs(number, payload) VALUES(?1, ?2)"},
          claim_{database_.get(), claim_jobs},
          complete_{database_.get(),
                    "UPDATE jobs SET state = 2, leased_until = NULL WHERE id = ?1 AND worker = ?2 AND state = 1"}
    {
    }

    void enqueue(std::uint64_t jobs) override
    {
        const auto payload = task(0).note;
        for (std::uint64_t number = 0; number < jobs;) {
            const std::lock_guard lock{mutex_};
            begin_.step();
            for (std::uint64_t i = 0; i < jobs_in_flight && number < jobs; ++i, ++number) {
                insert_.bind(1, number);
                insert_.bind_text(2, payload);
                insert_.step();
            }
            commit_.step();
        }
    }

    void enqueue_and_complete(std::uint64_t jobs) override
    {
        std::atomic<std::uint64_t> completed{0};
        std::vector<std::thread> workers;
        for (unsigned worker = 0; worker < job_workers; ++worker) {
            workers.emplace_back([&, worker] {
                while (completed < jobs) {
                    const auto claimed = claim(worker);
                    if (claimed.empty()) {
                        std::this_thread::yield();
                        continue;
                    }
                    complete(worker, claimed);
                    completed += claimed.size();
                }
            });
        }
        enqueue(jobs);
        for (auto& worker : workers) worker.join();
        require(completed == jobs, "SQLite's workers complete each job once");
    }

    void clear() override { run_sqlite(database_, "DELETE FROM jobs"); }

private:
    static SqliteDatabase opened(const std::string& directory)
    {
        auto database = open_sqlite(directory + "/jobs.db");
        run_sqlite(database, sqlite_settings);
        run_sqlite(database, job_table);
        return database;
    }

    std::vector<std::uint64_t> claim(unsigned worker)
    {
        const std::lock_guard lock{mutex_};
        std::vector<std::uint64_t> claimed;
        claim_.bind(1, worker);
        claim_.bind(2, claimed_together_);
        while (claim_.step()) {
            require(claim_.bytes(1).size() == note_of_task_bytes, "a job is whole");
            claimed.push_back(claim_.number(0));
        }
        return claimed;
    }

    void complete(unsigned worker, const std::vector<std::uint64_t>& claimed)
    {
        const std::lock_guard lock{mutex_};
        begin_.step();
        for (const auto id : claimed) {
            complete_.bind(1, id);
            complete_.bind(2, worker);
            complete_.step();
            require(sqlite3_changes(database_.get()) == 1, "a worker completes what it has claimed");
        }
        commit_.step();
    }

    const std::uint64_t claimed_together_;
    const SqliteDatabase database_;
    std::mutex mutex_; // over the database
    const SqliteStatement begin_, commit_, insert_, claim_, complete_;
};

} // namespace

std::unique_ptr<JobQueueYardstick> open_sqlite_jobs(const std::string& directory, std::uint64_t claimed_together)
{
    return std::make_unique<JobTable>(directory, claimed_together);
}

} // namespace bench
