// Brings every event of the log to everybody who asked for it: first what stands there already, then what comes, in order,
// without a gap and without a repetition.
//
//     EventBus bus{runtime, *store};
//     auto mail = bus.subscribe({.name = "mail", .scope = Scope::category("order"), .after = checkpoint},
//                               [](const Delivery& delivery) -> result<void> { ... });
//     auto sales = bus.on<Order, Placed>({.name = "sales"}, [](const Placed& event, const RecordedEvent& where) { ... });
//
// Recent events come from one bounded buffer in memory that all subscribers share; a subscriber who is too slow for it
// reads from the log at its own pace and holds up nobody. A subscriber is called by one thread at a time, in the order of
// positions; different subscribers at the same time. When its handler returns an error it is not called again, and the
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

// What a subscriber is handed: the next events it asked for. Everything up to `position` has then been seen, also what it
// did not ask for, so `position` is what to remember as its checkpoint. `events` may be empty.
struct Delivery {
    std::span<const RecordedEvent> events;
    Position position = 0;
    bool live         = false; // nothing more was known when this was handed over
};

using DeliveryHandler = std::function<result<void>(const Delivery&)>;

struct SubscriptionOptions {
    std::string name; // for people
    Scope scope                    = Scope::everything();
    std::vector<std::string> types = {}; // stored names; empty: all
    Position after                 = 0;  // begins with the event after this position
    std::size_t batch_events_max   = 512;
};

// A running subscription. When the last reference goes, the handler has returned and is called no more.
class Subscription {
public:
    virtual ~Subscription() = default;

    virtual const std::string& name() const = 0;
    // Everything up to here has been handled.
    virtual Position position() const = 0;
    // Why it stopped, if it did by itself.
    virtual std::optional<Error> error() const = 0;
    // Returns when the handler is not running and will not run again. From within the handler it returns at once.
    virtual void stop() = 0;
};

struct EventBusOptions {
    std::size_t recent_events_max = 8'192; // kept in memory for subscribers who keep up
    std::size_t recent_bytes_max  = 16u << 20;
};

class EventBus {
public:
    EventBus(const Runtime& runtime, EventStore& store, EventBusOptions options = {});
    ~EventBus();

    std::shared_ptr<Subscription> subscribe(SubscriptionOptions options, DeliveryHandler handler);

    // One event type of one aggregate, decoded. The category and type of `options` are set by the event.
    template <aggregate State, event_of<State> Fact>
    std::shared_ptr<Subscription> on(SubscriptionOptions options,
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
    // `deadline`; says whether it has handled it.
    bool wait_for(const Subscription& subscription, Position position, Time deadline);

    // Lets go of the recent events in memory: what is handed over from now on is read from the log. Appends are held for
    // that moment, or one that is under way would bring its events back.
    // Fails as the store's hold_appends() does, and not for a damaged log, which takes no appends.
    result<void> forget_recent();

private:
    struct Core;
    std::shared_ptr<Core> core_;
};

} // namespace eventloom
