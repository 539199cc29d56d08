// What handlers answer, and how many appends it takes.
#include "support/subscribing.hpp"

#include "subscriptions/facts.hpp"

namespace subscription_effects_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

TEST_CASE("a handler that answers nothing costs no append of its own: many events share a position",
          "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    NotedOrders noted;
    machine.subscriptions->add<at_least_once>({.name = "letters"}, noted.placed());
    for (int i = 0; i < 500; ++i) machine.place("ada");
    machine.start();
    machine.settle();
    machine.simulated.advance(1s);
    CHECK(noted.customers.size() == 500);
    const auto kept = machine.store->stream_length("followed-letters");
    REQUIRE(kept);
    CHECK(kept.value() <= 4); // its beginning, and some positions
    // Only the last one is of use.
    CHECK(read_all(*machine.store.store, {.scope = Scope::stream("followed-letters")}).size() == 1);
}

TEST_CASE("what a handler answers is one append with the position, and its jobs are worked on",
          "[messaging][subscriptions]")
{
    for (const auto& kind : every_store()) {
        INFO(kind.name);
        SubscriptionMachine machine{kind};
        Words mails;
        machine.queues->add<Mailing>(
            {}, [&](const SendMail& mail) -> result<void> { return mails.push_back(mail.to), done(); },
            [](const WriteStatement&) -> result<void> { return done(); });
        machine.subscriptions->add<exactly_once>(
            {.name = "points"}, hearing<OrderTaken>([](const OrderPlaced& event) -> result<Effects> {
                return effects()
                    .append(id<Counter>{event.customer}, ExpectedVersion::any(), Added{event.amount})
                    .enqueue<Mailing>(SendMail{event.customer, "points"});
            }));
        REQUIRE(machine.queues->start());
        machine.start();
        const auto cause = machine.place("ada", 10);
        machine.settle();
        REQUIRE(machine.queues->settle(machine.simulated.now() + 1h));
        CHECK(mails == Words{"ada"});
        const auto events = read_all(*machine.store.store, {.from = cause});
        const auto at     = [&](const std::string& type) {
            for (const auto& event : events) {
                if (event.type == type) return event;
            }
            return RecordedEvent{};
        };
        CHECK(at("followed-to").position == at("counter-added").position + 2);
        CHECK(at("send-mail").position == at("counter-added").position + 1);
        CHECK(at("counter-added").metadata.causation == events.front().id);
    }
}

TEST_CASE("an answer that expects another version is a fault, and is made again on what stands there then",
          "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    int calls = 0;
    machine.subscriptions->add<exactly_once>(
        {.name = "points", .first_wait = 1s}, hearing<OrderTaken>([&](const OrderPlaced& event) -> result<Effects> {
            const auto length = machine.store->stream_length("counter-ada").value();
            if (++calls == 1) {
                NewEvent other = encoded<Counter>(Added{1});
                other.id       = machine.simulated.next();
                machine.append("counter-ada", other); // somebody else was faster
            }
            return effects().append(id<Counter>{"ada"}, ExpectedVersion::after(length), Added{event.amount});
        }));
    machine.start();
    machine.place("ada", 10);
    machine.settle();
    CHECK(machine.status("points").error->code == "wrong-expected-version");
    machine.simulated.advance(2s);
    machine.settle();
    CHECK(calls == 2);
    CHECK(machine.store->stream_length("counter-ada").value() == 2);
    CHECK(machine.status("points").lag == 0);
}

TEST_CASE("effects of many events are one append where the options say so, and one that fails does not take the others "
          "with it",
          "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    machine.subscriptions->add<exactly_once>(
        {.name = "points", .at_once = 64}, hearing<OrderTaken>([&](const OrderPlaced& event) -> result<Effects> {
            if (event.customer == "nobody") return refuse("no-such-person", "No.");
            // One that stands in an append with others, and is not as expected.
            const auto expected = event.customer == "late" ? ExpectedVersion::no_stream() : ExpectedVersion::any();
            return effects().append(id<Counter>{"all"}, expected, Added{event.amount});
        }));
    for (int i = 0; i < 200; ++i) machine.place(i == 70 ? "nobody" : i == 100 ? "late" : "ada");
    machine.start();
    machine.settle();
    machine.simulated.advance(24h * 365);
    machine.settle();
    CHECK(read_all(*machine.store.store, {.scope = Scope::stream("counter-all")}).size() == 198);
    CHECK(machine.letters("points").size() == 2);
    CHECK(machine.store->stream_length("followed-points").value() < 40);
}

} // namespace subscription_effects_test
