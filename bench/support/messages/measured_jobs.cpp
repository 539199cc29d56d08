#include "support/messages/measured_jobs.hpp"

#include "support/measuring/measure.hpp"
#include "support/sagas/measured_sagas.hpp"

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/storage/system_files.hpp>

#include <condition_variable>
#include <mutex>

namespace bench {

namespace el = eventloom;

namespace {

std::unique_ptr<el::LevelDbStore> opened_for_jobs(const el::Runtime& runtime, const std::string& directory)
{
    auto store = el::LevelDbStore::open(runtime, {.directory = directory});
    require(store.has_value(), "the store opens");
    return std::move(store.value());
}

} // namespace

Task task(std::uint64_t number)
{
    return {number, std::string(note_of_task_bytes, 't')};
}

JobMachine::JobMachine(const std::string& directory, const el::QueueOptions& options, Work work)
    : runtime{el::system_clock(), executor, el::system_ids(), el::system_files()},
      store{opened_for_jobs(runtime, directory + "/log")}, commands{runtime, *store}, bus{runtime, *store},
      queues{runtime, *store, commands, bus, directory + "/queues"}
{
    queues.add<Tasks>(options,
                      [work = std::move(work)](const Task& task, el::JobContext& job) -> el::result<el::JobDone> {
                          return work(task, job);
                      });
}

void JobMachine::start()
{
    require(queues.start().has_value(), "the queues start");
}

void JobMachine::enqueue_all(std::uint64_t jobs, std::uint64_t in_flight, const OptionsOf& options_of)
{
    std::mutex mutex;
    std::condition_variable answered;
    std::uint64_t under_way = 0;
    for (std::uint64_t number = 0; number < jobs; ++number) {
        {
            std::unique_lock lock{mutex};
            answered.wait(lock, [&] { return under_way < in_flight; });
            ++under_way;
        }
        queues.enqueue<Tasks>(task(number), options_of(number), [&](const el::result<el::EnqueuedJob>& enqueued) {
            require(enqueued.has_value(), "a job is acknowledged");
            const std::lock_guard lock{mutex};
            // Woken when there is room for many: one by one the two threads would do nothing but wake each other.
            if (--under_way == in_flight / 2 || under_way == 0) answered.notify_one();
        });
    }
    std::unique_lock lock{mutex};
    answered.wait(lock, [&] { return under_way == 0; });
}

void JobMachine::settle()
{
    require(queues.settle(end_of_patience()), "no job can go on");
}

std::uint64_t JobMachine::count(el::JobState state) const
{
    const auto listed = queues.list_queues();
    require(listed.has_value(), "the queues are listed");
    for (const auto& queue : listed.value()) {
        const auto found = queue.jobs.find(state);
        if (queue.name == Tasks::queue && found != queue.jobs.end()) return found->second;
    }
    return 0;
}

void JobMachine::require_all(el::JobState state, std::uint64_t jobs) const
{
    const auto listed = queues.list_queues();
    require(listed.has_value() && listed.value().size() == 1, "there is one queue");
    std::string found;
    for (const auto& [each, number] : listed.value()[0].jobs) {
        found += " " + std::to_string(number) + " " + std::string{to_string(each)};
    }
    require(listed.value()[0].jobs == std::map<el::JobState, std::uint64_t>{{state, jobs}},
            "all " + std::to_string(jobs) + " jobs are alike:" + found);
}

} // namespace bench

template const eventloom::EventTypes& eventloom::event_types<bench::Tasks::Jobs>();
