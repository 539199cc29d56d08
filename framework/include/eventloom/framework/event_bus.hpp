// Delivers the events of the log to subscribers: first the events that are there, then new ones as they come, in order,
// without a gap and without a repetition.
//
//     EventBus bus{runtime, *store};
//     auto mail = bus.subscribe({.name = "mail", .scope = Scope::category("order"), .after = checkpoint},
//                               [](const Delivery& delivery) -> result<void> { ... });
//     auto sales = bus.on<Order, Placed>({.name = "sales"}, [](const Placed& event, const RecordedEvent& where) { ... });
//
// Recent events come from one bounded buffer in memory that all subscribers share. A subscriber that is too slow for it
// reads from the log at its own pace and delays no other. A subscriber is called by one thread at a time, in the order of
// positions; different subscribers are called at the same time. When its handler returns an error it is not called again, and the
// subscription keeps the error. The subscription has an error from the start when the scope does not exist
// ("invalid-category"), or when the log ends before `after` ("log-behind-checkpoint"). Threads: every member may be called
// from any thread. The store and the executor must outlive the bus; a handler must not release the last reference to its
// own subscription.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/runtime.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace eventloom {

// The next events for a subscriber. All events up to `position` were looked at, also those that it did not ask for, so use
// `position` as its checkpoint. `events` may be empty.
struct Delivery {
    std::span<const RecordedEvent> events;
    Position position = 0;
    bool live         = false; // it was at the end of the log when this was delivered
};

using DeliveryHandler = std::function<result<void>(const Delivery&)>;

struct SubscriptionOptions {
    std::string name; // to be shown
    Scope scope                    = Scope::everything();
    std::vector<std::string> types = {}; // stored names; empty: all
    Position after                 = 0;  // begins with the event after this position
    std::size_t batch_events_max   = 512;
};

// A running subscription. Releasing the last reference waits for the handler and ends the subscription.
class Subscription {
public:
    virtual ~Subscription() = default;

    virtual const std::string& name() const = 0;
    // Everything up to here has been handled.
    virtual Position position() const = 0;
    // The error that stopped it, if one did.
    virtual std::optional<Error> error() const = 0;
    // Returns when the handler does not run and will not run again. Called by the handler itself, it returns at once.
    virtual void stop() = 0;
};

// One to the log itself.
class EventSubscription : public Subscription {
public:
    // No delivery follows the one that is being handled, until go_on(): for a handler that only takes note of the events, and has
    // as many of them in hand as it wants.
    virtual void hold()  = 0;
    virtual void go_on() = 0;
};

struct EventBusOptions {
    std::size_t recent_events_max = 8'192; // kept in memory for subscribers that keep up
    std::size_t recent_bytes_max  = 16u << 20;
};

class EventBus {
public:
    EventBus(const Runtime& runtime, EventStore& store, EventBusOptions options = {});
    ~EventBus();

    std::shared_ptr<EventSubscription> subscribe(SubscriptionOptions options, DeliveryHandler handler);

    // One event type of one aggregate, decoded. The category and type of `options` are set by the event.
    template <aggregate State, event_of<State> Fact>
    std::shared_ptr<EventSubscription> on(SubscriptionOptions options,
                                          std::function<result<void>(const Fact&, const RecordedEvent&)> handler)
    {
        options.scope = Scope::category(State::category);
        options.types = detail::names_that_may_stand_for<State, Fact>();
        return subscribe(std::move(options), [handler = std::move(handler)](const Delivery& delivery) -> result<void> {
            for (const RecordedEvent& event : delivery.events) {
                result<void> handled = done();
                const auto take      = [&]<class Given>(const Given& fact) {
                    if constexpr (std::is_same_v<Given, Fact>) {
                        if (handled) handled = handler(fact, event);
                    }
                };
                BOOST_OUTCOME_TRY(detail::with_facts<State>(event, State::category, take));
                BOOST_OUTCOME_TRY(std::move(handled));
            }
            return done();
        });
    }

    // Blocks until `subscription` has handled everything up to `position`, or has stopped with an error, or until
    // `deadline`. Returns whether it has handled it.
    bool wait_for(const Subscription& subscription, Position position, Time deadline);

    // Releases the recent events in memory: later deliveries are read from the log. Appends wait for that moment; otherwise
    // an append in flight would bring its events back.
    // Fails as the store's hold_appends() does, but not for a damaged log, which takes no appends.
    result<void> forget_recent();

private:
    struct Core;
    std::shared_ptr<Core> core_;
};

} // namespace eventloom
