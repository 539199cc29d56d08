// What becomes of an event that a handler cannot handle.
#include "support/subscribing.hpp"

namespace subscription_faults_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

TEST_CASE("a fault is tried again after a wait that doubles, and becomes a dead letter after the last attempt",
          "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    std::vector<Time> called;
    Words others;
    machine.subscriptions->add<at_least_once>(
        {.name = "letters", .attempts = 4, .first_wait = 8s, .longest_wait = 20s},
        hearing<OrderTaken>([&](const OrderPlaced& event, const Heard& heard) -> result<void> {
            if (event.customer != "ada") return others.push_back(event.customer), done();
            called.push_back(machine.simulated.now());
            CHECK(heard.attempt == called.size());
            if (called.size() == 2) throw std::runtime_error{"oops"};
            return provider_is_down();
        }));
    machine.start();
    const auto position = machine.place("ada");
    machine.place("bob");
    machine.settle();
    CHECK(others.empty());
    CHECK(machine.status("letters").at == position);
    machine.simulated.advance(1h);
    machine.settle();
    REQUIRE(called.size() == 4);
    const std::vector<Duration> waits{8s, 16s, 20s};
    for (std::size_t i = 0; i < waits.size(); ++i) {
        CHECK(called[i + 1] - called[i] <= waits[i]);
        CHECK(called[i + 1] - called[i] >= waits[i] * 3 / 4);
    }
    CHECK(others == Words{"bob"});
    const auto letters = machine.letters("letters");
    REQUIRE(letters.size() == 1);
    CHECK(letters.front().position == position);
    CHECK(letters.front().stream == "ordering-1");
    CHECK(letters.front().type == "ordering-placed");
    CHECK(letters.front().error.code == "provider-down");
    CHECK(letters.front().attempts == 4);
    CHECK(letters.front().first == called.front());
    CHECK(letters.front().last == called.back());
}

TEST_CASE("what a handler refuses is a dead letter at once, also what cannot be decoded", "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    Words heard;
    machine.subscriptions->add<exactly_once>({.name = "letters"},
                                             hearing<OrderTaken>([&](const OrderPlaced& event) -> result<void> {
                                                 heard.push_back(event.customer);
                                                 if (event.customer == "nobody") return refuse("no-such-person", "No.");
                                                 return done();
                                             }));
    machine.start();
    machine.place("nobody");
    NewEvent damaged{
        .id = machine.simulated.next(), .type = "ordering-placed", .data = "\xff\xff\xff\xff", .metadata = {}};
    machine.append("ordering-1", damaged);
    machine.place("ada");
    machine.settle();
    CHECK(heard == Words{"nobody", "ada"});
    const auto letters = machine.letters("letters");
    REQUIRE(letters.size() == 2);
    CHECK(letters[0].error.code == "no-such-person");
    CHECK(letters[1].error.kind == Failure::corrupt);
}

TEST_CASE("a subscription that is to stop stops at the event, and goes on when it is resumed, or skips the event",
          "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    Words heard;
    std::string refused = "nobody";
    machine.subscriptions->add<at_least_once>({.name = "letters", .when_given_up = GivenUp::stop},
                                              hearing<OrderTaken>([&](const OrderPlaced& event) -> result<void> {
                                                  if (event.customer == refused) return refuse("no-such-person", "No.");
                                                  heard.push_back(event.customer);
                                                  return done();
                                              }));
    machine.start();
    machine.place("ada");
    const auto stands = machine.place("nobody");
    machine.place("bob");
    machine.settle();
    CHECK(heard == Words{"ada"});
    CHECK(machine.status("letters").state == SubscriptionState::stopped);
    CHECK(machine.status("letters").at == stands);
    CHECK(machine.status("letters").error->code == "no-such-person");
    REQUIRE(machine.subscriptions->resume("letters", "once more"));
    machine.settle();
    CHECK(machine.status("letters").state == SubscriptionState::stopped);
    CHECK(code_of(machine.subscriptions->skip("letters", stands + 1, "")) == "subscription-not-at-event");
    REQUIRE(machine.subscriptions->skip("letters", stands, "there is no such person"));
    machine.settle();
    CHECK(heard == Words{"ada", "bob"});
    CHECK(machine.letters("letters").empty());
    CHECK(code_of(machine.subscriptions->resume("letters", "")) == "subscription-runs");
}

