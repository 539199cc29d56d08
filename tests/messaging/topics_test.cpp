#include "support/publishing.hpp"

#include <eventloom/framework/event_bus.hpp>

namespace topics_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

std::vector<Position> numbers_of(const std::vector<RecordedEvent>& messages)
{
    std::vector<Position> numbers;
    for (const auto& message : messages) numbers.push_back(message.position);
    return numbers;
}

TEST_CASE("messages of a topic are numbered from 1 without a gap, over segments and restarts, and are durable",
          "[messaging][topics]")
{
    for (const auto& engine : topic_engines()) {
        INFO(engine.name);
        TopicMachine machine{engine};
        machine.topics->add<Prices>({.max_count = 20'000});
        CHECK(machine.publish("tea").number == 1);
        machine.publish_many(5'000);
        CHECK(machine.status().segments == 3);
        machine.restart();
        machine.topics->add<Prices>({.max_count = 20'000});
        CHECK(machine.publish("coffee").number == 5'002);
        const auto messages = machine.messages();
        CHECK(numbers_of(messages) == from_to(1, 5'002));
        CHECK(messages.front().stream == "topic-prices");
        CHECK(messages.back().version == 5'001);
        CHECK(numbers_of(machine.messages({.from = 4'990, .limit = 3})) == from_to(4'990, 4'992));
        CHECK(machine.messages({.from = 5'003}).empty());
        const auto status = machine.status();
        CHECK(status.messages == 5'002);
        CHECK(status.first == 1);
        CHECK(status.last == 5'002);
        CHECK(status.dropped == 0);
    }
}

TEST_CASE("a topic gives nobody a message beyond its count, and drops its oldest segments", "[messaging][topics]")
{
    for (const auto& engine : topic_engines()) {
        INFO(engine.name);
        TopicMachine machine{engine};
        machine.topics->add<Prices>({.max_count = 1'500});
        machine.publish_many(4'200);
        const auto status = machine.status();
        CHECK(numbers_of(machine.messages()) == from_to(2'701, 4'200));
        CHECK(status.messages == 1'500);
        CHECK(status.dropped == 2'000);
        CHECK(status.segments == 3);
    }
}

TEST_CASE("a topic of one message keeps the last one", "[messaging][topics]")
{
    TopicMachine machine;
    machine.topics->add<Prices>({.max_count = 1});
    machine.publish("tea", 1);
    machine.publish("tea", 2);
    CHECK(numbers_of(machine.messages()) == from_to(2, 2));
}

TEST_CASE("a topic drops messages by their age, also when nothing is published", "[messaging][topics]")
{
    for (const auto& engine : topic_engines()) {
        INFO(engine.name);
        TopicMachine machine{engine};
        machine.topics->add<Prices>({.max_age = 80min});
        machine.start();
        machine.publish("tea");
        machine.simulated.advance(30min);
        machine.publish("coffee");
        machine.simulated.advance(49min);
        CHECK(machine.status().messages == 2);
        machine.simulated.advance(12min); // an eighth longer at most
        CHECK(numbers_of(machine.messages()) == from_to(2, 2));
        machine.simulated.advance(30min);
        CHECK(machine.messages().empty());
        const auto status = machine.status();
        CHECK(status.messages == 0);
        CHECK(status.first == 3);
        CHECK(status.last == 2);
        CHECK(status.dropped == 2);
        CHECK(machine.publish("milk").number == 3);
    }
}

// On the engine with files.
TEST_CASE("the room of messages comes back at once, by size and by age, also beside a reader that stands still",
          "[messaging][topics]")
{
    constexpr std::uint64_t kept_max = 4u << 20;
    TopicMachine machine;
    machine.topics->add<Prices>({.max_age = 24h, .max_bytes = kept_max});
    machine.publish_many(2'000, 1'000);
    const auto log    = machine.topics->log_of("prices");
    const auto slow   = log.value()->read({});
    const auto before = slow->next();
    REQUIRE(before);
    CHECK(before.value()->position == 1);
    std::uint64_t bytes_max = 0;
    for (int round = 0; round < 20; ++round) {
        machine.publish_many(1'000, 1'000);
        bytes_max = std::max(bytes_max, bytes_beneath(machine.room()));
    }
    const auto full = machine.status();
    CHECK(full.last == 22'000);
    CHECK(full.bytes <= kept_max);
    CHECK(full.bytes >= kept_max / 8 * 6); // and not more than it must go
    CHECK(bytes_max < kept_max + kept_max / 2);
    // It holds what it took at once; the rest up to where it was to end has gone.
    std::size_t held = 0;
    for (;; ++held) {
        const auto next = slow->next();
        REQUIRE(next);
        if (next.value() == nullptr) break;
        REQUIRE(next.value()->position == held + 2);
    }
    CHECK(held < 500);

    machine.simulated.advance(28h);
    REQUIRE(machine.topics->start()); // nothing is published
    machine.simulated.run_until_idle();
    CHECK(machine.status().messages == 0);
    CHECK(bytes_beneath(machine.room()) < (1u << 20) + 100'000); // what a log that is open writes ahead
}

TEST_CASE("a message that is published again with its id is there once, also from another segment",
          "[messaging][topics]")
{
    for (const auto& engine : topic_engines()) {
        INFO(engine.name);
        TopicMachine machine{engine};
        machine.topics->add<Prices>({.max_count = 20'000});
        const Uuid id = machine.simulated.next();
        CHECK_FALSE(machine.publish("tea", 1, {.id = id}).stood_before);
        machine.publish_many(3'000);
        const auto again = machine.publish("tea", 2, {.id = id});
        CHECK(again.stood_before);
        CHECK(again.number == 1);
        CHECK(machine.status().messages == 3'001);
    }
}

TEST_CASE("a topic whose files are missing says so, and goes on with numbers that nobody has seen",
          "[messaging][topics]")
{
    TopicMachine machine;
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
    machine.publish_many(20);
    machine.start();
    machine.settle();
    machine.close();
    std::filesystem::remove_all(machine.room()); // as after a restore: a backup has the log
    machine.open();
    add();
    machine.start();
    const auto number = machine.publish("tea").number;
    machine.settle();
    CHECK(number > 1'000'000);
    CHECK(heard.back() == number);
    CHECK(machine.reports.of("topic-segments-missing/topic") == Words{"prices"});
    CHECK(machine.subscription("board").lost == number - 21);
}

struct BadName {
    static constexpr auto topic = "../prices";
    using Messages              = Prices::Messages;
};

template <message_topic Topic>
std::string code_of(const TopicRetention& retention)
{
    TopicMachine machine{topic_engines().back()};
    machine.topics->add<Topic>(retention);
    const auto opened = machine.topics->open();
    return opened ? "" : opened.error().code;
}

TEST_CASE("a topic is refused that has a hostile name, no limit or a limit that keeps nothing", "[messaging][topics]")
{
    CHECK(code_of<BadName>({.max_count = 1}) == "invalid-topic");
    CHECK(code_of<Prices>({}) == "invalid-topic");
    CHECK(code_of<Prices>({.max_count = 0}) == "invalid-topic");
    CHECK(code_of<Prices>({.max_bytes = 0}) == "invalid-topic");
    CHECK(code_of<Prices>({.max_age = 0s}) == "invalid-topic");
    CHECK(code_of<Prices>({.max_age = 1s, .max_bytes = 1u << 20, .max_count = 1}) == "");
}

TEST_CASE("what is wrong with a topic or a message is said with a code of its own", "[messaging][topics]")
{
    TopicMachine machine{topic_engines().back()};
    const auto nowhere = machine.topics->publish<Prices>(PriceChanged{"tea", 1});
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().code == "no-such-topic");
    machine.topics->add<Prices>({.max_bytes = 1u << 20});
    const auto large = machine.topics->publish<Prices>(PriceChanged{std::string(1u << 20, 'x'), 1});
    REQUIRE_FALSE(large);
    CHECK(large.error().code == "message-too-large");
    const auto nothing = machine.topics->publish<Prices>(std::span<const PriceChanged>{});
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().code == "no-message");
    const auto fill  = [](const detail::Description&, void*) -> result<void> { return done(); };
    const auto which = machine.topics->publish("prices", "", fill);
    REQUIRE_FALSE(which);
    CHECK(which.error().code == "no-such-message-type");
    CHECK(which.error().sentence.find("price-changed, price-gone") != std::string::npos);
    const auto log = machine.topics->log_of("prices");
    REQUIRE(log);
    const auto backwards = log.value()->read({.direction = Direction::backwards})->next();
    REQUIRE_FALSE(backwards);
    CHECK(backwards.error().code == "topic-cannot");
    machine.topics->add<Prices>({.max_count = 1});
    const auto twice = machine.topics->open();
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code == "topic-added-twice");
}

} // namespace topics_test
