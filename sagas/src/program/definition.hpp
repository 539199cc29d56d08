// Runs the parts of a saga's definition, which know its types.
//
//     BOOST_OUTCOME_TRY(const auto state, decode_state(saga, bytes));
//     for (const SagaAction& action : work_of(saga.steps[0].act, state)) ...
//
// Threads: pure functions; what they call is the user's, and may throw.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/sagas/detail/definition.hpp>

#include <functional>
#include <variant>

namespace eventloom {

// A command, or a request to an activity. A saga's lambda has made the value.
struct SendAction {
    const detail::CommandType* type;
    std::string stream; // of the receiver
    std::shared_ptr<const void> command;
    // How it is kept, if el::actions has it. Nothing: it stands alone, or in a list of sends of one type.
    const detail::SentType* kept = nullptr;
};

struct CallAction {
    const std::type_info* type;
    std::string_view name;
    std::shared_ptr<const void> request;
    const detail::SentType* kept = nullptr;
};

// An instance of another saga, which is to be begun with these data, or undone.
struct RunAction {
    std::string saga;
    std::string key;
    const detail::SagaData* type;
    std::shared_ptr<const void> data;

    std::string stream() const { return saga + "-" + key; }
};

using SagaAction = std::variant<SendAction, CallAction, RunAction>;

// A timer that is set, or taken back.
struct TimerAction {
    const detail::InnerType* type;
    std::optional<std::string> bytes; // nothing: it is taken back
    Time at{};
    Duration after{};
};

// What a lambda has asked for. Only a handler may ask for more than actions.
class detail::SagaWork {
public:
    std::vector<SagaAction> actions;
    std::vector<TimerAction> timers;
    bool ends = false;
    std::optional<failure> fails; // with `ends`
};

// The data of an instance; their type is the saga's.
using SagaState = std::shared_ptr<const void>;

std::vector<SagaAction> work_of(const detail::SagaLambda<detail::DescribeWork>& describe, const SagaState& state);
std::vector<SagaAction> work_of(const detail::SagaLambda<detail::DescribeEnd>& describe, const SagaState& state,
                                const failure& why);

// The command or request with these bytes. Failure::invalid "unknown-command": this program sends no such type.
struct KeptBytes {
    std::string_view type;
    std::uint64_t shape = 0;
    std::string_view stream; // empty: it is a request
    std::string_view bytes;
};
result<SagaAction> kept_action(const KeptBytes& kept);

// The state with what el::keep makes of the answer.
SagaState state_with_answer(const SagaDefinition& saga, const SagaStep& step, const SagaState& state,
                            const void* answer);

// Gives what an event stands for to `take`: a struct of the type that is heard, or nothing when an upcast made something else of it.
// The errors of the codec.
using TakeHeard = std::function<void(const void* fact)>;
result<void> with_heard_fact(const detail::HeardEvent& heard, const RecordedEvent& event, const TakeHeard& take);

// The key of the instance that hears it; nothing when an upcast made something else of it.
result<std::optional<std::string>> key_of_heard(const detail::HeardEvent& heard, const RecordedEvent& event);

// Whether `heard` describes this event.
bool is_heard(const detail::HeardEvent& heard, const RecordedEvent& event);

// The events that begin an instance, and all that an instance hears.
std::vector<const detail::HeardEvent*> begin_events(const SagaDefinition& saga);
std::vector<const detail::HeardEvent*> heard_events(const SagaDefinition& saga);

struct Begun {
    std::string key;                          // of the instance: the event's own id when it has no other
    result<std::optional<std::string>> state; // nothing: what an upcast has made of the event begins no instance
};
// What the event begins. Failure::invalid "begin-event-without-id": no instance can be named after it; and errors of the codec.
Begun begin_by(const SagaDefinition& saga, const RecordedEvent& event);

void encode_state(const SagaDefinition& saga, const SagaState& state, std::string& out);
result<SagaState> decode_state(const SagaDefinition& saga, std::string_view bytes);
std::string state_as_json(const SagaDefinition& saga, const SagaState& state);

} // namespace eventloom
