// Which events a subscription hears.
#include "support/subscribing.hpp"

#include "subscriptions/heard_scope.hpp"

namespace subscription_scope_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

TEST_CASE("a subscription hears what its scope, its pattern and its handlers say, and decodes nothing else",
          "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    NotedOrders all;
    NotedOrders tagged;
    NotedOrders north;
    NotedOrders stream;
    Words recorded;
    machine.subscriptions->add<at_least_once>({.name = "all"}, all.placed());
    machine.subscriptions->add<at_least_once>({.name = "tagged", .scope = Scope::tag("gift")}, tagged.placed());
    machine.subscriptions->add<at_least_once>({.name = "north", .streams = "ordering-north-*"}, north.placed());
    machine.subscriptions->add<at_least_once>({.name = "stream", .scope = Scope::stream("ordering-1")},
                                              stream.placed());
    machine.subscriptions->add<at_least_once>(
        {.name = "recorded"}, hearing_recorded({}, [&](const RecordedEvent& event, const Heard&) -> result<void> {
            recorded.push_back(event.type);
            return done();
        }));
    machine.start();
    machine.place("ada", 1, "ordering-1", {"gift"});
    // What nobody hears may be anything.
    machine.append("ordering-1",
                   {.id = machine.simulated.next(), .type = "ordering-paid", .data = "\xff", .metadata = {}});
    machine.place("bob", 1, "ordering-north-2");
    machine.append("returns-1",
                   {.id = machine.simulated.next(), .type = "ordering-placed", .data = "?", .metadata = {}});
    machine.settle();
    CHECK(all.customers == Words{"ada", "bob"});
    CHECK(tagged.customers == Words{"ada"});
    CHECK(north.customers == Words{"bob"});
    CHECK(stream.customers == Words{"ada"});
    // Nothing that subscriptions write.
    CHECK(recorded == Words{"ordering-placed", "ordering-paid", "ordering-placed", "ordering-placed"});
    for (const auto& status : machine.subscriptions->status()) {
        CHECK(status.dead_letters == 0);
        CHECK(status.lag == 0);
    }
}

TEST_CASE("a pattern of streams takes any text for a star", "[messaging][subscriptions]")
{
    using subscriptions::matches_pattern;
    CHECK(matches_pattern("order-*", "order-1"));
    CHECK(matches_pattern("order-*-north", "order-1-2-north"));
    CHECK(matches_pattern("*", ""));
    CHECK(matches_pattern("a*b*c", "aXbYbZc"));
    CHECK(matches_pattern("order-1", "order-1"));
    CHECK_FALSE(matches_pattern("order-*", "orders-1"));
    CHECK_FALSE(matches_pattern("order-1", "order-12"));
    CHECK_FALSE(matches_pattern("a*b*c", "acb"));
    CHECK_FALSE(matches_pattern("", "a"));
}

TEST_CASE("the scope of a subscription is narrowed to what its handlers hear, so that an index answers",
          "[messaging][subscriptions]")
{
    const auto heard = hearing<OrderTaken>([](const OrderPlaced&) -> result<void> { return done(); }).events;
    const subscriptions::HeardScope of_all{{.name = "a"}, {heard}};
    CHECK(of_all.scope().query() == EventQuery{{{.types = {"ordering-placed"}}}});
    const subscriptions::HeardScope of_tag{{.name = "a", .scope = Scope::tag("gift")}, {heard}};
    CHECK(of_tag.scope().query() == EventQuery{{{.types = {"ordering-placed"}, .tags = {"gift"}}}});
}

} // namespace subscription_scope_test
