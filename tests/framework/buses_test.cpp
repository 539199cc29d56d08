#include "support/counter.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace buses_test {

using namespace eventloom;
using namespace eventloom::testing;

struct BusesMachine : SimulatedMachine {
    std::unique_ptr<EventStore> store = open_memory_store(runtime);
    CommandBus commands{runtime, *store};
};

const id<Counter> counter{"1"};

TEST_CASE("a command is decided on what the log holds, and its events know it", "[framework][command-bus]")
{
    BusesMachine machine;
    const auto first = machine.commands.send(counter, Add{5});
    REQUIRE(first);
    CHECK(first.value().position == 1);
    CHECK(machine.commands.send(counter, Add{2}).value().last_version == 1);
    CHECK(machine.commands.load(counter).value().value == 7);
    const auto events = read_all(*machine.store);
    CHECK(events.at(0).metadata.causation == first.value().command_id);
    CHECK(events.at(0).metadata.correlation == first.value().command_id);
}

TEST_CASE("a refusal comes back with the domain's own code and writes nothing", "[framework][command-bus]")
{
    BusesMachine machine;
    const auto answer = machine.commands.send(counter, Add{-1});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Failure::refused);
    CHECK(answer.error().code == "not-positive");
    CHECK(machine.store->head() == 0);
}

TEST_CASE("a command for an empty id is refused before anything is decided", "[framework][command-bus]")
{
    BusesMachine machine;
    const auto answer = machine.commands.send(id<Counter>{""}, Add{5});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == "empty-id");
    CHECK(answer.error().kind == Failure::invalid);
    CHECK(machine.store->head() == 0);
    CHECK(machine.commands.send(id<Counter>{"-"}, Add{5}));
}

TEST_CASE("a command that fails its own validation reaches no aggregate", "[framework][command-bus]")
{
    BusesMachine machine;
    const auto answer = machine.commands.send(counter, Add{1'000'001});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == "too-much");
}

TEST_CASE("a command sent again with its id acts once and gets the first answer",
          "[framework][command-bus][idempotency]")
{
    BusesMachine machine;
    const SendOptions options{.command_id = derived_uuid({"add", "five"})};
    const auto first = machine.commands.send(counter, Add{5}, options);
    REQUIRE(machine.commands.send(counter, Add{1}));
    const auto again = machine.commands.send(counter, Add{5}, options);
    REQUIRE((first && again));
    CHECK(again.value().repeated);
    CHECK(again.value().position == first.value().position);
    CHECK(again.value().last_version == first.value().last_version);
    CHECK(machine.commands.load(counter).value().value == 6);

    // Also one that had nothing to do.
    const SendOptions nothing{.command_id = derived_uuid({"add", "nothing"})};
    CHECK(machine.commands.send(counter, Add{0}, nothing).value().events == 0);
    CHECK(machine.commands.send(counter, Add{0}, nothing).value().repeated);

    const auto elsewhere = machine.commands.send(id<Counter>{"2"}, Add{5}, options);
    REQUIRE_FALSE(elsewhere);
    CHECK(elsewhere.error().code == "command-id-taken");
}

TEST_CASE("a command that meets another writer is decided again on what that one wrote", "[framework][command-bus]")
{
    BusesMachine machine;
    CommandBus other{machine.runtime, *machine.store};
    int interruptions = 3;
    unsigned attempts = 0;
    // Between reading and appending somebody else writes: innermost middleware is too early, so decide does it.
    Interruption::run = [&] {
        ++attempts;
        if (interruptions-- > 0) REQUIRE(other.send(counter, Add{10}));
    };
    const auto answer = machine.commands.send(counter, AddSlowly{1});
    Interruption::run = nullptr;
    REQUIRE(answer);
    CHECK(attempts == 4);
    CHECK(machine.commands.load(counter).value().value == 31);
}

TEST_CASE("a conflict that does not end is given back after the last attempt", "[framework][command-bus]")
{
    BusesMachine machine;
    CommandBus impatient{machine.runtime, *machine.store, {.attempts = 2}};
    CommandBus other{machine.runtime, *machine.store};
    Interruption::run = [&] { REQUIRE(other.send(counter, Add{10})); };
    const auto answer = impatient.send(counter, AddSlowly{1});
    Interruption::run = nullptr;
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Failure::conflict);
}

