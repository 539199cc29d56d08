// Jobs in a stream of Redis with a consumer group: a worker reads a hundred, and acknowledges and deletes them together.
#include "job_queues.hpp"
#include "redis.hpp"

#include "support/measuring/measure.hpp"
#include "support/messages/measured_jobs.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace bench {

namespace {

class RedisJobs final : public JobQueueYardstick {
public:
    explicit RedisJobs(std::unique_ptr<RedisServer> server) : server_{std::move(server)}, redis_{server_->socket()}
    {
        redis_.ask({"XGROUP", "CREATE", "jobs", "workers", "$", "MKSTREAM"});
        redis_.answer();
    }

    void enqueue(std::uint64_t jobs) override
    {
        const auto payload = task(0).note;
        for (std::uint64_t number = 0; number < jobs;) {
            const auto together = std::min(jobs_in_flight, jobs - number);
            for (std::uint64_t i = 0; i < together; ++i, ++number) {
                redis_.ask({"XADD", "jobs", "*", "number", std::to_string(number), "payload", payload});
            }
            for (std::uint64_t i = 0; i < together; ++i) redis_.answer();
        }
    }

    void enqueue_and_complete(std::uint64_t jobs) override
    {
        std::atomic<std::uint64_t> completed{0};
        std::vector<std::thread> workers;
        for (unsigned worker = 0; worker < job_workers; ++worker) {
            workers.emplace_back([&, name = "worker-" + std::to_string(worker)] {
                RedisConnection redis{server_->socket()};
                while (completed < jobs) completed += complete_some(redis, name);
            });
        }
        enqueue(jobs);
        for (auto& worker : workers) worker.join();
        require(completed == jobs, "the workers of Redis complete each job once");
    }

    void clear() override
    {
        redis_.ask({"XTRIM", "jobs", "MAXLEN", "0"});
        redis_.answer();
    }

private:
    static std::uint64_t complete_some(RedisConnection& redis, const std::string& worker)
    {
        redis.ask({"XREADGROUP", "GROUP", "workers", worker, "COUNT", "100", "BLOCK", "20", "STREAMS", "jobs", ">"});
        const auto read = redis.answer();
        if (read.is_nothing) return 0;
        const auto& entries = read.parts.at(0).parts.at(1).parts;
        for (const auto& entry : entries) {
            const auto& id = entry.parts.at(0).text;
            require(entry.parts.at(1).parts.at(3).text.size() == note_of_task_bytes, "a job is whole");
            redis.ask({"XACK", "jobs", "workers", id});
            redis.ask({"XDEL", "jobs", id});
        }
        std::uint64_t completed = 0;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (redis.answer().text == "1") ++completed;
            redis.answer();
        }
        return completed;
    }

    const std::unique_ptr<RedisServer> server_;
    RedisConnection redis_;
};

} // namespace

std::unique_ptr<JobQueueYardstick> open_redis_jobs(const std::string& directory)
{
    auto server = RedisServer::start(directory);
    if (not server) {
        say("redis-server is not installed: Redis Streams are left out");
        return nullptr;
    }
    return std::make_unique<RedisJobs>(std::move(server));
}

} // namespace bench
