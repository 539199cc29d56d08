// What a plain subscriber gets over every event store: what it asked for, first from the log and then as it comes.
#include "support/every_store.hpp"

#include <eventloom/framework/event_bus.hpp>
#include <eventloom/messaging/consumer_groups.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <future>
#include <thread>

namespace subscriptions_contract_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

using Positions = std::vector<Position>;

struct Wish {
    std::string name;
    Scope scope;
    std::vector<std::string> types = {};
};

// What subscribers may ask for.
const std::vector<Wish>& wishes()
{
    static const std::vector<Wish> all{
        {"a tag", Scope::tag("customer:ada")},
        {"two types with a tag, or another tag",
         Scope::matching({{{.types = {"placed", "paid"}, .tags = {"customer:ada"}}, {.tags = {"customer:bob"}}}})},
        {"some types of a category", Scope::category("order"), {"paid", "placed"}},
        {"a type", Scope::everything(), {"shipped"}},
        {"a stream", Scope::stream("order-2")},
    };
    return all;
}

// An event of the kinds above, or of none of them.
AppendRequest something(const Runtime& runtime, std::uint64_t number)
{
    static const std::vector<std::string> types{"placed", "paid", "shipped"};
    static const std::vector<std::vector<std::string>> tags{{}, {"customer:ada"}, {"customer:bob", "country:uk"}};
    static const std::vector<std::string> streams{"order-1", "order-2", "stock-1", "order"};
    auto event          = note_of(runtime, "x", types[number % 3]);
    event.metadata.tags = tags[number / 3 % 3];
    return to(streams[number / 9 % 4], ExpectedVersion::any(), {std::move(event)});
}

Positions wanted(const EventStore& store, const Wish& wish)
{
    Positions positions;
    for (const auto& event : read_all(store)) {
        const auto& types = wish.types;
        if (not wish.scope.contains(event)) continue;
        if (types.empty() || std::find(types.begin(), types.end(), event.type) != types.end()) {
            positions.push_back(event.position);
        }
    }
    return positions;
}

SubscriptionOptions options_of(const Wish& wish)
{
    return {.name = wish.name, .scope = wish.scope, .types = wish.types, .batch_events_max = 7};
}

TEST_CASE("every event store's subscribers get what they asked for, from the log and then live, each event once",
          "[eventstore][contract][event-bus]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    const auto& wish = GENERATE(from_range(wishes()));
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    auto store = kind.open(runtime);
    DYNAMIC_SECTION(kind.name << ": " << wish.name)
    {
        for (int i = 0; i < 200; ++i) REQUIRE(store->append(something(runtime, simulated.draw(36))));
        EventBus bus{runtime, *store.store, {.recent_events_max = 8}};
        Positions seen;
        Position reached        = 0;
        bool is_ascending       = true;
        const auto subscription = bus.subscribe(options_of(wish), [&](const Delivery& delivery) -> result<void> {
            for (const auto& event : delivery.events) seen.push_back(event.position);
            is_ascending &= delivery.position > reached;
            reached = delivery.position;
            return done();
        });
        for (int i = 0; i < 200; ++i) {
            REQUIRE(store->append(something(runtime, simulated.draw(36))));
            for (auto turns = simulated.draw(3); turns > 0; --turns) simulated.run_one();
        }
        CHECK(bus.wait_for(*subscription, 400, simulated.now() + 1h));
        const auto expected = wanted(*store.store, wish);
        CHECK(expected.size() > 20);
        CHECK(seen == expected);
        CHECK(is_ascending);
        CHECK(reached == 400);
    }
}

TEST_CASE("every event store's subscribers miss and repeat nothing while many append",
          "[eventstore][contract][event-bus][threads]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SystemExecutor executor{{.threads = 3}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    auto store = kind.open(runtime);
    DYNAMIC_SECTION(kind.name)
    {
        constexpr std::uint64_t appends_a_writer = 600;
        EventBus bus{runtime, *store.store, {.recent_events_max = 32}};
        std::vector<std::thread> writers;
        for (std::uint64_t writer = 0; writer < 3; ++writer) {
            writers.emplace_back([&, writer] {
                for (std::uint64_t i = 0; i < appends_a_writer; ++i) {
                    static_cast<void>(store->append(something(runtime, i * 5 + writer)));
                }
            });
        }
        // They come while the log grows, so each meets the hand-over at a moment of its own.
        std::vector<std::pair<const Wish*, std::unique_ptr<Positions>>> seen;
        std::vector<std::shared_ptr<Subscription>> subscriptions;
        for (std::uint64_t round = 0; round < 3; ++round) {
            executor.wait_until([&] { return store->head() >= round * appends_a_writer; }, system_clock().now() + 1min);
            for (const Wish& wish : wishes()) {
                auto& positions = *seen.emplace_back(&wish, std::make_unique<Positions>()).second;
                subscriptions.push_back(
                    bus.subscribe(options_of(wish), [&positions](const Delivery& delivery) -> result<void> {
                        for (const auto& event : delivery.events) positions.push_back(event.position);
                        return done();
                    }));
            }
        }
        for (auto& writer : writers) writer.join();
        REQUIRE(store->head() == 3 * appends_a_writer);
        for (std::size_t i = 0; i < seen.size(); ++i) {
            CHECK(bus.wait_for(*subscriptions[i], store->head(), system_clock().now() + 1min));
            subscriptions[i]->stop();
            CHECK(*seen[i].second == wanted(*store.store, *seen[i].first));
        }
    }
}

