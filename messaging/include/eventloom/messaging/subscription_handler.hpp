// The handlers of a subscription, and what they are given.
//
//     el::hearing<Order>([&](const Placed& event, const el::Heard& heard) -> el::result<void> {
//         return provider.send(event.customer, "Thank you", heard.key);   // the same key in each attempt
//     })
//     el::hearing<Order>([](const Placed& event) -> el::result<el::Effects> {      // with el::exactly_once
//         return el::effects().append(event.customer, el::ExpectedVersion::any(), PointsEarned{10});
//     })
//     el::hearing<Prices>([&](const PriceChanged& message) -> el::result<void> { ... })    // of a topic (messages.hpp)
//     el::hearing_recorded({"order-placed"}, [](const el::RecordedEvent& event, const el::Heard&) -> el::result<void> { ... })
//
// A handler that refuses, or answers an error that is invalid or corrupt, is not called again for the event. Any other error, and
// what it throws, is a fault: it is called again later. Threads: a handler runs on the thread of its subscription, and may block.
#pragma once

#include <eventloom/messaging/detail/subscription_handlers.hpp>

namespace eventloom {

// Handlers of events of one aggregate: lambdas that take the event, and what is known about it if they need it, and say
// `-> el::result<void>` or `-> el::result<el::Effects>`.
template <class State, class... Handlers>
    requires(not message_topic<State>)
HeardEvents<detail::answers_effects<Handlers...>()> hearing(Handlers... handlers)
{
    if constexpr (detail::can_hear<State, Handlers...>()) {
        return {detail::heard_events<State>(std::move(handlers)...)};
    } else {
        return {};
    }
}

// Handlers of messages of a topic: the same, with a message instead of the event.
template <message_topic Topic, class... Handlers>
HeardEvents<detail::answers_effects<Handlers...>()> hearing(Handlers... handlers)
{
    if constexpr (detail::can_hear_messages<Topic, Handlers...>()) {
        HeardEvents<detail::answers_effects<Handlers...>()> heard{
            detail::heard_events<typename Topic::Messages>(std::move(handlers)...)};
        heard.events.topic = std::string{Topic::topic};
        return heard;
    } else {
        return {};
    }
}

// Events as they are recorded, by their stored names; none given: all of them, of whatever type.
template <class Handler>
    requires std::is_invocable_v<const Handler&, const RecordedEvent&, const Heard&>
auto hearing_recorded(std::vector<std::string> types, Handler handler)
{
    using Answer           = std::invoke_result_t<const Handler&, const RecordedEvent&, const Heard&>;
    constexpr bool effects = std::is_same_v<Answer, result<Effects>>;
    static_assert(effects || std::is_same_v<Answer, result<void>>,
                  "a handler of recorded events says `-> el::result<void>` or `-> el::result<el::Effects>`");
    const auto handle = [handler = std::move(handler)](const Heard& heard) -> result<Effects> {
        if constexpr (effects) {
            return handler(heard.event, heard);
        } else {
            BOOST_OUTCOME_TRY(handler(heard.event, heard));
            return Effects{};
        }
    };
    return HeardEvents<effects>{{{}, {}, std::move(types), handle}};
}

} // namespace eventloom
