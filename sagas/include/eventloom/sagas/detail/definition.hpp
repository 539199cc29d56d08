// What el::saga makes of its parts: a definition that compiled code runs. It knows the saga's data, lambdas, events, commands and
// requests by descriptions and function pointers, so that less has to be compiled in each source with a saga.
//
//     auto saga = new_saga("fulfilment", 1, saga_data<Fulfilment>);
//     auto step = new_step("hold the goods");
//     add_step(*saga, std::move(step));
//     return finished(std::move(saga));
//
// For saga.hpp. Threads: values.
#pragma once

#include <eventloom/framework/event.hpp>
#include <eventloom/framework/recorded_event.hpp>
#include <eventloom/framework/time.hpp>
#include <eventloom/sagas/saga_definition.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

namespace eventloom {

// What becomes of an event of an instance that is not there, or has ended. It is counted in any case (Sagas::unheard).
enum class Unheard : std::uint8_t {
    passed_over,
    parked, // recorded, for a person (Sagas::parked)
};
inline constexpr Unheard parks_unheard = Unheard::parked;

namespace detail {

struct Description;
struct CommandType;

// The type of a saga's data.
struct SagaData {
    const Description* description;
    std::string_view name; // of the struct
    std::shared_ptr<void> (*make)();
    std::shared_ptr<void> (*copy)(const void* data);
};

// Owns a value that `new` has made.
using Destroy = void(void* value);
std::shared_ptr<void> own(void* value, Destroy* destroy);

template <class T>
void destroy(void* value)
{
    delete static_cast<T*>(value);
}
template <class T>
std::shared_ptr<void> own(T* value)
{
    return own(value, &destroy<T>);
}

// What a step asks for: commands in their order, or one request to an activity. `new` has made the values.
class SagaWork;
void add_command(SagaWork& work, const CommandType& type, std::string_view stream, void* command, Destroy* destroy);
void add_command(SagaWork& work, const CommandType& type, std::string_view category, std::string_view id, void* command,
                 Destroy* destroy);
void add_request(SagaWork& work, const std::type_info& type, std::string_view name, void* request, Destroy* destroy);
void add_run(SagaWork& work, std::string saga, std::string key, const SagaData& type, void* data, Destroy* destroy);

// A command or a request that an instance keeps until it has been carried out: its type by name, and how to read it.
struct SentType {
    std::string_view name; // of the struct, with its namespaces
    std::string_view short_name;
    const Description* description;
    std::shared_ptr<void> (*make)();
    const CommandType* command    = nullptr; // one of the two
    const std::type_info* request = nullptr;
    const std::type_info* answer  = nullptr; // to the request
};
// Before main begins, wherever a source sends it.
bool add_sent_type(const SentType& type);
const SentType* find_sent_type(std::string_view name);

void add_command(SagaWork& work, const SentType& type, std::string stream, void* command, Destroy* destroy);
void add_request(SagaWork& work, const SentType& type, void* request, Destroy* destroy);

// A timer, or the answer to a call: what a handler hears beside events.
struct InnerType {
    std::string_view name; // of the struct, with its namespaces
    std::string_view short_name;
    const std::type_info* type;
    const Description* description;
    std::shared_ptr<void> (*make)();
};
void add_wake(SagaWork& work, const InnerType& type, Time at, Duration after, const void* timer);
void take_back(SagaWork& work, const InnerType& type);
void end(SagaWork& work);
void end(SagaWork& work, std::string_view code, std::string_view reason);

// A lambda of the saga's author, with the code that knows its type and calls it.
template <class Call>
struct SagaLambda {
    std::shared_ptr<const void> held;
    Call* call = nullptr;

