#include "support/subscribing.hpp"

#include "subscriptions/facts.hpp"
#include "subscriptions/heard_scope.hpp"

#include <eventloom/framework/stream_limits.hpp>

#include <set>

namespace subscriptions_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

// Notes whom it was told of.
struct Noted {
    Words customers;
    std::vector<Uuid> keys;

    auto placed()
    {
        return hearing<OrderTaken>([this](const OrderPlaced& event, const Heard& heard) -> result<void> {
            customers.push_back(event.customer);
            keys.push_back(heard.key);
            return done();
        });
    }
};

TEST_CASE("a subscription hears each event of its kind once, in the order of the log, and goes on after a restart",
          "[messaging][subscriptions]")
{
    for (const auto& kind : every_store()) {
        for (const auto promise : {at_most_once, at_least_once, exactly_once}) {
            INFO(kind.name << ", " << to_string(promise));
            SubscriptionMachine machine{kind};
            Noted noted;
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
    Noted noted;
    Noted late;
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

TEST_CASE("a paused subscription handles nothing, also after a restart, until it is resumed or the pause ends",
          "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    Noted noted;
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

TEST_CASE("where a subscription begins counts once, when it starts for the first time", "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    Noted now;
    Noted after;
    Noted at;
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

TEST_CASE("a subscription hears what its scope, its pattern and its handlers say, and decodes nothing else",
          "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    Noted all;
    Noted tagged;
    Noted north;
    Noted stream;
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

TEST_CASE("a handler that answers nothing costs no append of its own: many events share a position",
          "[messaging][subscriptions]")
{
    SubscriptionMachine machine;
    Noted noted;
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

TEST_CASE("what cannot be a subscription is refused when they start, by name", "[messaging][subscriptions]")
{
    Noted noted;
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
    Noted noted;
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
