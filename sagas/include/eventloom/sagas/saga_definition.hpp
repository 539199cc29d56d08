// What a header says of a saga that one source defines (saga.hpp).
//
//     el::Saga fulfilment();
//
// Threads: a definition is constant.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace eventloom {

// How often a fault is tried, and the wait before the second try; each later wait is `factor` times the previous one. In a step; or
// beside the steps or handlers of a saga: for all that it sends and calls, unless the step has its own.
struct retry {
    unsigned times                       = 10;
    std::chrono::milliseconds first_wait = std::chrono::milliseconds{100};
    double factor                        = 2.0;
};

// How long a step may take in all, from the moment in which its work is first asked for, or in which it begins to wait. After that
// it has failed. Beside the steps: how long the whole saga may take.
struct deadline {
    std::chrono::milliseconds after{};
};

// Among the steps: from here on there is no way back. A step that fails is tried again, or waits for a person; nothing is undone.
struct no_return {};

// Where a saga begins that a store has not had before.
enum class SagaBegin : std::uint8_t {
    first_event, // with the first begin event of the log
    from_now,    // with the first one that is recorded after its first start
};
inline constexpr SagaBegin from_now = SagaBegin::from_now;

// Why a saga failed.
struct failure {
    std::string step;
    std::string code;
    std::string reason; // a sentence for people
};

struct SagaDefinition;
using Saga = std::shared_ptr<const SagaDefinition>;

} // namespace eventloom
