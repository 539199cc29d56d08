// The handlers of a subscription: what they take and answer, seen once and for all of them.
//
//     heard_events<Order>([](const Placed&, const Heard&) -> result<void> { ... });
//
// For subscriptions.hpp. Threads: compile-time, and the handlers themselves.
#pragma once

#include <eventloom/messaging/detail/effects.hpp>

#include <functional>
#include <optional>
#include <stop_token>
#include <type_traits>

namespace eventloom {

// What a handler is told beside the event itself. It lives as long as the call.
struct Heard {
    const RecordedEvent& event;
    // The same in each attempt, and another one in each subscription: hand it over as the key of what is asked of the outside,
    // which then recognises repetition.
    Uuid key;
    unsigned attempt = 1;
    std::stop_token stop; // the service stops
};

namespace detail {

// The handlers of some events, without their types.
struct AnyHeardEvents {
    std::string topic;    // empty: they are events of the log
    std::string category; // empty: any
    std::vector<std::string> types;
    std::function<result<Effects>(const Heard&)> handle;
};

} // namespace detail

// Some handlers. `AnswersEffects`: one of them answers effects, which only el::exactly_once keeps.
template <bool AnswersEffects>
struct HeardEvents {
    detail::AnyHeardEvents events;
};

namespace detail {

struct no_hearing_handler {
    using type                    = void;
    static constexpr bool fits    = false;
    static constexpr bool heard   = false;
    static constexpr bool effects = false;
};
template <class Fact, class Answer, bool TakesHeard>
struct hearing_handler_like {
    using type                    = Fact;
    static constexpr bool effects = std::is_same_v<Answer, result<Effects>>;
    static constexpr bool fits    = effects || std::is_same_v<Answer, result<void>>;
    static constexpr bool heard   = TakesHeard;
};

template <class Call>
struct hearing_call : no_hearing_handler {};
template <class Handler, class Answer, class Fact>
struct hearing_call<Answer (Handler::*)(const Fact&) const> : hearing_handler_like<Fact, Answer, false> {};
template <class Handler, class Answer, class Fact>
struct hearing_call<Answer (Handler::*)(const Fact&, const Heard&) const> : hearing_handler_like<Fact, Answer, true> {};

template <class Handler>
struct hearing_handler : no_hearing_handler {};
template <class Handler>
    requires requires { &Handler::operator(); }
struct hearing_handler<Handler> : hearing_call<decltype(&Handler::operator())> {};
template <class Answer, class Fact>
struct hearing_handler<Answer (*)(const Fact&)> : hearing_handler_like<Fact, Answer, false> {};
template <class Answer, class Fact>
struct hearing_handler<Answer (*)(const Fact&, const Heard&)> : hearing_handler_like<Fact, Answer, true> {};

template <class... Handlers>
consteval bool answers_effects()
{
    return (hearing_handler<Handlers>::effects || ...);
}

template <class State, class Handler>
consteval bool is_hearing_handler()
{
    using Of = hearing_handler<Handler>;
    static_assert(Of::fits, "a subscription's handler takes (const Event&, const el::Heard&), or the event alone, says "
                            "`-> el::result<void>` or `-> el::result<el::Effects>`, and is not mutable");
    if constexpr (Of::fits) {
        static_assert(event_of<typename Of::type, State>,
                      "a subscription's handler takes what is no event of el::hearing");
        return event_of<typename Of::type, State>;
    } else {
        return false;
    }
}

template <class State, class... Handlers>
consteval bool can_hear()
{
    static_assert(
        not reads_by_tags<State>(),
        "el::hearing hears the events of an aggregate, not those of a context of decisions: for these there is "
        "el::hearing_recorded");
    if constexpr (reads_by_tags<State>()) {
        return false;
    } else {
        static_assert(aggregate<State>, "el::hearing hears the events of an aggregate");
        return (is_hearing_handler<State, Handlers>() && ...);
    }
}

template <message_topic Topic, class... Handlers>
consteval bool can_hear_messages()
{
    return (is_hearing_handler<typename Topic::Messages, Handlers>() && ...);
}

template <class Handler, class Fact>
result<Effects> call_hearing_handler(const Handler& handler, const Fact& fact, const Heard& heard)
{
    const auto call = [&] {
        if constexpr (hearing_handler<Handler>::heard) {
            return handler(fact, heard);
        } else {
            return handler(fact);
        }
    };
    if constexpr (hearing_handler<Handler>::effects) {
        return call();
    } else {
        BOOST_OUTCOME_TRY(call());
        return Effects{};
    }
}

void add_effects(Effects& to, Effects&& more);

template <class State, class... Handlers>
AnyHeardEvents heard_events(Handlers... handlers)
{
    std::vector<std::string> types;
    const auto add = [&types](const std::vector<std::string>& more) {
        types.insert(types.end(), more.begin(), more.end());
    };
    (add(names_that_may_stand_for<State, typename hearing_handler<Handlers>::type>()), ...);
    const auto handle = [... handlers = std::move(handlers)](const Heard& heard) -> result<Effects> {
        result<Effects> answer{Effects{}};
        const auto take = [&]<class Given>(const Given& fact) {
            const auto offer = [&]<class Handler>(const Handler& handler) {
                if constexpr (std::is_same_v<Given, typename hearing_handler<Handler>::type>) {
                    if (not answer) return;
                    auto answered = call_hearing_handler(handler, fact, heard);
                    if (answered) {
                        add_effects(answer.value(), std::move(answered.value()));
                    } else {
                        answer = std::move(answered.error());
                    }
                }
            };
            (offer(handlers), ...);
        };
        BOOST_OUTCOME_TRY(with_facts<State>(heard.event, State::category, take));
        return answer;
    };
    return {{}, State::category, std::move(types), handle};
}

} // namespace detail

} // namespace eventloom
