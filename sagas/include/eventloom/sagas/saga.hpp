// Defines sagas: work in several steps that may wait for days, and each of which can be undone when a later one fails.
//
//     el::Saga fulfilment()
//     {
//         return el::saga<Fulfilment>("fulfilment", 1,
//             el::begins{[](const OrderId& order, const Placed& event) { return Fulfilment{order, event.lines, event.total}; }},
//             el::cancelled_by<Withdrawn>{},
//             el::together(
//                 el::step("hold the goods",
//                     el::act{[](const Fulfilment& saga) { return el::send(warehouse, Reserve{saga.order, saga.lines}); }},
//                     el::undo{[](const Fulfilment& saga) { return el::send(warehouse, Release{saga.order}); }}),
//                 el::step("approval", el::when{[](const Fulfilment& saga) { return saga.total > limit; }},
//                     el::await<Approved>{}, el::deadline{48h})),
//             el::step("take the money",
//                 el::act{[](const Fulfilment& saga) { return el::call(Charge{saga.order.value, saga.total}); }},
//                 el::keep{[](Fulfilment& saga, const Receipt& receipt) { saga.receipt = receipt.number; }},
//                 el::undo{[](const Fulfilment& saga) { return el::call(Refund{saga.order.value}); }},
//                 el::retry{.times = 5, .first_wait = 1s}, el::deadline{48h}),
//             el::no_return{},
//             el::step("the day", el::until{[](const Fulfilment& saga) { return saga.day; }}),
//             el::step("send it", el::act{[](const Fulfilment& saga) { return el::send(saga.order, Dispatch{}); }}),
//             el::failed{[](const Fulfilment& saga, const el::failure& why) { return el::send(saga.order, Cancel{why.reason}); }});
//     }
//
// `begins` hears an event of the aggregate whose id its lambda takes; the instance has the id of the event's stream. With
// el::from<Courses>() before the lambda it hears an event of that context of decisions (or aggregate), and the instance has the id
// that is a member of the event. el::from_now beside the steps: not the events that were there before the saga's first start.
// A step does work (`act`), waits for an event (`await`) or for a time (`until`). An event is of the instance's own aggregate; of
// another one (el::await<Delivered, Parcel>) it has a member of the id's type. `keep` takes the answer of its step's el::call, or
// the event. `when`: the step is left out unless it is true.
// A step's work is one el::send (a command to an aggregate; el::send<Courses>(command): one that is decided within a context),
// one el::call (a request to an activity, work outside the store), a vector of sends, which are on their way together, or
// el::actions, sends of several types, one after the other. A refusal (and an invalid request) fails the step at once; any other
// error is retried as el::retry says, in the step or beside the steps. When a step fails, its own work is undone if it was done or
// may have been done (after a fault or a deadline); so an `undo` must be right also if `act` had no effect. Then all earlier steps
// are undone, the last first, and the work of `failed` is done. The same when the saga is cancelled, by an event or a person. If an
// `undo` or `failed` cannot be done, or a step after `no_return`, the instance is stuck until `sagas retry`.
// Every command and call has an id made from the saga, its instance, the step, and whether it is done or undone, so sending it
// twice has one effect. The last command of a step and the end of the step are one append.
// Lambdas only describe work. They run again after a crash, so they must be pure. Include it in sources, not in headers.
#pragma once

#include <eventloom/framework/detail/command_type.hpp>
#include <eventloom/framework/detail/description.hpp>
#include <eventloom/sagas/detail/definition.hpp>
#include <eventloom/sagas/detail/kept_work.hpp>
#include <eventloom/sagas/detail/saga_checks.hpp>

#include <utility>

