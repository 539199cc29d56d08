// The sagas that are measured, over a store on disk: jobs of four steps, and jobs that wait for a moment.
//
//     SagaMachine machine{fresh_directory("sagas"), four_steps()};
//     machine.start();
//     machine.begin_all(1'000, [](std::uint64_t) { return el::Time{}; });
//     machine.require_all(el::SagaStatus::completed, 1'000);
//
// Threads: as the parts that it is made of.
#pragma once

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/sagas/sagas.hpp>

#include <functional>
#include <memory>
#include <string>

namespace bench {

struct SagaMachine {
    using Called = std::function<void(std::uint64_t number)>;
    SagaMachine(
        const std::string& directory, eventloom::Saga saga, Called called = [](std::uint64_t) {});

    void start();
    // Appends the event that begins job `number`, without waiting for it.
    void begin(std::uint64_t number, eventloom::Time moment, eventloom::AppendCompletion done);
    // Jobs 0 to `jobs` - 1, at most 1,024 at once. Returns when every one has its instance and none can go on now.
    void begin_all(std::uint64_t jobs, const std::function<eventloom::Time(std::uint64_t)>& moment_of);
    // There are so many instances, all of this status.
    void require_all(eventloom::SagaStatus status, std::uint64_t jobs) const;
    std::uint64_t count_of(const std::string& type) const; // of events in the log

    eventloom::SystemExecutor executor{{.threads = 2}}; // as many as a service has
    eventloom::Runtime runtime;
    const std::unique_ptr<eventloom::LevelDbStore> store;
    eventloom::CommandBus commands;
    eventloom::EventBus bus;
    eventloom::Sagas sagas;
};

inline constexpr std::size_t note_bytes = 120; // of what a step writes

// Each step is a command to an aggregate of its own.
eventloom::Saga four_steps();
// Ends when its moment has come.
eventloom::Saga waits();
// Calls `called` with its number when its moment has come.
eventloom::Saga waits_and_calls();

// Nobody who measures waits longer.
eventloom::Time end_of_patience();

} // namespace bench
