// A saga without its types, as the engine runs it. Only el::saga makes one.
//
//     el::Saga fulfilment();          // light enough for a header
//     sagas.add(fulfilment());
//
// Threads: a definition is constant.
#pragma once

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/recorded_event.hpp>
#include <eventloom/framework/result.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <typeindex>
#include <variant>
#include <vector>

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

// The state of an instance; its type is the saga's.
using SagaState = std::shared_ptr<const void>;

struct SendAction {
    std::string stream; // the receiver, to be shown
    std::function<result<void>(CommandBus& bus, const SendOptions& options)> send;
};

struct CallAction {
    std::type_index request_type;
    std::string_view name; // of the request, to be shown
    std::shared_ptr<const void> request;
};

using SagaAction   = std::variant<SendAction, CallAction>;
using DescribeWork = std::function<std::vector<SagaAction>(const SagaState&)>;

struct SagaStep {
    std::string name;
    DescribeWork act;
    DescribeWork undo; // empty when there is nothing to undo
    std::function<void(SagaState&, const std::shared_ptr<const void>& answer)> keep;
    eventloom::retry retry;
    std::optional<std::chrono::milliseconds> deadline;
};

struct SagaDefinition {
    std::string name;
    std::uint32_t version = 1;
    std::string begin_category;
    std::vector<std::string> begin_types;
    std::function<result<SagaState>(const RecordedEvent&)> begin; // nullptr: the event begins no instance
    std::vector<SagaStep> steps;
    std::function<std::vector<SagaAction>(const SagaState&, const failure&)> failed;
    std::function<void(const SagaState&, std::string& out)> encode;
    std::function<result<SagaState>(std::string_view)> decode;
    std::function<std::string(const SagaState&)> to_json;
    std::uint64_t shape = 0; // of the state (framework/shape.hpp)
};

using Saga = std::shared_ptr<const SagaDefinition>;

} // namespace eventloom