namespace eventloom {

// A command to an aggregate that can decide it; anything else does not compile.
template <class State, decided_by<State> Command>
sent<State, Command> send(const id<State>& to, Command command)
{
    return {to, std::move(command)};
}

// A command that is decided within the boundary that it draws: el::send<Courses>(Subscribe{"ada", "c1"}).
template <detail::a_context Context, class Command>
sent_within<Context, Command> send(Command command)
{
    return {std::move(command)};
}

// Work outside the store. The activity may be called more than once, always with the same key; it must act only once.
template <activity_request Request>
called<Request> call(Request request)
{
    return {std::move(request)};
}

// Another saga: the step is done when that instance is completed, and has failed when it was undone. When the step is undone, or its
// saga cancelled meanwhile, that instance is undone, too. el::keep gets the data that it has at its end. It begins with `data`, and
// needs no event: its definition has el::begins_when_run<OrderId>{}, or its own el::begins besides.
//
//     el::step("ship it", el::act{[](const Order& saga) { return el::run("shipping", saga.order, Shipping{saga.order}); }},
//              el::keep{[](Order& saga, const Shipping& child) { saga.parcel = child.parcel; }})
template <class Owner, class Data>
ran<Data> run(std::string_view saga, const id<Owner>& key, Data data)
{
    return {std::string{saga}, key.value, std::move(data)};
}

template <class... Part>
step_parts<Part...> step(std::string_view name, Part... part)
{
    return {std::move(part)..., detail::new_step(name)};
}

// Steps that are taken side by side. All of them are done before the next one begins.
template <class... Part>
together_parts<Part...> together(Part... step)
{
    return {{std::move(step)...}};
}

// Below, code that runs once in a while is kept small ([[gnu::cold]]): then it compiles fast.
namespace detail {

// ---- what a step asks for

template <class State>
inline constexpr SagaData saga_data{
    .description = &description_of<State>,
    .name        = struct_name<State>(),
    .make        = [] { return own(new State{}); },
    .copy        = [](const void* data) { return own(new State(*static_cast<const State*>(data))); }};

template <class State, class Command>
[[gnu::cold]] void add_work(SagaWork& work, sent<State, Command>&& one)
{
    add_command(work, command_type<State, Command>, State::category, one.to.value, new Command(std::move(one.command)),
                &destroy<Command>);
}

template <class Context, class Command>
[[gnu::cold]] void add_work(SagaWork& work, sent_within<Context, Command>&& one)
{
    add_command(work, CommandWithin<Context, Command>::type, Context::stream, new Command(std::move(one.command)),
                &destroy<Command>);
}

template <class Request>
[[gnu::cold]] void add_work(SagaWork& work, called<Request>&& one)
{
    add_request(work, typeid(Request), struct_name<Request>(), new Request(std::move(one.request)), &destroy<Request>);
}

template <class Data>
[[gnu::cold]] void add_work(SagaWork& work, ran<Data>&& one)
{
    add_run(work, std::move(one.saga), std::move(one.key), saga_data<Data>, new Data(std::move(one.data)),
            &destroy<Data>);
}

template <class One>
[[gnu::cold]] void add_work(SagaWork& work, std::vector<One>&& several)
{
    for (One& one : several) add_work(work, std::move(one));
}

inline void add_work(SagaWork& work, actions&& several)
{
    several.put_into(work);
}

// ---- the lambdas

template <class State, class F>
[[gnu::cold]] void describe(const void* lambda, const void* data, SagaWork& work)
{
    add_work(work, (*static_cast<const F*>(lambda))(*static_cast<const State*>(data)));
}

template <class State, class F>
[[gnu::cold]] void describe_end(const void* lambda, const void* data, const failure& why, SagaWork& work)
{
    add_work(work, (*static_cast<const F*>(lambda))(*static_cast<const State*>(data), why));
}

template <class State, class F>
[[gnu::cold]] bool ask_if(const void* lambda, const void* data)
{
    return (*static_cast<const F*>(lambda))(*static_cast<const State*>(data));
}

template <class State, class F>
[[gnu::cold]] Time ask_time(const void* lambda, const void* data)
{
    return (*static_cast<const F*>(lambda))(*static_cast<const State*>(data));
}

template <class State, class F>
[[gnu::cold]] void keep_answer(const void* lambda, void* data, const void* answer)
{
    using Answer = answer_kept<F>;
    (*static_cast<const F*>(lambda))(*static_cast<State*>(data), *static_cast<const Answer*>(answer));
}

template <class State, class Key, class Fact, class F>
[[gnu::cold]] std::shared_ptr<void> begin_data(const void* lambda, std::string key, const void* fact)
{
    return own(new State((*static_cast<const F*>(lambda))(id<Key>{std::move(key)}, *static_cast<const Fact*>(fact))));
}

// ---- putting the parts together

template <class Call, class F>
[[gnu::cold]] void set(SagaLambda<Call>& lambda, Call& call, F&& given)
{
    hold(lambda.held, new F(std::move(given)), &destroy<F>);
    lambda.call = &call;
}

template <class Owner, class Key, class Fact, bool has_key_in_event>
consteval HeardEvent describe_heard()
{
    HeardEvent heard;
    heard.source = struct_name<Owner>();
    if constexpr (not reads_by_tags<Owner>()) heard.category = Owner::category;
    heard.types   = &event_types<Owner>;
    heard.ignored = names_ignored_by<Owner>();
    heard.place   = Owner::Events::template index_of<Fact>;
    heard.names   = names_standing_for<Owner, Fact>();
    if constexpr (has_key_in_event) {
        heard.key = [](const void* fact) { return member_of<id<Key>>(*static_cast<const Fact*>(fact)).value; };
    }
    return heard;
}
template <class Owner, class Key, class Fact, bool has_key_in_event>
inline constexpr HeardEvent heard_event = describe_heard<Owner, Key, Fact, has_key_in_event>();

template <class Key, class Fact, class Source>
consteval const HeardEvent* heard_later()
{
    using Heard = heard_of<Key, Fact, Source>;
    return &heard_event<typename Heard::owner, Key, Fact, not Heard::is_of_own_stream>;
}

// An activity that a step always asks is known before it is asked.
template <class Work>
void note_request(const std::type_info*&, std::string_view&, std::type_identity<Work>)
{
}
template <class Request>
void note_request(const std::type_info*& type, std::string_view& name, std::type_identity<called<Request>>)
{
    type = &typeid(Request);
    name = struct_name<Request>();
}

template <class Key, class State, class F>
void add_step_part(SagaStep& step, act<F>& part)
{
    set(step.act, describe<State, F>, std::move(part.work));
    step.runs_saga = runs_saga<F, State>;
    note_request(step.request, step.request_name, std::type_identity<std::invoke_result_t<const F&, const State&>>{});
}

template <class Key, class State, class F>
void add_step_part(SagaStep& step, undo<F>& part)
{
    set(step.undo, describe<State, F>, std::move(part.work));
    note_request(step.undo_request, step.undo_request_name,
                 std::type_identity<std::invoke_result_t<const F&, const State&>>{});
}

template <class Key, class State, class F>
void add_step_part(SagaStep& step, keep<F>& part)
{
    set(step.keep, keep_answer<State, F>, std::move(part.note));
}

template <class Key, class State, class F>
void add_step_part(SagaStep& step, when<F>& part)
{
    set(step.when, ask_if<State, F>, std::move(part.condition));
}

template <class Key, class State, class F>
void add_step_part(SagaStep& step, until<F>& part)
{
    set(step.until, ask_time<State, F>, std::move(part.time));
}

template <class Key, class State, class Fact, class Source>
void add_step_part(SagaStep& step, const await<Fact, Source>&)
{
    step.awaits = heard_later<Key, Fact, Source>();
}

template <class Key, class State>
void add_step_part(SagaStep& step, const retry& part)
{
    step.retry = part;
}

template <class Key, class State>
void add_step_part(SagaStep& step, const deadline& part)
{
    step.deadline = part.after;
}

template <class Key, class State, class... Part>
void add_part(SagaDefinition& saga, step_parts<Part...>& parts)
{
    (add_step_part<Key, State>(*parts.made, static_cast<Part&>(parts)), ...);
    add_step(saga, std::move(parts.made));
}

template <class Key, class State, class... Step>
void add_part(SagaDefinition& saga, together_parts<Step...>& parts)
{
    const auto first = saga.steps.size();
    std::apply([&](auto&... step) { (add_part<Key, State>(saga, step), ...); }, parts.steps);
    join_steps(saga, first);
}

template <class Key, class State, class F, class Source>
void add_part(SagaDefinition& saga, begins<F, Source>& part)
{
    using Begin      = begin_of<F, Source>;
    saga.begin_event = &heard_event<typename Begin::owner, Key, typename Begin::fact, Begin::has_key_in_event>;
    set(saga.begin, begin_data<State, Key, typename Begin::fact, F>, std::move(part.state));
}

template <class Key, class State, class Id>
void add_part(SagaDefinition& saga, const begins_when_run<Id>&)
{
    saga.begins_when_run = true;
}

template <class Key, class State, class Fact, class Source>
void add_part(SagaDefinition& saga, const cancelled_by<Fact, Source>&)
{
    saga.cancelled_by.push_back(heard_later<Key, Fact, Source>());
}

template <class Key, class State>
void add_part(SagaDefinition& saga, const no_return&)
{
    saga.no_return = static_cast<std::uint32_t>(saga.steps.size());
}

template <class Key, class State>
void add_part(SagaDefinition& saga, const deadline& part)
{
    saga.deadline = part.after;
}

template <class Key, class State>
void add_part(SagaDefinition& saga, const retry& part)
{
    saga.retry = part;
}

template <class Key, class State>
void add_part(SagaDefinition& saga, const SagaBegin& part)
{
    saga.begins_with = part;
}

template <class Key, class State, class F>
void add_part(SagaDefinition& saga, failed<F>& part)
{
    set(saga.failed, describe_end<State, F>, std::move(part.work));
}

} // namespace detail

// Defines a saga. `name` is the category of its instances' streams: a word without a hyphen. When the steps change, raise the
// version and add both versions with Sagas::add: an instance finishes with the version it began with.
template <class State, class... Part>
[[gnu::cold]] Saga saga(std::string_view name, std::uint32_t version, Part... part)
{
    // What does not fit has been reported by the compiler; then there is nothing to define.
    if constexpr (detail::saga_data_fit<State>()) {
        using Begin = detail::key_of_saga<Part...>;
        static_assert((detail::is_begins<Part> || ...), "a saga has no el::begins");
        if constexpr (Begin::known) {
            using Key = typename Begin::key;
            if constexpr ((detail::part_fits<Key, State, Part>() && ...)) {
                auto made = detail::new_saga(name, version, detail::saga_data<State>);
                (detail::add_part<Key, State>(*made, part), ...);
                return detail::finished(std::move(made));
            }
        } else {
            static_cast<void>((detail::begins_fits<State, Part>() && ...));
        }
    }
    return nullptr;
}

} // namespace eventloom
