#include "support/messages/waiting_jobs.hpp"

#include "support/measuring/measure.hpp"
#include "support/messages/measured_jobs.hpp"

#include <atomic>
#include <thread>

namespace bench {

namespace el = eventloom;

namespace {

constexpr unsigned priorities_of_jobs = 10;

unsigned priority_of(std::uint64_t number)
{
    return static_cast<unsigned>(number / 7 % priorities_of_jobs);
}

} // namespace

nlohmann::json enqueue_waiting_jobs(const std::string& directory, std::uint64_t jobs)
{
    JobMachine machine{directory, {.workers = 8}, [](const Task&, el::JobContext&) -> el::result<el::JobDone> {
                           require(false, "no job is worked on yet");
                           return el::job_done();
                       }};
    machine.start();
    require(machine.queues.pause(Tasks::queue, "they are to wait").has_value(), "the queue is paused");
    machine.settle();
    const auto later   = el::system_clock().now() + std::chrono::days{3};
    const auto seconds = seconds_of([&] {
        machine.enqueue_all(jobs, 1'024, [&](std::uint64_t number) {
            el::JobOptions options{.priority = priority_of(number)};
            if (number % 10 == 9) options.not_before = later + number * std::chrono::milliseconds{1};
            return options;
        });
    });
    machine.settle();
    require(machine.count(el::JobState::waiting) + machine.count(el::JobState::scheduled) == jobs, "all of them wait");
    return {{"seconds", seconds}};
}

nlohmann::json work_on_waiting_jobs(const std::string& directory, std::uint64_t jobs)
{
    constexpr std::chrono::seconds warms_up{2};
    constexpr std::chrono::seconds measured{5};
    std::atomic<std::uint64_t> begun{0};
    std::atomic<bool> is_over{false};
    JobMachine machine{directory, {.workers = 8}, [&](const Task& given, el::JobContext&) -> el::result<el::JobDone> {
                           if (is_over) return el::job_given_back();
                           ++begun;
                           return el::job_done().enqueue<Tasks>(task(given.number),
                                                                {.priority = priority_of(given.number)});
                       }};
    const auto to_start = seconds_of([&] {
        machine.start();
        const auto resumed = machine.queues.resume(Tasks::queue, "they have waited");
        require(resumed || resumed.error().code == "queue-not-paused", "the queue goes on");
        require(
            machine.executor.wait_until([&] { return begun > 0; }, el::system_clock().now() + std::chrono::minutes{5}),
            "a first job is begun");
    });
    std::this_thread::sleep_for(warms_up);
    const auto before  = begun.load();
    const auto seconds = seconds_of([&] { std::this_thread::sleep_for(measured); });
    const auto during  = begun.load() - before;
    is_over            = true;
    machine.queues.stop();
    require(machine.count(el::JobState::waiting) + machine.count(el::JobState::scheduled) == jobs,
            "as many wait as before");
    return {{"to_start", to_start}, {"rate", static_cast<double>(during) / seconds}};
}

} // namespace bench