    explicit operator bool() const { return call != nullptr; }
};

using BeginData    = std::shared_ptr<void>(const void* lambda, std::string key, const void* fact);
using DescribeWork = void(const void* lambda, const void* data, SagaWork& work);
using KeepAnswer   = void(const void* lambda, void* data, const void* answer);
using DescribeEnd  = void(const void* lambda, const void* data, const failure& why, SagaWork& work);
using Handle       = void(const void* lambda, void* data, const std::string& key, const void* fact, SagaWork& work);
using AskIf        = bool(const void* lambda, const void* data);
using AskTime      = Time(const void* lambda, const void* data);

// One event of a list that a saga hears, and of which instance it is.
struct HeardEvent {
    std::string_view source;                // whose list it is
    std::string_view category;              // of the streams in which it is; empty: it is in any stream
    const EventTypes& (*types)() = nullptr; // the list
    std::span<const std::string_view> ignored;
    std::size_t place = 0;                          // in the list
    std::span<const std::string_view> names;        // stored names of events that may stand for it
    std::string (*key)(const void* fact) = nullptr; // nullptr: the id in the name of its stream
    bool may_be_of_none                  = false;   // an empty key says that it is of no instance
};

} // namespace detail

// Does work (act), waits for an event (awaits), or waits for a time (until): one of the three.
struct SagaStep {
    std::string name;
    std::uint32_t group = 0; // steps side by side have the same number
    detail::SagaLambda<detail::DescribeWork> act;
    const detail::HeardEvent* awaits = nullptr;
    detail::SagaLambda<detail::AskTime> until;
    detail::SagaLambda<detail::AskIf> when;        // empty: always
    detail::SagaLambda<detail::DescribeWork> undo; // empty when there is nothing to undo
    detail::SagaLambda<detail::KeepAnswer> keep;   // of the answer, or of the event that it waits for
    const std::type_info* request = nullptr;       // that `act` calls an activity with, if it always does
    std::string_view request_name;
    bool runs_saga                     = false; // `act` runs another saga
    const std::type_info* undo_request = nullptr;
    std::string_view undo_request_name;
    std::optional<eventloom::retry> retry; // nothing: that of the saga
    std::optional<std::chrono::milliseconds> deadline;
};

// Of a saga that the world decides the order of.
struct SagaHandler {
    const detail::HeardEvent* event = nullptr; // one of the two
    const detail::InnerType* inner  = nullptr;
    bool begins                     = false; // an instance, if there is none
    detail::SagaLambda<detail::Handle> handle;
};

// Has steps, or handlers.
struct SagaDefinition {
    std::string name;
    std::uint32_t version                 = 1;
    const detail::SagaData* data          = nullptr;
    const detail::HeardEvent* begin_event = nullptr;
    detail::SagaLambda<detail::BeginData> begin;
    bool begins_when_run  = false; // by another saga; then it needs no event that begins it
    SagaBegin begins_with = SagaBegin::first_event;
    std::vector<SagaStep> steps;
    // The steps from this one on are not undone, and what precedes them is not undone either once they have begun.
    std::uint32_t no_return = std::numeric_limits<std::uint32_t>::max();
    std::vector<const detail::HeardEvent*> cancelled_by;
    std::optional<std::chrono::milliseconds> deadline; // of the whole
    eventloom::retry retry;                            // of what has none of its own
    detail::SagaLambda<detail::DescribeEnd> failed;
    std::vector<SagaHandler> handlers;
    Unheard unheard     = Unheard::passed_over;
    std::uint64_t shape = 0; // of the data (framework/shape.hpp)
    std::uint64_t form  = 0; // of the steps: their names, kinds and order
};

namespace detail {

// What is being made.
struct DropStep {
    void operator()(SagaStep* step) const;
};
using NewStep = std::unique_ptr<SagaStep, DropStep>;
struct DropDefinition {
    void operator()(SagaDefinition* definition) const;
};
using NewSaga = std::unique_ptr<SagaDefinition, DropDefinition>;

NewStep new_step(std::string_view name);
NewSaga new_saga(std::string_view name, std::uint32_t version, const SagaData& data);
void add_step(SagaDefinition& saga, NewStep step);
// Those that were added since there were `first` steps are taken side by side.
void join_steps(SagaDefinition& saga, std::size_t first);
void hold(std::shared_ptr<const void>& place, void* lambda, Destroy* destroy);
// Sees that it is complete.
Saga finished(NewSaga saga);

} // namespace detail

} // namespace eventloom