TEST_CASE("a dead letter is retried, edited, or discarded", "[messaging][subscriptions]")
{
    for (const auto promise : {at_most_once, at_least_once, exactly_once}) {
        INFO(to_string(promise));
        SubscriptionMachine machine;
        Words heard;
        const auto handlers = hearing<OrderTaken>([&](const OrderPlaced& event) -> result<void> {
            if (event.customer.empty()) return refuse("no-address", "A letter needs somebody.");
            heard.push_back(event.customer);
            return done();
        });
        const auto add      = [&] {
            if (promise == at_most_once) machine.subscriptions->add<at_most_once>({.name = "letters"}, handlers);
            if (promise == at_least_once) machine.subscriptions->add<at_least_once>({.name = "letters"}, handlers);
            if (promise == exactly_once) machine.subscriptions->add<exactly_once>({.name = "letters"}, handlers);
        };
        add();
        machine.start();
        const auto first  = machine.place("");
        const auto second = machine.place("");
        machine.settle();
        REQUIRE(machine.letters("letters").size() == 2);
        REQUIRE(machine.subscriptions->retry("letters", first, "perhaps"));
        machine.settle();
        REQUIRE(machine.letters("letters").size() == 2);
        CHECK(machine.letters("letters").front().attempts == 2);
        const auto mended = encoded<OrderTaken>(OrderPlaced{"ada", 1});
        REQUIRE(machine.subscriptions->edit("letters", first, mended.schema_version, mended.data, "it was Ada"));
        REQUIRE(machine.subscriptions->retry("letters", first, "mended"));
        machine.settle();
        CHECK(heard == Words{"ada"});
        REQUIRE(machine.subscriptions->discard("letters", second, "nobody knows"));
        CHECK(machine.letters("letters").empty());
        CHECK(code_of(machine.subscriptions->retry("letters", second, "")) == "no-such-dead-letter");
        machine.restart();
        add();
        machine.start();
        machine.settle();
        CHECK(heard == Words{"ada"});
        CHECK(machine.letters("letters").empty());
    }
}

TEST_CASE("a retry that is asked for while no subscription runs is made when it does", "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    bool is_down = true;
    Words heard;
    const auto handlers = hearing<OrderTaken>([&](const OrderPlaced& event) -> result<void> {
        if (is_down) return refuse("closed", "It is closed.");
        heard.push_back(event.customer);
        return done();
    });
    machine.subscriptions->add<at_least_once>({.name = "letters"}, handlers);
    machine.start();
    const auto position = machine.place("ada");
    machine.settle();
    machine.restart();
    is_down = false;
    machine.subscriptions->add<at_least_once>({.name = "letters"}, handlers);
    REQUIRE(machine.subscriptions->open());
    REQUIRE(machine.letters("letters").size() == 1);
    REQUIRE(machine.subscriptions->retry("letters", position, "it is open"));
    CHECK(heard.empty());
    machine.start();
    machine.settle();
    CHECK(heard == Words{"ada"});
    CHECK(machine.letters("letters").empty());
}

TEST_CASE("too many dead letters stop a subscription instead of parking the whole log", "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    int calls = 0;
    machine.subscriptions->add<at_least_once>({.name = "letters", .dead_letters_max = 3},
                                              hearing<OrderTaken>([&](const OrderPlaced&) -> result<void> {
                                                  ++calls;
                                                  return refuse("closed", "It is closed.");
                                              }));
    machine.start();
    for (int i = 0; i < 10; ++i) machine.place("ada");
    machine.settle();
    CHECK(calls == 4);
    CHECK(machine.letters("letters").size() == 3);
    CHECK(machine.status("letters").state == SubscriptionState::stopped);
    CHECK(machine.status("letters").error->code == "too-many-dead-letters");
    REQUIRE(machine.subscriptions->discard("letters", machine.letters("letters").front().position, ""));
    REQUIRE(machine.subscriptions->resume("letters", ""));
    machine.settle();
    CHECK(machine.letters("letters").size() == 3);
}

} // namespace subscription_faults_test
