// Defines sagas: work in several steps, each of which can be undone when a later one fails.
//
//     el::Saga fulfilment()
//     {
//         return el::saga<Fulfilment>("fulfilment", 1,
//             el::begins{[](const OrderId& order, const Placed& event) { return Fulfilment{order, event.lines, event.total}; }},
//             el::step("hold the goods",
//                 el::act{[](const Fulfilment& saga) { return el::send(warehouse, Reserve{saga.order, saga.lines}); }},
//                 el::undo{[](const Fulfilment& saga) { return el::send(warehouse, Release{saga.order}); }}),
//             el::step("take the money",
//                 el::act{[](const Fulfilment& saga) { return el::call(Charge{saga.order.value, saga.total}); }},
//                 el::keep{[](Fulfilment& saga, const Receipt& receipt) { saga.receipt = receipt.number; }},
//                 el::undo{[](const Fulfilment& saga) { return el::call(Refund{saga.order.value}); }},
//                 el::retry{.times = 5, .first_wait = 1s}, el::deadline{48h}),
//             el::failed{[](const Fulfilment& saga, const el::failure& why) { return el::send(saga.order, Cancel{why.reason}); }});
//     }
//
// A step's work is one el::send (a command to an aggregate), one el::call (a request to an activity, work outside the
// store), or a vector of sends. A refusal (and an invalid request) fails the step at once; any other error is retried as
// el::retry says. When a step fails, its own work is undone if it was done or may have been done (after a fault or a deadline);
// so an `undo` must be right also if `act` had no effect. Then all earlier steps are undone, the last first, and the work of
// `failed` is done. If an `undo` or `failed` cannot be done, the instance is stuck until `sagas retry`.
// Every command and call has an id made from the saga, its instance, the step, and whether it is done or undone, so sending it
// twice has one effect.
// Lambdas only describe work. They run again after a crash, so they must be pure. Include it in sources, not in headers.
#pragma once

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/value_codec.hpp>
#include <eventloom/sagas/saga_definition.hpp>

#include <memory>
#include <tuple>

