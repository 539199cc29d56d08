// A topic of prices, and a machine with topics, subscriptions and a log of either engine, for tests.
//
//     TopicMachine machine{topic_engines().front()};
//     machine.topics->add<Prices>({.max_count = 1'000});
//     machine.publish("tea", 350);
//     CHECK(machine.numbers() == ...);
//
// Threads: as the simulated executor, one.
#pragma once

#include "support/counter.hpp"
#include "support/subscribing.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/messaging/topics.hpp>

#include <filesystem>
#include <numeric>

namespace eventloom::testing {

// The numbers of messages, one after the other.
inline std::vector<Position> from_to(Position first, Position last)
{
    std::vector<Position> numbers(last + 1 - first);
    std::iota(numbers.begin(), numbers.end(), first);
    return numbers;
}

struct PriceChanged {
    std::string article;
    int cents = 0;
};
struct PriceGone {
    std::string article;
};

struct Prices {
    static constexpr auto topic = "prices";
    using Messages              = messages<message<"price-changed", PriceChanged>, message<"price-gone", PriceGone>>;
};

struct TopicEngine {
    std::string name;
    std::function<std::unique_ptr<EngineKind>()> make;
};
const std::vector<TopicEngine>& topic_engines();

// What the rooms have reported, by name.
struct Reports final : Log {
    void write(LogLevel, std::string_view what, const LogFields& fields) override
    {
        for (const auto& field : fields) all.emplace(std::string{what} + "/" + std::string{field.name}, field.value);
    }
    std::vector<std::string> of(const std::string& what) const
    {
        std::vector<std::string> values;
        const auto [first, last] = all.equal_range(what);
        for (auto at = first; at != last; ++at) values.push_back(at->second);
        return values;
    }
    std::multimap<std::string, std::string> all;
};

// The bytes of all files beneath a directory.
std::uint64_t bytes_beneath(const std::string& directory);

struct TopicMachine : SimulatedMachine {
    TemporaryDirectory directory;
    Reports reports;
    const std::unique_ptr<EngineKind> kind;
    Engine engine;
    std::unique_ptr<CommandBus> commands;
    std::unique_ptr<EventBus> bus;
    std::unique_ptr<Queues> queues;
    std::unique_ptr<Topics> topics;
    std::unique_ptr<Subscriptions> subscriptions;

    explicit TopicMachine(const TopicEngine& of = topic_engines().front()) : kind{of.make()}
    {
        runtime.log = &reports;
        open();
    }
    ~TopicMachine() { close(); }

    void open()
    {
        auto opened = kind->open(runtime, {.directory = directory.path() + "/service"});
        REQUIRE(opened);
        engine        = std::move(opened.value());
        commands      = std::make_unique<CommandBus>(runtime, *engine.store);
        bus           = std::make_unique<EventBus>(runtime, *engine.store);
        queues        = std::make_unique<Queues>(runtime, *engine.store, *commands, *bus, directory.path() + "/queues");
        topics        = std::make_unique<Topics>(runtime, *engine.store, *commands, *kind, room());
        subscriptions = std::make_unique<Subscriptions>(runtime, *engine.store, *commands, *bus, *queues, topics.get());
    }
    void close()
    {
        subscriptions.reset();
        topics.reset();
        queues.reset();
        bus.reset();
        commands.reset();
        engine = {};
    }
    // What was added is to be added again.
    void restart()
    {
        close();
        open();
    }
    std::string room() const { return directory.path() + "/topics"; }

    void start()
    {
        REQUIRE(topics->start());
        REQUIRE(subscriptions->start());
    }
    void settle() { REQUIRE(subscriptions->settle(simulated.now() + std::chrono::hours{1})); }

    PublishedMessage publish(const std::string& article, int cents = 1, const MessageOptions& options = {})
    {
        const auto published = topics->publish<Prices>(PriceChanged{article, cents}, options);
        REQUIRE(published);
        return published.value();
    }
    // So many, in appends of at most 500.
    void publish_many(std::size_t count, std::size_t bytes = 10)
    {
        while (count > 0) {
            const std::vector<PriceChanged> some(std::min<std::size_t>(count, 500), {std::string(bytes, 'x'), 1});
            const auto published = topics->publish<Prices>(std::span<const PriceChanged>{some});
            REQUIRE(published);
            count -= some.size();
        }
    }
    TopicStatus status()
    {
        auto status = topics->status("prices");
        REQUIRE(status);
        return std::move(status.value());
    }
    std::vector<RecordedEvent> messages(const ReadRequest& request = {})
    {
        const auto log = topics->log_of("prices");
        REQUIRE(log);
        return read_all(*log.value(), request);
    }
    SubscriptionStatus subscription(const std::string& name)
    {
        auto status = subscriptions->status(name);
        REQUIRE(status);
        return std::move(status.value());
    }
};

} // namespace eventloom::testing
