// The parts of a saga, as its author writes them.
//
//     begins{[](const OrderId& order, const Placed& event) { return Fulfilment{order}; }}
//
// For saga.hpp: include that. Threads: values.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/detail/key_part.hpp>
#include <eventloom/sagas/detail/definition.hpp>

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace eventloom {

template <class State, class Command>
struct sent {
    id<State> to;
    Command command;
};

template <class Context, class Command>
struct sent_within {
    Command command;
};

template <class Request>
struct called {
    Request request;
};

// A saga that a step runs: its name, the key of the instance, and its data.
template <class Data>
struct ran {
    std::string saga;
    std::string key;
    Data data;
};

// A request to an activity: a plain struct that names the type of its answer.
template <class Request>
concept activity_request = requires { typename Request::answer; };

// The parts of a saga, each with a lambda. With el::from<Source>() first, `begins` hears an event of that aggregate or context;
// without, one of the aggregate whose id the lambda takes.
// clang-format off
template <class F, class Source = void> struct begins { from<Source> source; F state; };
template <class F> struct begins<F, void> { F state; };
template <class F> struct act    { F work; };
template <class F> struct undo   { F work; };
template <class F> struct keep   { F note; };
// Of a saga that others run, with the id that its instances have: el::begins_when_run<OrderId>{} in the place of el::begins.
template <class Id> struct begins_when_run {};
template <class F> struct failed { F work; };
// Of a step that is left out unless this is true, or that waits until this time.
template <class F> struct when   { F condition; };
template <class F> struct until  { F time; };

// A step that waits for an event, of the aggregate whose id the instance has or of `Source`; and an event that cancels the saga.
template <class Fact, class Source = void> struct await {};
template <class Fact, class Source = void> struct cancelled_by {};

// Of a saga with handlers: the events that may begin an instance.
template <class... Begin> struct begins_with { template <class Fact> static constexpr bool has = (std::is_same_v<Fact, Begin> || ...); };

// clang needs them.
template <class F> begins(F) -> begins<F>;
template <class F, class Source> begins(from<Source>, F) -> begins<F, Source>;
template <class F> act(F)    -> act<F>;
template <class F> undo(F)   -> undo<F>;
template <class F> keep(F)   -> keep<F>;
template <class F> failed(F) -> failed<F>;
template <class F> when(F)   -> when<F>;
template <class F> until(F)  -> until<F>;
// clang-format on

template <class... Part>
struct step_parts : Part... {
    detail::NewStep made;
};

template <class... Step>
struct together_parts {
    std::tuple<Step...> steps;
};

// What only a handler may ask for: el::wake, el::wake_off, el::done, el::fail_saga.
template <class Timer>
struct woken {
    Time at{};
    Duration after{};
    Timer timer;
};
template <class Timer>
struct woken_off {};
struct ended {};
struct ended_by_failure {
    std::string code;
    std::string reason;
};

// Work of several types: `return {el::send(order, Pay{}), el::wake(48h, Overdue{})};`. What is sent is plain data, because a handler's
// work is kept with the instance until it is done.
class actions {
public:
    template <class... One>
        requires(sizeof...(One) > 0)
    explicit(false) actions(One... one)
    {
        (add(std::move(one)), ...);
    }
    actions() = default;

    template <class One>
    void add(One one)
    {
        parts_.push_back({detail::own(new One(std::move(one))), [](void* held, detail::SagaWork& work) {
                              add_kept_work(work, std::move(*static_cast<One*>(held)));
                          }});
    }

    void put_into(detail::SagaWork& work)
    {
        for (const Part& part : parts_) part.put(part.held.get(), work);
    }

private:
    struct Part {
        std::shared_ptr<void> held;
        void (*put)(void* held, detail::SagaWork& work);
    };
    std::vector<Part> parts_;
};

} // namespace eventloom
