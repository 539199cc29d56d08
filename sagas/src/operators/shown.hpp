// How an instance is shown to people.
//
//     SagaDetails details{.instance = shown_instance(key, stored, engine), .calls = shown_calls(key, stored, engine)};
//
// Threads: pure functions of what they are given, which may be the engine at a moment.
#pragma once

#include "engine/engine.hpp"

namespace eventloom {

// Steps side by side: "hold the room, charge".
std::string shown_steps(const std::vector<std::string>& steps);
// `due`: when it goes on by itself, as its row has it.
SagaInstance shown_instance(const InstanceKey& key, const instance::Instance& stored, std::optional<Time> due,
                            const SagaEngine& engine);
// What it has asked of activities and is not answered yet, and what is tried again later.
std::vector<ActivityCallState> shown_calls(const InstanceKey& key, const instance::Instance& stored,
                                           const SagaEngine& engine);
SagaHistoryEntry shown_entry(const RecordedEvent& event);

} // namespace eventloom
