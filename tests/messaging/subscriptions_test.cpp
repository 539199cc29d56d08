#include "support/subscribing.hpp"

#include <set>

namespace subscriptions_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

TEST_CASE("a subscription hears each event of its kind once, in the order of the log, and goes on after a restart",
          "[messaging][subscriptions]")
{
    for (const auto& kind : every_store()) {
        for (const auto promise : {at_most_once, at_least_once, exactly_once}) {
            INFO(kind.name << ", " << to_string(promise));
            SubscriptionMachine machine{kind};
            NotedOrders noted;
            const auto add = [&] {
                if (promise == at_most_once)
                    machine.subscriptions->add<at_most_once>({.name = "letters"}, noted.placed());
                if (promise == at_least_once)
                    machine.subscriptions->add<at_least_once>({.name = "letters"}, noted.placed());
                if (promise == exactly_once)
                    machine.subscriptions->add<exactly_once>({.name = "letters"}, noted.placed());
            };
            add();
            machine.place("ada");
            machine.pay(1);
            machine.start();
            machine.place("bob", 1, "ordering-2");
            machine.settle();
            CHECK(noted.customers == Words{"ada", "bob"});
            machine.restart();
            machine.place("carol");
            add();
            machine.start();
            machine.settle();
            CHECK(noted.customers == Words{"ada", "bob", "carol"});
            CHECK(std::set<Uuid>(noted.keys.begin(), noted.keys.end()).size() == 3);
        }
    }
}

