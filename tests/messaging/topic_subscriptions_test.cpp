// What subscriptions hear of topics, and publish to them.
#include "support/publishing.hpp"

namespace topic_subscriptions_test {

using namespace eventloom;
using namespace eventloom::testing;
using Words = std::vector<std::string>;

// Notes what it was told.
struct Board {
    Words articles;
    Words gone;

    auto hears()
    {
        return hearing<Prices>(
            [this](const PriceChanged& message) -> result<void> {
                articles.push_back(message.article);
                return done();
            },
            [this](const PriceGone& message, const Heard& heard) -> result<void> {
                CHECK_FALSE(heard.key.is_nil());
                gone.push_back(message.article);
                return done();
            });
    }
};

template <Promise Kept>
void check_hears(const TopicEngine& engine)
{
    INFO(engine.name << ", " << to_string(Kept));
    TopicMachine machine{engine};
    Board board;
    const auto add = [&] {
        machine.topics->add<Prices>({.max_count = 1'000});
        machine.subscriptions->add<Kept>({.name = "board"}, board.hears());
    };
    add();
    machine.publish("tea");
    machine.start();
    REQUIRE(machine.topics->publish<Prices>(PriceGone{"tea"}));
    machine.publish("milk");
    machine.settle();
    CHECK(board.articles == Words{"tea", "milk"});
    CHECK(board.gone == Words{"tea"});
    machine.restart();
    add();
    machine.publish("coffee");
    machine.start();
    machine.settle();
    CHECK(board.articles == Words{"tea", "milk", "coffee"});
    const auto status = machine.subscription("board");
    CHECK(status.topic == "prices");
    CHECK(status.position == 4);
    CHECK(status.lag == 0);
    CHECK(status.lost == 0);
}

TEST_CASE("a subscription hears each message of a topic, and goes on after a restart, with each promise",
          "[messaging][topics]")
{
    for (const auto& engine : topic_engines()) {
        check_hears<at_most_once>(engine);
        check_hears<at_least_once>(engine);
        check_hears<exactly_once>(engine);
    }
}

TEST_CASE("a subscription that lags beyond what a topic keeps is told what it has lost, once", "[messaging][topics]")
{
    for (const auto& engine : topic_engines()) {
        INFO(engine.name);
        TopicMachine machine{engine};
        std::vector<Position> heard;
        const auto add = [&] {
            machine.topics->add<Prices>({.max_count = 1'000});
            machine.subscriptions->add<at_least_once>(
                {.name = "board"}, hearing<Prices>([&](const PriceChanged&, const Heard& message) -> result<void> {
                    heard.push_back(message.event.position);
                    return done();
                }));
        };
        add();
        machine.start();
        machine.publish_many(10);
        machine.settle();
        machine.restart(); // it is away
        machine.topics->add<Prices>({.max_count = 1'000});
        machine.publish_many(3'000);
        machine.restart();
        add();
        machine.start();
        machine.settle();
        auto expected   = from_to(1, 10);
        const auto rest = from_to(2'011, 3'010);
        expected.insert(expected.end(), rest.begin(), rest.end());
        CHECK(heard == expected);
        CHECK(machine.subscription("board").lost == 2'000);
        CHECK(machine.reports.of("subscription-lost-messages/from") == Words{"11"});
        CHECK(machine.reports.of("subscription-lost-messages/to") == Words{"2010"});
        CHECK(machine.reports.of("subscription-lost-messages/subscription") == Words{"board"});
        machine.restart();
        add();
        machine.start();
        machine.settle();
        CHECK(machine.subscription("board").lost == 2'000);
        CHECK(machine.reports.of("subscription-lost-messages/from").size() == 1);
    }
}

TEST_CASE("a subscription loses nothing to what a topic has dropped before it began", "[messaging][topics]")
{
    TopicMachine machine;
    Board board;
    machine.topics->add<Prices>({.max_count = 2});
    for (const auto* article : {"tea", "milk", "coffee"}) machine.publish(article);
    machine.subscriptions->add<at_least_once>({.name = "board"}, board.hears());
    machine.start();
    machine.settle();
    CHECK(board.articles == Words{"milk", "coffee"});
    CHECK(machine.subscription("board").lost == 0);
}

TEST_CASE("effects publish a message once, with the events that a handler answers", "[messaging][topics]")
{
    for (const auto& engine : topic_engines()) {
        INFO(engine.name);
        TopicMachine machine{engine};
        Board board;
        machine.topics->add<Prices>({.max_count = 1'000});
        machine.subscriptions->add<exactly_once>(
            {.name = "prices"}, hearing<OrderTaken>([](const OrderPlaced& event) -> result<Effects> {
                return effects()
                    .append(id<Counter>{event.customer}, ExpectedVersion::any(), Added{1})
                    .publish<Prices>(PriceChanged{event.customer, event.amount});
            }));
        machine.subscriptions->add<at_least_once>({.name = "board"}, board.hears());
        machine.start();
        NewEvent placed = encoded<OrderTaken>(OrderPlaced{"ada", 7});
        placed.id       = machine.simulated.next();
        REQUIRE(machine.engine.store->append(to("ordering-1", ExpectedVersion::any(), {placed})));
        machine.settle();
        machine.settle();
        CHECK(board.articles == Words{"ada"});
        const auto messages = machine.messages();
        REQUIRE(messages.size() == 1);
        CHECK(messages.front().metadata.causation == placed.id);
        CHECK(read_all(*machine.engine.store, {.scope = Scope::category("counter")}).size() == 1);
    }
}

TEST_CASE("a message of effects to an unknown topic is a dead letter, and nothing of its effects is written",
          "[messaging][topics]")
{
    TopicMachine machine;
    machine.subscriptions->add<exactly_once>(
        {.name = "prices"}, hearing<OrderTaken>([](const OrderPlaced& event) -> result<Effects> {
            return effects()
                .append(id<Counter>{event.customer}, ExpectedVersion::any(), Added{1})
                .publish<Prices>(PriceChanged{event.customer, event.amount});
        }));
    machine.start();
    NewEvent placed = encoded<OrderTaken>(OrderPlaced{"ada", 7});
    placed.id       = machine.simulated.next();
    REQUIRE(machine.engine.store->append(to("ordering-1", ExpectedVersion::any(), {placed})));
    machine.settle();
    const auto letters = machine.subscriptions->dead_letters("prices");
    REQUIRE(letters);
    REQUIRE(letters.value().size() == 1);
    CHECK(letters.value().front().error.code == "no-such-topic");
    CHECK(read_all(*machine.engine.store, {.scope = Scope::category("counter")}).empty());
}

TEST_CASE("a subscription that hears a topic and the log, or an unknown topic, does not start", "[messaging][topics]")
{
    Board board;
    const auto hears_order = [] {
        return hearing<OrderTaken>([](const OrderPlaced&) -> result<void> { return done(); });
    };
    {
        TopicMachine machine{topic_engines().back()};
        machine.subscriptions->add<at_least_once>({.name = "board"}, board.hears(), hears_order());
        const auto started = machine.subscriptions->start();
        REQUIRE_FALSE(started);
        CHECK(started.error().code == "invalid-subscription");
    }
    TopicMachine machine{topic_engines().back()};
    machine.subscriptions->add<at_least_once>({.name = "board"}, board.hears());
    const auto started = machine.subscriptions->start();
    REQUIRE_FALSE(started);
    CHECK(started.error().code == "no-such-topic");
}

} // namespace topic_subscriptions_test
