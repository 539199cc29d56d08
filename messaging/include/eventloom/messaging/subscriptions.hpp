// Subscriptions with a name: each follows the log by itself, goes on where it was after a restart, and keeps one promise about how
// often an event is handled.
//
//     service->subscriptions().add<el::at_least_once>(
//         {.name = "letters"}, el::hearing<Order>([&](const Placed& event, const el::Heard& heard) -> el::result<void> {
//             return provider.send(event.customer, "Thank you", heard.key);
//         }));
//     service->subscriptions().add<el::exactly_once>(
//         {.name = "points"}, el::hearing<Order>([](const Placed& event) -> el::result<el::Effects> {
//             return el::effects().append(event.customer, el::ExpectedVersion::any(), PointsEarned{10});
//         }));
//
// detail/subscription_options.hpp has the options and the promises, docs/publish-and-subscribe.md what each promise means when a
// handler dies. Subscriptions run while the program serves, and not in commands that run alone. Each has a thread of its own, so that
// its handler may block and holds up nobody.
// A position is an event in the log: docs/format.md, "Subscriptions".
// Threads: call add before start; the others from any thread, but those that write or wait not from a task of the executor.
#pragma once

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/messaging/detail/subscription_handlers.hpp>
#include <eventloom/messaging/detail/subscription_options.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

class Queues;
class Topics;

enum class SubscriptionState : std::uint8_t {
    idle, // no service runs that takes it further
    catching_up,
    running,
    waiting, // before it tries again what failed
    paused,
    stopped, // at an event, or by a fault of the log: see its error
};

// "idle", "catching up", ...
std::string_view to_string(SubscriptionState state);

struct SubscriptionStatus {
    std::string name;
    std::string topic; // empty: it hears the log. Else positions are numbers of the topic's messages
    Promise promise         = Promise::at_least_once;
    SubscriptionState state = SubscriptionState::idle;
    bool has_begun          = false; // else nobody knows yet where it will, and what follows says nothing
    Position position       = 0;     // everything up to here was handled, passed over, or is a dead letter
    Position lag            = 0;     // events of the log after it, of whatever kind
    std::optional<Duration> behind;  // the age of the first of these
    double events_per_second   = 0;  // that are handled
    std::uint64_t dead_letters = 0;
    std::uint64_t lost         = 0; // messages that had left the topic before it heard them, since it began
    std::optional<Position> at;     // the event that fails, while it waits or is stopped
    unsigned attempts = 0;          // at this event
    std::optional<Time> next_attempt;
    std::optional<Time> paused_until; // Time::max(): until somebody resumes it
    std::string because;              // it is paused
    std::optional<Error> error;       // of the last attempt, or why it has stopped
    // With at_most_once: these may have been lost when the process ended. It has said so in the log of the service, too.
    std::optional<std::pair<Position, Position>> in_doubt;
};

// An event that a subscription has given up.
struct SubscriptionLetter {
    Position position = 0; // of the event
    std::string stream;
    std::string type;
    Error error;
    unsigned attempts = 0;
    Time first{}; // attempt
    Time last{};
    bool is_retried = false; // somebody has asked for it, and it was not handled yet
    // That the handler is given instead of what the log has: it was edited.
    std::optional<std::string> data             = {};
    std::optional<std::uint32_t> schema_version = {}; // of these
};

// The events of which the streams of subscriptions are made, for tools that show the log: what was decided, and positions.
const EventTypes& subscription_fact_types();
const EventTypes& subscription_position_types();

// What handlers take and answer:
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
// what it throws, is a fault: it is called again later. A handler runs on the thread of its subscription, and may block.

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

namespace subscriptions {
class Subscriber;
struct Definition;
} // namespace subscriptions

class Subscriptions {
public:
    // `topics`: those that may be heard, and that effects publish to; nullptr: none.
    Subscriptions(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus, const Queues& queues,
                  Topics* topics = nullptr);
    ~Subscriptions();

    // The first of `heard` that an event fits is given it; an event that fits none is passed over. What cannot be added is an
    // error of start() and open(): Failure::invalid "subscription-added-twice", "invalid-subscription".
    template <Promise Kept, bool... AnswersEffects>
    void add(SubscriberOptions options, HeardEvents<AnswersEffects>... heard)
    {
        static_assert(
            Kept == Promise::exactly_once || not(AnswersEffects || ...),
            "a handler answers effects only with el::exactly_once: the other promises have no append to put them in");
        static_assert(sizeof...(AnswersEffects) > 0, "a subscription needs handlers: el::hearing<Order>(...)");
        std::vector<detail::AnyHeardEvents> all;
        (all.push_back(std::move(heard.events)), ...);
        add_any(Kept, std::move(options), std::move(all));
    }

    // Each goes on where it was; a new one begins where its options say. Does nothing when they run.
    // Failure::invalid "category-taken". Failure::corrupt "log-behind-checkpoint".
    result<void> start();
    // Reads how far each is: for commands that run alone.
    result<void> open();
    // Asks the handlers to stop, and returns when none runs any more.
    void stop();

    // Blocks until each has handled the whole log, or waits, is paused or has stopped. Returns false at `deadline`.
    bool settle(Time deadline);

    // In the order in which they were added.
    std::vector<SubscriptionStatus> status() const;
    result<SubscriptionStatus> status(std::string_view name) const; // Failure::invalid "no-such-subscription"

    // What it hears: the log, or that of a topic.
    result<const EventStore*> heard_by(std::string_view name) const;

    // What a person may do. Each is recorded with its reason. Failure::invalid "no-such-subscription".
    // Hands no more events to the handler; one that it has goes on. `until`: it ends by itself.
    result<void> pause(std::string_view name, std::string_view because, Time until = Time::max());
    // Goes on, whether it is paused, waits or has stopped: at the event that failed, with all its attempts.
    // Failure::refused "subscription-runs".
    result<void> resume(std::string_view name, std::string_view because);
    // Passes over the event that fails. Failure::refused "subscription-not-at-event": it does not wait or stand at this one.
    result<void> skip(std::string_view name, Position event, std::string_view because);

    // In the order of the log.
    result<std::vector<SubscriptionLetter>> dead_letters(std::string_view name) const;
    // Hands the event to the handler once more, when the subscription runs. Failure::invalid "no-such-dead-letter".
    result<void> retry(std::string_view name, Position event, std::string_view because);
    // Nobody will retry it.
    result<void> discard(std::string_view name, Position event, std::string_view because);
    // The handler is given these bytes instead of what the log has, when it is retried. The log keeps both.
    // Failure::refused "personal-event": an event with personal data is not edited, as it would be kept in plain text.
    result<void> edit(std::string_view name, Position event, std::uint32_t schema_version, std::string data,
                      std::string_view because);

    // The faults of the log that have stopped one.
    std::vector<Error> faults() const;

private:
    void add_any(Promise kept, SubscriberOptions options, std::vector<detail::AnyHeardEvents> heard);
    result<subscriptions::Subscriber*> find(std::string_view name) const;

    struct State;
    std::unique_ptr<State> state_;
};

} // namespace eventloom
