// The consumer groups of a service: each with a name and typed handlers, added before the service starts. They run while the
// program serves, and not in commands that run alone: a handler may send a mail.
//
//     service->groups().add({.name = "mail"},
//                           el::handles<Order>([&](const Placed& event, const el::RecordedEvent& recorded) -> el::result<void> {
//                               return mailer.confirm(event.customer, recorded.id);
//                           }));
//
// Each event is handled at least once: after a crash the last ones come again, with the same ids. A handler that returns an
// error is called again (ConsumerGroupOptions); after the last attempt the event's stream stops until find()->retry(), and the
// others go on. Handlers of one group are called by `members` threads at most, and for one stream by one at a time. Members in
// other processes (member_leases.hpp) share its streams with them.
//
// Threads: call add before start; the others from any thread.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/messaging/consumer_groups.hpp>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace eventloom {

// The handlers of one group, and the events that these hear. el::handles makes it of an aggregate's handlers; for other events,
// such as those of a context of decisions, write it down: {"nights", {"night-taken"}, handler of recorded events}.
struct HandledEvents {
    std::string category;
    std::vector<std::string> types; // stored names
    GroupHandler handle;
};

namespace detail {

// What a handler's parameters and its answer say.
template <class Call>
struct handled_by {
    static constexpr bool fits = false;
};
template <class Handler, class Fact>
struct handled_by<result<void> (Handler::*)(const Fact&) const> {
    using type                         = Fact;
    static constexpr bool fits         = true;
    static constexpr bool takes_record = false;
};
template <class Handler, class Fact>
struct handled_by<result<void> (Handler::*)(const Fact&, const RecordedEvent&) const> {
    using type                         = Fact;
    static constexpr bool fits         = true;
    static constexpr bool takes_record = true;
};

template <class Handler>
struct handled_fact : handled_by<void> {};
template <class Handler>
    requires requires { &Handler::operator(); }
struct handled_fact<Handler> : handled_by<decltype(&Handler::operator())> {};

template <class State, class Handler>
consteval bool is_handler_of()
{
    using Of = handled_fact<Handler>;
    static_assert(Of::fits,
                  "a group's handler is a lambda that takes (const Event&, const el::RecordedEvent&), or the event "
                  "alone, says `-> el::result<void>`, and is not mutable");
    if constexpr (Of::fits) {
        static_assert(event_of<typename Of::type, State>, "a group's handler takes what is no event of the aggregate");
        return event_of<typename Of::type, State>;
    } else {
        return false;
    }
}

template <class State, class... Handlers>
consteval bool can_handle()
{
    static_assert(not reads_by_tags<State>(),
                  "el::handles hears the events of an aggregate, not those of a context of decisions: for these, add a "
                  "HandledEvents with a handler of recorded events");
    if constexpr (reads_by_tags<State>()) {
        return false;
    } else {
        static_assert(aggregate<State>, "el::handles hears the events of an aggregate");
        return (is_handler_of<State, Handlers>() && ...);
    }
}

template <class Handler, class Fact>
result<void> call_handler(const Handler& handler, const Fact& fact, const RecordedEvent& event)
{
    if constexpr (handled_fact<Handler>::takes_record) {
        return handler(fact, event);
    } else {
        return handler(fact);
    }
}

template <class State, class... Handlers>
HandledEvents handled_events(Handlers... handlers)
{
    std::vector<std::string> types;
    const auto add = [&types](const std::vector<std::string>& more) {
        types.insert(types.end(), more.begin(), more.end());
    };
    (add(names_that_may_stand_for<State, typename handled_fact<Handlers>::type>()), ...);
    const auto handle = [... handlers = std::move(handlers)](const RecordedEvent& event) -> result<void> {
        std::optional<Error> error;
        const auto take = [&]<class Given>(const Given& fact) {
            const auto offer = [&]<class Handler>(const Handler& handler) {
                if constexpr (std::is_same_v<Given, typename handled_fact<Handler>::type>) {
                    if (error) return;
                    if (auto handled = call_handler(handler, fact, event); not handled)
                        error = std::move(handled.error());
                }
            };
            (offer(handlers), ...);
        };
        BOOST_OUTCOME_TRY(with_facts<State>(event, State::category, take));
        if (error) return std::move(*error);
        return done();
    };
    return {State::category, std::move(types), handle};
}

} // namespace detail

// The handlers of events of one aggregate: lambdas that take the event, and its record if they need it, and return
// el::result<void>.
template <class State, class... Handlers>
HandledEvents handles(Handlers... handlers)
{
    if constexpr (detail::can_handle<State, Handlers...>()) {
        return detail::handled_events<State>(std::move(handlers)...);
    } else {
        return {};
    }
}

// What a member in another process needs to call the handlers of a group itself.
struct GroupWork {
    unsigned members = 1; // that the program has declared
    Duration lease{};
    GroupHandler handle;
};

class Groups {
public:
    Groups(const Runtime& runtime, EventStore& store, std::string directory);
    ~Groups();

    // The scope of `options` is the aggregate's category, unless it says another one; its types are those of the handlers.
    void add(ConsumerGroupOptions options, HandledEvents handled, unsigned members = 1);

    // Each group goes on after its checkpoint. Does nothing when they run.  Fails as ConsumerGroups::open and open_group do.
    result<void> start();
    // Returns when no handler runs any more.
    void stop();

    // Call before start(): only members in other processes handle events.
    void work_only_elsewhere();
    // For members in other processes (member_leases.hpp). Fails as ConsumerGroup::pull, extend and finish do, and with
    // Failure::invalid "no-such-group"; Failure::unavailable "groups-not-open": they do not run.
    void pull(PullEvents wanted, PullEventsDone done);
    // Returns the leases that are over.
    result<std::vector<Lease>> extend(const std::vector<HeldLease>& held);
    void finish(std::string_view group, const Lease& lease, EndedBatch ended, std::function<void(result<void>)> done);
    result<GroupWork> handler_of(std::string_view group) const; // Failure::invalid "no-such-group"

    Error no_such_group(std::string_view name) const;

    // In the order in which they were added; nothing while they do not run.
    std::vector<ConsumerGroupStatus> status() const;
    // nullptr: there is none of this name, or it does not run.
    std::shared_ptr<ConsumerGroup> find(std::string_view name) const;
    // nullptr while they do not run.
    const ConsumerGroups* checkpoints() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace eventloom
