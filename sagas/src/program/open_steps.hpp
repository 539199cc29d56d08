// Which steps an instance is at, and which of them are to be undone. Threads: pure functions.
#pragma once

#include "program/program.hpp"

#include <cstdint>
#include <vector>

namespace eventloom {

bool is_open_step(const instance::Instance& instance, std::uint32_t place);

// The first open step, and those beside it that are open, too.
std::vector<std::uint32_t> open_steps(const SagaDefinition& saga, const instance::Instance& instance);
// Any of them but the one at `place`.
bool others_are_open(const SagaDefinition& saga, const instance::Instance& instance, std::uint32_t place);

// Of the open steps, those that may have acted.
std::vector<std::uint32_t> places_to_undo(const SagaDefinition& saga, const instance::Instance& instance,
                                          const Asked& asked);

// What a handler has asked to be sent, by this task; nullptr: it is none.
const instance::Outgoing* outgoing_of(const instance::Instance& instance, const Task& task);

} // namespace eventloom
