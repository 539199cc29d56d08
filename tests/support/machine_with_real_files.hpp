// A machine whose clock, threads and ids are simulated from a seed; its files are real.
//
//     SimulatedMachine machine;
//     store->append(to("order-1", ExpectedVersion::no_stream(), {machine.event("placed")}));
//
// Threads: as the simulated executor, one.
#pragma once

#include "support/every_store.hpp"

#include <eventloom/storage/system_files.hpp>

namespace eventloom::testing {

struct SimulatedMachine {
    SimulatedMachine() = default;
    explicit SimulatedMachine(std::uint64_t seed) : simulated{seed} {}

    SimulatedExecutor simulated{1};
    Runtime runtime{simulated, simulated, simulated, system_files()};

    NewEvent event(std::string text = "x", std::string type = "noted")
    {
        return note_of(runtime, std::move(text), std::move(type));
    }
};

} // namespace eventloom::testing