TEST_CASE("subscriptions are independent: one whose provider is down for a day holds up no other, and catches up",
          "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    NotedOrders noted;
    NotedOrders late;
    bool is_down = true;
    machine.subscriptions->add<at_least_once>({.name = "quick"}, noted.placed());
    machine.subscriptions->add<at_least_once>({.name = "slow", .attempts = 1'000},
                                              hearing<OrderTaken>([&](const OrderPlaced& event) -> result<void> {
                                                  if (is_down) return provider_is_down();
                                                  late.customers.push_back(event.customer);
                                                  return done();
                                              }));
    machine.start();
    for (int i = 0; i < 2'000; ++i) machine.place(std::to_string(i));
    machine.settle();
    CHECK(noted.customers.size() == 2'000);
    CHECK(late.customers.empty());
    const auto waiting = machine.status("slow");
    CHECK(waiting.state == SubscriptionState::waiting);
    CHECK(waiting.error->code == "provider-down");
    CHECK(waiting.lag >= 2'000);
    machine.simulated.advance(24h);
    CHECK(machine.status("slow").behind >= 24h);
    is_down = false;
    machine.simulated.advance(2h);
    machine.settle();
    CHECK(late.customers == noted.customers);
    CHECK(machine.status("slow").state == SubscriptionState::running);
    CHECK(machine.status("slow").lag == 0);
}

TEST_CASE("a paused subscription handles nothing, also after a restart, until it is resumed or the pause ends",
          "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    NotedOrders noted;
    machine.subscriptions->add<at_least_once>({.name = "letters"}, noted.placed());
    machine.start();
    REQUIRE(machine.subscriptions->pause("letters", "the printer is being mended"));
    machine.place("ada");
    machine.settle();
    CHECK(noted.customers.empty());
    CHECK(machine.status("letters").state == SubscriptionState::paused);
    CHECK(machine.status("letters").because == "the printer is being mended");
    machine.restart();
    machine.subscriptions->add<at_least_once>({.name = "letters"}, noted.placed());
    machine.start();
    machine.settle();
    CHECK(noted.customers.empty());
    REQUIRE(machine.subscriptions->resume("letters", "it prints"));
    machine.settle();
    CHECK(noted.customers == Words{"ada"});

    REQUIRE(machine.subscriptions->pause("letters", "lunch", machine.simulated.now() + 1h));
    machine.place("bob");
    machine.simulated.advance(59min);
    CHECK(noted.customers.size() == 1);
    machine.simulated.advance(2min);
    machine.settle();
    CHECK(noted.customers == Words{"ada", "bob"});
    CHECK(code_of(machine.subscriptions->pause("letters", "", machine.simulated.now())) == "time-has-passed");
}

TEST_CASE("where a subscription begins counts once, when it starts for the first time", "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    NotedOrders now;
    NotedOrders after;
    NotedOrders at;
    machine.place("ada");
    const auto second = machine.place("bob");
    machine.simulated.advance(1h);
    const Time moment = machine.simulated.now();
    machine.simulated.advance(1h);
    machine.place("carol");
    const auto add = [&] {
        machine.subscriptions->add<at_least_once>({.name = "now", .begin = begin_now()}, now.placed());
        machine.subscriptions->add<at_least_once>({.name = "after", .begin = begin_after(second - 1)}, after.placed());
        machine.subscriptions->add<at_least_once>({.name = "at", .begin = begin_at(moment)}, at.placed());
    };
    add();
    machine.start();
    machine.settle();
    CHECK(now.customers.empty());
    CHECK(after.customers == Words{"bob", "carol"});
    CHECK(at.customers == Words{"carol"});
    machine.restart();
    machine.place("dan");
    add();
    machine.start();
    machine.settle();
    CHECK(now.customers == Words{"dan"});
    CHECK(after.customers == Words{"bob", "carol", "dan"});
    machine.restart();
    machine.subscriptions->add<at_least_once>({.name = "late", .begin = begin_after(1'000)}, now.placed());
    CHECK(code_of(machine.subscriptions->start()) == "log-behind-checkpoint");
}

TEST_CASE("what cannot be a subscription is refused when they start, by name", "[messaging][subscriptions]")
{
    NotedOrders noted;
    const auto refused = [&](SubscriberOptions options) {
        SubscriptionMachine machine;
        machine.subscriptions->add<at_least_once>(options, noted.placed());
        CHECK(code_of(machine.subscriptions->open()) == code_of(machine.subscriptions->start()));
        return code_of(machine.subscriptions->start());
    };
    CHECK(refused({.name = ""}) == "invalid-subscription");
    CHECK(refused({.name = "a\nb"}) == "invalid-subscription");
    CHECK(refused({.name = std::string(65, 'a')}) == "invalid-subscription");
    CHECK(refused({.name = "a", .attempts = 0}) == "invalid-subscription");
    CHECK(refused({.name = "a", .scope = Scope::category("a-b")}) == "invalid-category");
    SubscriptionMachine machine;
    machine.subscriptions->add<at_least_once>({.name = "a"}, noted.placed());
    machine.subscriptions->add<at_most_once>({.name = "a"}, noted.placed());
    CHECK(code_of(machine.subscriptions->start()) == "subscription-added-twice");
    CHECK(code_of(machine.subscriptions->status("b")) == "no-such-subscription");
}

TEST_CASE("a subscription that another process has taken over stops, and writes nothing", "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    const auto handlers = hearing<OrderTaken>([](const OrderPlaced& event) -> result<Effects> {
        return effects().append(id<Counter>{event.customer}, ExpectedVersion::any(), Added{event.amount});
    });
    machine.subscriptions->add<exactly_once>({.name = "points"}, handlers);
    machine.start();
    machine.settle();
    // What another one would write.
    NewEvent reached = encoded<subscriptions::FollowedFacts>(subscriptions::Reached{1, 1, true});
    reached.id       = machine.simulated.next();
    machine.append("followed-points", reached);
    machine.place("ada", 10);
    machine.settle();
    CHECK(machine.status("points").state == SubscriptionState::stopped);
    CHECK(machine.status("points").error->code == "subscription-taken-over");
    CHECK(machine.store->stream_length("counter-ada").value() == 0);
}

TEST_CASE("a subscription whose position is after the end of the log does not start", "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    NotedOrders noted;
    NewEvent reached = encoded<subscriptions::FollowedFacts>(subscriptions::Reached{1'000, 1'000, true});
    reached.id       = machine.simulated.next();
    machine.append("followed-letters", reached);
    NewEvent began = encoded<subscriptions::FollowerFacts>(subscriptions::Began{"at_least_once", 0, {}});
    began.id       = machine.simulated.next();
    machine.append("follower-letters", began);
    machine.subscriptions->add<at_least_once>({.name = "letters"}, noted.placed());
    CHECK(code_of(machine.subscriptions->start()) == "log-behind-checkpoint");
}

} // namespace subscriptions_test