TEST_CASE(
    "a subscriber that is behind holds nothing in memory beyond the recent events, and reads the rest from the log",
    "[eventstore][contract][event-bus]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    auto store = kind.open(runtime);
    DYNAMIC_SECTION(kind.name)
    {
        std::vector<std::weak_ptr<const std::vector<RecordedEvent>>> commits;
        const auto observation = store->observe([&](const auto& commit) { commits.push_back(commit); });
        EventBus bus{runtime, *store.store, {.recent_events_max = 16}};
        Position seen           = 0;
        bool is_whole           = true;
        const auto subscription = bus.subscribe({.name = "behind"}, [&](const Delivery& delivery) -> result<void> {
            for (const auto& event : delivery.events) is_whole &= event.position == ++seen;
            return done();
        });
        for (std::uint64_t i = 0; i < 1'000; ++i) REQUIRE(store->append(something(runtime, i)));
        const auto in_memory = [&] {
            return std::count_if(commits.begin(), commits.end(),
                                 [](const auto& commit) { return not commit.expired(); });
        };
        CHECK(commits.size() == 1'000);
        CHECK(in_memory() <= 16);
        CHECK(bus.wait_for(*subscription, 1'000, simulated.now() + 1h));
        CHECK(seen == 1'000);
        CHECK(is_whole);
    }
}

TEST_CASE("a subscriber whose handler hangs holds up neither appends nor other subscribers",
          "[eventstore][contract][event-bus][threads]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SystemExecutor executor{{.threads = 2}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    auto store = kind.open(runtime);
    DYNAMIC_SECTION(kind.name)
    {
        EventBus bus{runtime, *store.store, {.recent_events_max = 16}};
        std::promise<void> may_go_on;
        bool has_hung      = false;
        Position seen      = 0;
        const auto hanging = bus.subscribe({.name = "hanging"}, [&](const Delivery& delivery) -> result<void> {
            if (not std::exchange(has_hung, true)) may_go_on.get_future().wait();
            seen += delivery.events.size();
            return done();
        });
        const auto quick   = bus.subscribe({.name = "quick"}, [](const Delivery&) -> result<void> { return done(); });
        for (std::uint64_t i = 0; i < 500; ++i) REQUIRE(store->append(something(runtime, i)));
        CHECK(bus.wait_for(*quick, 500, system_clock().now() + 1min));
        CHECK(hanging->position() == 0);
        may_go_on.set_value();
        CHECK(bus.wait_for(*hanging, 500, system_clock().now() + 1min));
        hanging->stop();
        CHECK(seen == 500);
    }
}

TEST_CASE("every event store's subscriber who is ahead of the log is told so, and is brought nothing",
          "[eventstore][contract][event-bus]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    const auto& wish = GENERATE(from_range(wishes()));
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    auto store = kind.open(runtime);
    DYNAMIC_SECTION(kind.name << ": " << wish.name)
    {
        for (int i = 0; i < 40; ++i) REQUIRE(store->append(something(runtime, simulated.draw(36))));
        EventBus bus{runtime, *store.store};
        int called         = 0;
        const auto handler = [&](const Delivery&) -> result<void> {
            ++called;
            return done();
        };
        auto ahead                = options_of(wish);
        ahead.after               = 50;
        auto at_the_end           = options_of(wish);
        at_the_end.after          = 40;
        const auto told           = bus.subscribe(ahead, handler);
        const auto waits_for_more = bus.subscribe(at_the_end, [](const Delivery&) { return done(); });
        // Before a turn of its own comes, the log grows past where it was to begin.
        for (int i = 0; i < 72; ++i) REQUIRE(store->append(something(runtime, static_cast<std::uint64_t>(i))));
        REQUIRE(told->error());
        CHECK(told->error()->kind == Failure::corrupt);
        CHECK(told->error()->code == "log-behind-checkpoint");
        CHECK(told->error()->sentence == "began the subscription " + wish.name +
                                             " at position 50 and found a log that ends at 40; the log was restored: "
                                             "make anew what was made of its events, and begin with the first");
        CHECK_FALSE(bus.wait_for(*told, 112, simulated.now() + 1h));
        CHECK(bus.wait_for(*waits_for_more, 112, simulated.now() + 1h));
        CHECK_FALSE(waits_for_more->error());
        CHECK(called == 0);
        CHECK(told->position() == 50);
    }
}

TEST_CASE("every event store's followers of a category that cannot be are told so", "[eventstore][contract][event-bus]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    auto store = kind.open(runtime);
    DYNAMIC_SECTION(kind.name)
    {
        EventBus bus{runtime, *store.store};
        const auto told = bus.subscribe({.name = "gifts", .scope = Scope::category("gift-order")},
                                        [](const Delivery&) { return done(); });
        REQUIRE(told->error());
        CHECK(told->error()->code == "invalid-category");
        const TemporaryDirectory directory;
        const auto groups = ConsumerGroups::open(runtime, *store.store, {.directory = directory.path()});
        REQUIRE(groups);
        const auto group = groups.value()->open_group({.name = "gifts", .scope = Scope::category("gift-order")});
        REQUIRE_FALSE(group);
        CHECK(group.error().code == "invalid-category");
    }
}

} // namespace subscriptions_contract_test