TEST_CASE("middleware sees every command, its name, and how it ended", "[framework][command-bus]")
{
    BusesMachine machine;
    std::vector<std::string> seen;
    machine.commands.use(timing(machine.simulated, [&](const CommandTiming& timing) {
        seen.push_back(std::string{timing.command} + ":" + std::string{timing.code});
    }));
    static_cast<void>(machine.commands.send(counter, Add{5}));
    static_cast<void>(machine.commands.send(counter, Add{-1}));
    CHECK(seen == std::vector<std::string>{"Add:", "Add:not-positive"});
}

TEST_CASE("a subscriber gets every event once, in order, from the log and then live", "[framework][event-bus]")
{
    BusesMachine machine;
    for (int i = 0; i < 700; ++i) REQUIRE(machine.commands.send(counter, Add{1}));
    EventBus bus{machine.runtime, *machine.store, {.recent_events_max = 16}};
    std::vector<Position> seen;
    const auto subscription = bus.subscribe({.name = "all", .batch_events_max = 10}, [&](const Delivery& delivery) {
        for (const auto& event : delivery.events) seen.push_back(event.position);
        return result<void>{done()};
    });
    for (int i = 0; i < 300; ++i) {
        REQUIRE(machine.commands.send(counter, Add{1}));
        if (machine.simulated.draw(3) == 0) machine.simulated.run_one();
    }
    CHECK(bus.wait_for(*subscription, 1000, machine.simulated.now() + std::chrono::hours{1}));
    REQUIRE(seen.size() == 1000);
    for (std::size_t i = 0; i < seen.size(); ++i) REQUIRE(seen[i] == i + 1);
}

TEST_CASE("a subscriber hears only what it asked for, and its position passes the rest", "[framework][event-bus]")
{
    BusesMachine machine;
    EventBus bus{machine.runtime, *machine.store};
    int added               = 0;
    const auto subscription = bus.on<Counter, Added>({.name = "adds"}, [&](const Added& event, const RecordedEvent&) {
        added += event.amount;
        return result<void>{done()};
    });
    REQUIRE(machine.store->append(to("other-1", ExpectedVersion::any(), {note_of(machine.runtime, "x")})));
    REQUIRE(machine.commands.send(counter, Add{5}));
    REQUIRE(machine.store->append(to("other-1", ExpectedVersion::any(), {note_of(machine.runtime, "y")})));
    CHECK(bus.wait_for(*subscription, 3, machine.simulated.now() + std::chrono::hours{1}));
    CHECK(added == 5);
}

TEST_CASE("a handler's error stops its subscription and no other", "[framework][event-bus]")
{
    BusesMachine machine;
    EventBus bus{machine.runtime, *machine.store};
    const auto failing = bus.subscribe({.name = "failing"}, [](const Delivery&) {
        return result<void>{fail(Failure::invalid, "no-taste", "I do not like this event.")};
    });
    const auto well    = bus.subscribe({.name = "well"}, [](const Delivery&) { return result<void>{done()}; });
    REQUIRE(machine.commands.send(counter, Add{5}));
    CHECK_FALSE(bus.wait_for(*failing, 1, machine.simulated.now() + std::chrono::hours{1}));
    CHECK(bus.wait_for(*well, 1, machine.simulated.now() + std::chrono::hours{1}));
    REQUIRE(failing->error());
    CHECK(failing->error()->code == "no-taste");
    CHECK_FALSE(well->error());
}

TEST_CASE("a subscription that was let go is called no more", "[framework][event-bus]")
{
    BusesMachine machine;
    EventBus bus{machine.runtime, *machine.store};
    int calls         = 0;
    auto subscription = bus.subscribe({.name = "short"}, [&](const Delivery&) {
        ++calls;
        return result<void>{done()};
    });
    REQUIRE(machine.commands.send(counter, Add{5}));
    subscription.reset();
    machine.simulated.run_until_idle();
    CHECK(calls == 0);
}