namespace eventloom {

template <class State, class Command>
struct sent {
    id<State> to;
    Command command;
};

template <class Request>
struct called {
    Request request;
};

// A command to an aggregate that can decide it; anything else does not compile.
template <class State, decided_by<State> Command>
sent<State, Command> send(const id<State>& to, Command command)
{
    return {to, std::move(command)};
}

// A request to an activity: a plain struct that names the type of its answer.
template <class Request>
concept activity_request = requires
{
    typename Request::answer;
};

// Work outside the store. The activity may be called more than once, always with the same key; it must act only once.
template <activity_request Request>
called<Request> call(Request request)
{
    return {std::move(request)};
}

// clang-format off
template <class F> struct begins { F state; };
template <class F> struct act    { F work; };
template <class F> struct undo   { F work; };
template <class F> struct keep   { F note; };
template <class F> struct failed { F work; };

// GCC deduces these by itself; clang 16 does not.
template <class F> begins(F) -> begins<F>;
template <class F> act(F) -> act<F>;
template <class F> undo(F) -> undo<F>;
template <class F> keep(F) -> keep<F>;
template <class F> failed(F) -> failed<F>;
// clang-format on

template <class... Part>
struct step_parts {
    std::string name;
    std::tuple<Part...> parts;
};

template <class... Part>
step_parts<Part...> step(std::string name, Part... part)
{
    return {std::move(name), {std::move(part)...}};
}

namespace detail {

template <class T>
inline constexpr bool is_work = false;
template <class State, class Command>
inline constexpr bool is_work<sent<State, Command>> = true;
template <class Request>
inline constexpr bool is_work<called<Request>> = true;
template <class State, class Command>
inline constexpr bool is_work<std::vector<sent<State, Command>>> = true;

template <class State, class F>
consteval bool is_work_of()
{
    static_assert(std::is_invocable_v<const F&, const State&>, "this part of a step does not take the saga's state");
    if constexpr (std::is_invocable_v<const F&, const State&>) {
        static_assert(is_work<std::invoke_result_t<const F&, const State&>>,
                      "a step's work is el::send(...), el::call(...) or a vector of sends");
    }
    return true;
}

template <class State, class Command>
SagaAction action_of(sent<State, Command> work)
{
    return SendAction{work.to.stream(), [work](CommandBus& bus, const SendOptions& options) -> result<void> {
                          BOOST_OUTCOME_TRY(bus.send(work.to, work.command, options));
                          return done();
                      }};
}

template <class Request>
SagaAction action_of(called<Request> work)
{
    return CallAction{typeid(Request), struct_name<Request>(),
                      std::make_shared<const Request>(std::move(work.request))};
}

template <class Work>
std::vector<SagaAction> actions_of(Work work)
{
    return {action_of(std::move(work))};
}

template <class State, class Command>
std::vector<SagaAction> actions_of(std::vector<sent<State, Command>> work)
{
    std::vector<SagaAction> actions;
    for (auto& one : work) actions.push_back(action_of(std::move(one)));
    return actions;
}

template <class State, class F>
DescribeWork describe_with(F work)
{
    static_assert(is_work_of<State, F>());
    return [work](const SagaState& state) { return actions_of(work(*static_cast<const State*>(state.get()))); };
}

template <class Call>
struct begin_signature;
template <class F, class Answer, class Key, class Fact>
struct begin_signature<Answer (F::*)(const id<Key>&, const Fact&) const> {
    using key_of = Key;
    using fact   = Fact;
};

template <class Call>
struct keep_signature;
template <class F, class State, class Answer>
struct keep_signature<void (F::*)(State&, const Answer&) const> {
    using answer = Answer;
};

template <class State, class F>
void add_step_part(SagaStep& step, act<F> part)
{
    step.act = describe_with<State>(std::move(part.work));
}

template <class State, class F>
void add_step_part(SagaStep& step, undo<F> part)
{
    step.undo = describe_with<State>(std::move(part.work));
}

template <class State, class F>
void add_step_part(SagaStep& step, keep<F> part)
{
    using Answer = typename keep_signature<decltype(&F::operator())>::answer;
    step.keep    = [note = part.note](SagaState& state, const std::shared_ptr<const void>& answer) {
        auto next = std::make_shared<State>(*static_cast<const State*>(state.get()));
        note(*next, *static_cast<const Answer*>(answer.get()));
        state = std::move(next);
    };
}

template <class State>
void add_step_part(SagaStep& step, retry part)
{
    step.retry = part;
}

template <class State>
void add_step_part(SagaStep& step, deadline part)
{
    step.deadline = part.after;
}

// The type of the answer that the el::call of a step gets; void if it calls nothing.
template <class Work>
struct answer_to {
    using type = void;
};
template <class Request>
struct answer_to<called<Request>> {
    using type = typename Request::answer;
};
template <class State, class Part>
struct answer_of_part {
    using type = void;
};
template <class State, class F>
    requires std::is_invocable_v<const F&, const State&>
struct answer_of_part<State, act<F>> : answer_to<std::invoke_result_t<const F&, const State&>> {
};

template <class State, class Part, class... All>
inline constexpr bool keeps_an_answer = true;
template <class State, class F, class... All>
inline constexpr bool
    keeps_an_answer<State, keep<F>, All...> = (std::is_same_v<typename keep_signature<decltype(&F::operator())>::answer,
                                                              typename answer_of_part<State, All>::type> ||
                                               ...);

template <class State, class... Part>
void add_part(SagaDefinition& saga, step_parts<Part...> parts)
{
    static_assert((keeps_an_answer<State, Part, Part...> && ...),
                  "el::keep takes another type than the step's el::call answers, or the step calls nothing");
    SagaStep step;
    step.name = std::move(parts.name);
    std::apply([&](auto&... part) { (add_step_part<State>(step, std::move(part)), ...); }, parts.parts);
    ensure(step.act != nullptr, "a saga's step has no el::act");
    saga.steps.push_back(std::move(step));
}

template <class State, class F>
void add_part(SagaDefinition& saga, begins<F> part)
{
    using Signature = begin_signature<decltype(&F::operator())>;
    using Key       = typename Signature::key_of;
    using Fact      = typename Signature::fact;
    static_assert(event_of<Fact, Key>, "a saga begins with an event that is in its aggregate's event list");
    static_assert(has_category<Key>());
    saga.begin_category = Key::category;
    saga.begin_types    = names_that_may_stand_for<Key, Fact>();
    saga.begin          = [state = part.state](const RecordedEvent& event) -> result<SagaState> {
        SagaState begun;
        const auto take = [&]<class Given>(const Given& fact) {
            if constexpr (std::is_same_v<Given, Fact>) {
                if (not begun) begun = std::make_shared<const State>(state(id_of_stream<Key>(event.stream), fact));
            }
        };
        BOOST_OUTCOME_TRY(with_facts<Key>(event, Key::category, take));
        return begun;
    };
}

template <class State, class F>
void add_part(SagaDefinition& saga, failed<F> part)
{
    static_assert(std::is_invocable_v<const F&, const State&, const failure&>,
                  "el::failed takes the saga's state and an el::failure");
    saga.failed = [work = part.work](const SagaState& state, const failure& why) {
        return actions_of(work(*static_cast<const State*>(state.get()), why));
    };
}

} // namespace detail

// Never defined: the compiler's first error line shows its name. Keep the person's id, and look up the rest.
template <class State>
struct personal_fields_have_no_place_in_the_data_of_saga;

// Defines a saga. `name` is the category of its instances' streams: a word without a hyphen. When the steps change, raise the
// version and add both versions with Sagas::add: an instance finishes with the version it began with.
template <class State, class... Part>
Saga saga(std::string name, std::uint32_t version, Part... part)
{
    // The state is in the log, in the saga's own events, and nothing seals it there.
    if constexpr (detail::holds_personal<State>()) {
        static_cast<void>(sizeof(personal_fields_have_no_place_in_the_data_of_saga<State>));
    }
    auto definition     = std::make_shared<SagaDefinition>();
    definition->name    = std::move(name);
    definition->version = version;
    (detail::add_part<State>(*definition, std::move(part)), ...);
    ensure(definition->begin != nullptr, "a saga has no el::begins");
    ensure(not definition->steps.empty(), "a saga has no step");
    ensure(is_category(definition->name), "a saga's name is a category: a word without a hyphen");
    definition->encode = [](const SagaState& state, std::string& out) {
        codec<State>::encode(*static_cast<const State*>(state.get()), out);
    };
    definition->decode = [](std::string_view bytes) -> result<SagaState> {
        BOOST_OUTCOME_TRY(auto state, codec<State>::decode(bytes));
        return SagaState{std::make_shared<const State>(std::move(state))};
    };
    definition->shape   = codec<State>::shape().fingerprint;
    definition->to_json = [](const SagaState& state) {
        return codec<State>::to_json(*static_cast<const State*>(state.get()));
    };
    return definition;
}

} // namespace eventloom
