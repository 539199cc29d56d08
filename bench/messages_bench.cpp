// How many jobs a second are enqueued, how many worked off, how soon is one begun, and what do a million cost that wait?
#include "benches.hpp"

#include "support/messages/measured_jobs.hpp"
#include "support/phases.hpp"
#include "yardsticks/job_queues.hpp"

#include <fmt/core.h>

#include <atomic>
#include <thread>

namespace bench {

namespace {

namespace el   = eventloom;
using JobClock = std::chrono::steady_clock;

el::result<el::JobDone> done_at_once(const Task& /*task*/, el::JobContext& /*job*/)
{
    return el::job_done();
}

// What others do with the same jobs; those that are not installed are left out, and that is said.
struct OtherQueue {
    std::string who;
    std::unique_ptr<JobQueueYardstick> queue;
    bool syncs_each_job = false;
};

class OtherQueues {
public:
    explicit OtherQueues(std::string name) : name_{std::move(name)} {}

    // Where a worker claims jobs, it claims so many together.
    void add_tables(const std::string& how, std::uint64_t claimed_together)
    {
        const bool syncs_each_job = claimed_together == 1;
        const auto directory_of   = [&](const std::string& who) {
            return fresh_directory(name_ + "-" + who + "-" + std::to_string(claimed_together));
        };
        add({"SQLite" + how, open_sqlite_jobs(directory_of("sqlite"), claimed_together), syncs_each_job});
        add({"PostgreSQL" + how, open_postgres_jobs(directory_of("postgres"), claimed_together), syncs_each_job});
    }
    void add_redis() { add({"Redis Streams", open_redis_jobs(fresh_directory(name_ + "-redis"))}); }

    const std::vector<OtherQueue>& all() const { return all_; }

private:
    void add(OtherQueue other)
    {
        if (other.queue) all_.push_back(std::move(other));
    }