TEST_CASE("subscribers on many threads each see the whole log in order", "[framework][event-bus][threads]")
{
    SystemExecutor executor{{.threads = 4}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    const auto store = open_memory_store(runtime);
    EventBus bus{runtime, *store, {.recent_events_max = 64}};
    std::vector<std::vector<Position>> seen(4);
    std::vector<std::shared_ptr<Subscription>> subscriptions;
    for (auto& positions : seen) {
        subscriptions.push_back(bus.subscribe({.name = "one"}, [&positions](const Delivery& delivery) {
            for (const auto& event : delivery.events) positions.push_back(event.position);
            return result<void>{done()};
        }));
    }
    for (int i = 0; i < 2000; ++i) {
        REQUIRE(store->append(to("a-1", ExpectedVersion::any(), {note_of(runtime, "x")})));
    }
    for (std::size_t i = 0; i < seen.size(); ++i) {
        REQUIRE(bus.wait_for(*subscriptions[i], 2000, system_clock().now() + std::chrono::minutes{1}));
        subscriptions[i]->stop();
        REQUIRE(seen[i].size() == 2000);
        for (std::size_t at = 0; at < 2000; ++at) REQUIRE(seen[i][at] == at + 1);
    }
}

// Another state over the streams of counters.
struct Abacus {
    static constexpr auto category = "counter";
    using Events                   = events<event<"counter-added", Added>>;
    std::vector<std::string> beads;
};

Abacus evolve(Abacus abacus, const Added&)
{
    abacus.beads.emplace_back("a bead");
    return abacus;
}

result<Added> decide(const Add& command, const Abacus&)
{
    return Added{command.amount};
}

TEST_CASE("a second aggregate of one category is refused, whoever comes first, and is told whose it is",
          "[framework][command-bus]")
{
    BusesMachine machine;
    const id<Abacus> abacus{"1"};
    SECTION("the one first")
    {
        REQUIRE(machine.commands.send(counter, Add{5}));
        const auto refused = machine.commands.send(abacus, Add{5});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == Failure::invalid);
        CHECK(refused.error().code == "category-taken");
        CHECK(refused.error().sentence ==
              "asked for buses_test::Abacus of the category \"counter\" and found that this category is of "
              "eventloom::testing::Counter; give each its own category");
        CHECK(machine.commands.load(abacus).error().code == "category-taken");
        CHECK(machine.commands.load(counter).value().value == 5);
    }
    SECTION("the other first, and another stream")
    {
        REQUIRE(machine.commands.load(abacus));
        CHECK(machine.commands.send(counter, Add{5}).error().code == "category-taken");
        CHECK(machine.commands.load(id<Counter>{"2"}).error().code == "category-taken");
    }
    CHECK(machine.store->head() <= 1);
}

TEST_CASE("recent events are let go of only where appends can be held meanwhile", "[framework][event-bus]")
{
    // An engine that knows nothing of holding appends.
    class Plain final : public EventStore {
    public:
        explicit Plain(EventStore& store) : store_{store} {}
        result<Appended> append(const AppendRequest& request) override { return store_.append(request); }
        void append(AppendRequest request, AppendCompletion done) override { store_.append(std::move(request), done); }
        std::unique_ptr<EventCursor> read(const ReadRequest& request) const override { return store_.read(request); }
        result<std::optional<RecordedEvent>> find_event(const Uuid& id) const override { return store_.find_event(id); }
        result<std::uint64_t> stream_length(std::string_view of) const override { return store_.stream_length(of); }
        result<std::vector<std::string>> stored_types() const override { return store_.stored_types(); }
        result<std::optional<CommandRecord>> find_command(const Uuid& id) const override
        {
            return store_.find_command(id);
        }
        Position head() const override { return store_.head(); }
        Observation observe(CommitObserver observer) override { return store_.observe(std::move(observer)); }

    private:
        EventStore& store_;
    };
    BusesMachine machine;
    CHECK(EventBus{machine.runtime, *machine.store}.forget_recent());
    Plain plain{*machine.store};
    const auto refused = EventBus{machine.runtime, plain}.forget_recent();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "appends-not-held");
}

} // namespace buses_test
