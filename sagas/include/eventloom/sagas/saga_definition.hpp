// What a header says of a saga that one source defines (saga.hpp).
//
//     el::Saga fulfilment();
//
// Threads: a definition is constant.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace eventloom {

// How often a fault is tried, and the wait before the second try; each later wait is `factor` times the previous one.
struct retry {
    unsigned times                       = 10;
    std::chrono::milliseconds first_wait = std::chrono::milliseconds{100};
    double factor                        = 2.0;
};

// How long a step may take in all, from its beginning. After that it has failed.
struct deadline {
    std::chrono::milliseconds after{};
};

// Why a saga failed.
struct failure {
    std::string step;
    std::string code;
    std::string reason; // a sentence for people
};

struct SagaDefinition;
using Saga = std::shared_ptr<const SagaDefinition>;

} // namespace eventloom
