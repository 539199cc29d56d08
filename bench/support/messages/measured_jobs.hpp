// The jobs that are measured, over a store on disk: a queue of small tasks, worked on by a handler that is given.
//
//     JobMachine machine{fresh_directory("jobs"), {.workers = 8}, [](const Task&, el::JobContext&) { return el::job_done(); }};
//     machine.start();
//     machine.enqueue_all(1'000, 1'024);
//     machine.require_all(el::JobState::completed, 1'000);
//
// Threads: as the parts that it is made of.
#pragma once

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/messaging/queues.hpp>

#include <functional>
#include <memory>
#include <string>

namespace bench {

inline constexpr std::size_t note_of_task_bytes = 120;

struct Task {
    std::uint64_t number = 0;
    std::string note;
};

struct Tasks {
    static constexpr auto queue = "tasks";
    using Jobs                  = eventloom::jobs<eventloom::job<"task", Task>>;
};

struct JobMachine {
    using Work = std::function<eventloom::result<eventloom::JobDone>(const Task&, eventloom::JobContext&)>;
    JobMachine(const std::string& directory, const eventloom::QueueOptions& options, Work work);

    void start();
    // Tasks 0 to `jobs` - 1, so many of them in flight. Returns when all are acknowledged.
    using OptionsOf = std::function<eventloom::JobOptions(std::uint64_t number)>;
    void enqueue_all(
        std::uint64_t jobs, std::uint64_t in_flight,
        const OptionsOf& options_of = [](std::uint64_t) { return eventloom::JobOptions{}; });
    void settle();
    std::uint64_t count(eventloom::JobState state) const;
    // There are so many jobs, all in this state.
    void require_all(eventloom::JobState state, std::uint64_t jobs) const;

    eventloom::SystemExecutor executor{{.threads = 2}}; // as many as a service has
    eventloom::Runtime runtime;
    const std::unique_ptr<eventloom::LevelDbStore> store;
    eventloom::CommandBus commands;
    eventloom::EventBus bus;
    eventloom::Queues queues;
};

Task task(std::uint64_t number);

} // namespace bench