    const std::string name_;
    std::vector<OtherQueue> all_;
};

void add_enqueueing(std::vector<Row>& rows, const Scale& scale)
{
    say("jobs enqueued");
    const auto jobs = scale.of(100'000, jobs_in_flight);
    JobMachine before{fresh_directory("jobs-before"), {.workers = job_workers}, done_at_once};
    JobMachine running{fresh_directory("jobs-running"), {.workers = job_workers}, done_at_once};
    running.start();
    require(running.queues.pause(Tasks::queue, "they are to wait").has_value(), "the queue is paused");
    running.settle();
    OtherQueues others{"jobs-enqueued"};
    others.add_tables("", 100); // how they are claimed makes no difference here
    others.add_redis();
    const auto enqueue = [jobs](JobMachine& machine) {
        machine.enqueue_all(jobs, jobs_in_flight);
        return jobs;
    };
    std::vector<Contender> contenders{{"Eventloom", [&] { return enqueue(running); }, [&] { running.settle(); }}};
    for (const auto& other : others.all()) {
        contenders.push_back({other.who,
                              [&queue = *other.queue, jobs] {
                                  queue.enqueue(jobs);
                                  return jobs;
                              },
                              [&queue = *other.queue] { queue.clear(); }});
    }
    const auto figures = measure_in_turns(scale.rounds, contenders);
    running.settle();
    require(running.count(el::JobState::waiting) == jobs * scale.rounds, "every job is there, once");
    const auto name = fmt::format("enqueue, {} in flight", jobs_in_flight);
    rows.push_back({.name = name, .unit = "jobs/s", .target = Target::at_least(100'000), .figures = {figures[0]}});
    rows.push_back({.name    = name + ", beside what others do",
                    .unit    = "jobs/s",
                    .target  = Target::times_the_better(1.5),
                    .figures = figures,
                    .note    = "the others are given a thousand jobs in one call"});
    rows.push_back({.name    = name + ", by a command that runs alone",
                    .unit    = "jobs/s",
                    .figures = measure_in_turns(scale.rounds, {{"Eventloom", [&] { return enqueue(before); }}}),
                    .note    = "no table of jobs follows"});
}

void add_working_off(std::vector<Row>& rows, const Scale& scale)
{
    say("jobs worked off");
    const auto jobs = scale.of(50'000, jobs_in_flight);
    JobMachine machine{fresh_directory("jobs-worked-off"), {.workers = job_workers}, done_at_once};
    machine.start();
    const auto work = [&] {
        machine.enqueue_all(jobs, jobs_in_flight);
        machine.settle();
        return jobs;
    };
    OtherQueues others{"jobs-worked-off"};
    others.add_tables(", one at a time", 1);
    others.add_tables(", a hundred at a time", 100);
    others.add_redis();
    std::vector<Contender> contenders{{"Eventloom", work}};
    for (const auto& other : others.all()) {
        // Two syncs a job: fewer jobs show as much.
        const auto share = other.syncs_each_job ? std::max<std::uint64_t>(jobs / 20, 100) : jobs;
        contenders.push_back({other.who,
                              [&queue = *other.queue, share] {
                                  queue.enqueue_and_complete(share);
                                  return share;
                              },
                              [&queue = *other.queue] { queue.clear(); }});
    }
    const auto figures = measure_in_turns(scale.rounds, contenders);
    machine.require_all(el::JobState::completed, jobs * scale.rounds);
    const auto name = fmt::format("enqueue, empty handler, completed; {} workers", job_workers);
    rows.push_back({.name = name, .unit = "jobs/s", .target = Target::at_least(40'000), .figures = {figures[0]}});
    rows.push_back({.name    = name + ", beside what others do",
                    .unit    = "jobs/s",
                    .target  = Target::times_the_better(2),
                    .figures = figures});
}

// In milliseconds: from the acknowledgement of a job to the beginning of its handler; half of them, and 99 in a hundred.
std::array<double, 2> beginnings(std::uint64_t jobs, std::uint64_t jobs_a_second)
{
    std::vector<JobClock::time_point> acknowledged(jobs);
    std::vector<JobClock::time_point> begun(jobs);
    std::atomic<std::uint64_t> answers{0};
    JobMachine machine{fresh_directory("jobs-begun"),
                       {.workers = job_workers},
                       [&](const Task& given, el::JobContext&) -> el::result<el::JobDone> {
                           begun[given.number] = JobClock::now();
                           return el::job_done();
                       }};
    machine.start();
    const auto first = JobClock::now();
    for (std::uint64_t i = 0; i < jobs; ++i) {
        std::this_thread::sleep_until(first + std::chrono::nanoseconds{i * 1'000'000'000 / jobs_a_second});
        machine.queues.enqueue<Tasks>(task(i), {}, [&, i](const el::result<el::EnqueuedJob>& enqueued) {
            require(enqueued.has_value(), "a job is acknowledged");
            acknowledged[i] = JobClock::now();
            if (++answers == jobs) machine.executor.wake();
        });
    }
    const auto patience = el::system_clock().now() + std::chrono::minutes{5};
    require(machine.executor.wait_until([&] { return answers == jobs; }, patience), "every job is acknowledged");
    machine.settle();
    machine.require_all(el::JobState::completed, jobs);
    std::vector<double> waits;
    for (std::uint64_t i = 0; i < jobs; ++i) {
        // A job that was begun before its caller was told did not wait.
        waits.push_back(std::max(0.0, std::chrono::duration<double, std::milli>(begun[i] - acknowledged[i]).count()));
    }
    std::sort(waits.begin(), waits.end());
    return {waits[waits.size() / 2], waits[waits.size() * 99 / 100]};
}

void add_beginnings(std::vector<Row>& rows, const Scale& scale)
{
    say("jobs, from enqueued to begun");
    std::array<std::vector<double>, 2> of_rounds;
    for (unsigned round = 0; round < scale.rounds; ++round) {
        const auto waits = beginnings(scale.of(5'000, 100), 1'000);
        for (std::size_t i = 0; i < waits.size(); ++i) of_rounds[i].push_back(waits[i]);
    }
    const std::array<std::pair<std::string, double>, 2> parts{{{"p50", 1}, {"p99", 10}}};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        rows.push_back({.name    = "acknowledged to begun at 1000/s, " + parts[i].first,
                        .unit    = "ms",
                        .target  = Target::at_most(parts[i].second),
                        .figures = {{"Eventloom", spread_of(of_rounds[i])}}});
    }
}

struct WaitingJobs {
    std::vector<double> rates;
    PhaseReport last;
    PhaseReport enqueued;
};

WaitingJobs work_among(std::uint64_t jobs, unsigned rounds)
{
    say(fmt::format("{} jobs that wait", jobs));
    const auto directory = fresh_directory("jobs-waiting");
    auto enqueued        = run_phase("enqueue-jobs", directory, jobs);
    auto last            = run_phase("work-on-jobs", directory, jobs);
    std::vector<double> rates{last.at("rate")};
    while (rates.size() < rounds) {
        last = run_phase("work-on-jobs", directory, jobs);
        rates.push_back(last.at("rate"));
    }
    remove_directory(directory);
    return {rates, last, enqueued};
}

void add_waiting_jobs(std::vector<Row>& rows, const Scale& scale)
{
    const auto jobs   = scale.of(1'000'000, 1'000);
    const auto rounds = std::min(scale.rounds, 3u);
    const auto few    = work_among(1'000, rounds);
    const auto many   = work_among(jobs, rounds);
    const auto name   = fmt::format("{} jobs wait: ", jobs);
    rows.push_back({.name    = name + "jobs a second, each of which enqueues another",
                    .unit    = "jobs/s",
                    .target  = Target::times_the_better(0.8),
                    .figures = {{"Eventloom", spread_of(many.rates)}, {"1000 wait", spread_of(few.rates)}}});
    const auto add = [&](const std::string& what, const std::string& unit, double value, std::optional<Target> target) {
        rows.push_back({.name = name + what, .unit = unit, .target = target, .figures = {once("Eventloom", value)}});
    };
    add("peak memory of a process that works on them", "MiB", many.last.at("peak_mib"), Target::at_most(256));
    add("peak memory while they are enqueued", "MiB", many.enqueued.at("peak_mib"), std::nullopt);
    add("start to first job", "s", many.last.at("to_start"), std::nullopt);
    add("enqueued", "jobs/s", static_cast<double>(jobs) / many.enqueued.at("seconds"), std::nullopt);
}

} // namespace

std::vector<Row> measure_messages(const Scale& scale)
{
    std::vector<Row> rows;
    add_enqueueing(rows, scale);
    add_working_off(rows, scale);
    add_beginnings(rows, scale);
    add_waiting_jobs(rows, scale);
    return rows;
}

} // namespace bench
