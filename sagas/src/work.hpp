// What the engine has in hand of one instance: a piece of work, and how far it has come.
#pragma once

#include "definition.hpp"
#include "engine.hpp"

namespace eventloom {

// Between two attempts at the same work.
constexpr Duration longest_wait = std::chrono::hours{1};

struct SagaEngine::Work {
    enum class Direction : std::uint8_t { act, undo, fail };

    InstanceKey key;
    instance::Instance instance;
    Saga saga;
    SagaState state;
    Direction direction = Direction::act;
    std::uint32_t index = 0; // of the step; meaningless when direction is fail
    std::string step;        // its name
    eventloom::retry retry;
    std::optional<Time> deadline;
    std::vector<SagaAction> actions;
    std::size_t done = 0;              // actions that took effect
    std::atomic<bool> answered{false}; // an outstanding call has come to its end, one way or the other

    // The same words for the same work, before and after a crash.
    Uuid id_of(std::size_t action) const;
    SendOptions options_of(std::size_t action) const;
};

} // namespace eventloom
