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
// others go on. Handlers of one group are called by `members` threads at most, and for one stream by one at a time.
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

// The handlers of one group, and the events that these hear.
struct HandledEvents {
    std::string category;
    std::vector<std::string> types;
    GroupHandler handle;
};

namespace detail {

template <class Handler>
struct handled_fact : handled_fact<decltype(&Handler::operator())> {};
template <class Handler, class Fact>
struct handled_fact<result<void> (Handler::*)(const Fact&, const RecordedEvent&) const> {
    using type = Fact;
};

} // namespace detail

// The handlers of events of one aggregate: lambdas that take the event and its record, and return el::result<void>.
template <aggregate State, class... Handlers>
HandledEvents handles(Handlers... handlers)
{
    static_assert((event_of<typename detail::handled_fact<Handlers>::type, State> && ...),
                  "a handler takes what is no event of the aggregate");
    std::vector<std::string> types;
    const auto add = [&types](const std::vector<std::string>& more) {
        types.insert(types.end(), more.begin(), more.end());
    };
    (add(detail::names_that_may_stand_for<State, typename detail::handled_fact<Handlers>::type>()), ...);
    const auto handle = [... handlers = std::move(handlers)](const RecordedEvent& event) -> result<void> {
        std::optional<Error> error;
        const auto take = [&]<class Given>(const Given& fact) {
            const auto offer = [&]<class Handler>(const Handler& handler) {
                if constexpr (std::is_same_v<Given, typename detail::handled_fact<Handler>::type>) {
                    if (error) return;
                    if (auto handled = handler(fact, event); not handled) error = std::move(handled.error());
                }
            };
            (offer(handlers), ...);
        };
        BOOST_OUTCOME_TRY(detail::with_facts<State>(event, State::category, take));
        if (error) return std::move(*error);
        return done();
    };
    return {State::category, std::move(types), handle};
}

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
