// One run of an exploration: the real engine with a store in memory, on virtual time, with a script of what goes otherwise.
//
//     const RunTrace trace = explored_run(plan, {{7, 4}});
//     if (trace.mistake) ...
//
// Threads: one.
#pragma once

#include <eventloom/sagas/explore.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// Where something else could have been than what is usual.
struct ExploredPoint {
    std::string what;
    std::vector<std::string_view> options; // the first is what is usual
    std::uint32_t chosen = 0;
};

struct CallMade {
    std::string name; // of the request
    std::string request;
    CallKey key;
    Position head    = 0; // of the log when it was made
    bool took_effect = false;
};

struct RunTrace {
    std::vector<ExploredPoint> points;
    std::vector<CallMade> calls;
    std::vector<Position> appends; // the last position of each
    std::vector<std::string> history;
    std::optional<std::string> mistake;
    std::uint64_t fingerprint = 0; // the same for runs that were the same to the last event, call and point
};

RunTrace explored_run(const detail::ExplorationPlan& plan, const std::vector<Deviation>& script);

// What the engine promises of the end of every run, as a sentence when it is broken. (explored_promises.cpp)
std::optional<std::string> broken_promise(const std::vector<Saga>& sagas, const RunTrace& trace, const Explored& run);

} // namespace eventloom
