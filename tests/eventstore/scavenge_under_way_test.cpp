// What happens while a scavenge goes on, and after one that was ended.
#include "eventstore/scavenged_log.hpp"

namespace scavenge_test {

TEST_CASE("a dry run of a scavenge says what would go, and changes nothing", "[eventstore][scavenge]")
{
    ScavengeMachine machine;
    const auto store = machine.open();
    machine.fill(*store);
    machine.limit(*store);
    const auto before = views_of(*store);
    const auto would  = store->scavenge({.dry_run = true});
    REQUIRE(would);
    CHECK(views_of(*store) == before);
    CHECK(store->info().value().gone == 0);
    CHECK(would.value().bytes_after == would.value().bytes_before);
    const auto does = store->scavenge({});
    REQUIRE(does);
    CHECK(does.value().events == would.value().events);
    CHECK(does.value().bytes == would.value().bytes);
    CHECK(does.value().streams == would.value().streams);
}

// A scavenge takes several steps to go through this.
void append_large(const ScavengeMachine& machine, LevelDbStore& store)
{
    for (int i = 0; i < 40; ++i) {
        const auto large = note_of(machine.runtime, std::string(400'000, 'L'));
        REQUIRE(store.append(to("large-1", ExpectedVersion::any(), {large})));
    }
}

TEST_CASE("a scavenge that is ended goes on where it was, and spares what was given back meanwhile",
          "[eventstore][scavenge]")
{
    ScavengeMachine machine;
    auto store = machine.open();
    append_large(machine, *store);
    machine.fill(*store);
    machine.limit(*store);
    REQUIRE(delete_stream(*store, machine.runtime.ids, "large-1"));
    const auto before = views_of(*store);
    int asked         = 0;
    const auto ended  = store->scavenge({}, [&](Position) -> result<void> {
        if (++asked < 3) return done();
        return fail(Failure::unavailable, "interrupted", "Nobody wants it any more.");
    });
    REQUIRE_FALSE(ended);
    CHECK(ended.error().code == "interrupted");
    CHECK(store->info().value().scavenge_is_unfinished);
    CHECK(store->info().value().gone > 0);
    CHECK(first_finding(*store).empty());
    store.reset();
    store = machine.open();
    CHECK(first_finding(*store).empty());
    REQUIRE(set_stream_limits(*store, machine.runtime.ids, name_of(1), {}));
    const auto resumed = store->scavenge({});
    REQUIRE(resumed);
    CHECK(resumed.value().resumed);
    CHECK_FALSE(store->info().value().scavenge_is_unfinished);
    auto expected = before.at("everything");
    std::erase_if(expected, [](const RecordedEvent& event) {
        return event.stream == "large-1" || (ScavengeMachine::goes(event) && event.stream != name_of(1));
    });
    auto found = read_all(*store);
    std::erase_if(found,
                  [&](const RecordedEvent& event) { return event.position > before.at("everything").back().position; });
    CHECK(found == expected);
    CHECK(first_finding(*store).empty());
}

void append_late(const ScavengeMachine& machine, LevelDbStore& store, int events)
{
    for (int i = 0; i < events; ++i) {
        REQUIRE(store.append(to("late-1", ExpectedVersion::any(), {note_of(machine.runtime, std::to_string(i))})));
    }
}

void run_all_tasks(ScavengeMachine& machine)
{
    int tasks = 0;
    while (machine.simulated.run_one()) REQUIRE(++tasks < 1'000);
}

Texts versions_of(const LevelDbStore& store, const std::string& stream)
{
    Texts versions;
    for (const auto& event : read_all(store, {.scope = Scope::stream(stream)})) {
        versions.push_back(std::to_string(event.version));
    }
    return versions;
}

TEST_CASE("what is appended while a scavenge goes on does not make it take out more", "[eventstore][scavenge]")
{
    ScavengeMachine machine;
    const auto store = machine.open();
    append_large(machine, *store);
    append_late(machine, *store, 5);
    auto& ids = machine.runtime.ids;
    REQUIRE(set_stream_limits(*store, ids, "late-1", {.max_count = 3}));
    int asked         = 0;
    const auto report = store->scavenge({}, [&](Position) -> result<void> {
        if (++asked > 1) return done();
        BOOST_OUTCOME_TRY(set_stream_limits(*store, ids, "late-1", {}));
        // So many that the index on disk has them before the scavenge comes to the stream.
        append_late(machine, *store, 150);
        run_all_tasks(machine);
        return done();
    });
    REQUIRE(report);
    CHECK(asked > 1);
    CHECK(store->info().value().indexed > 100);
    CHECK(report.value().events == 2);
    const auto left = versions_of(*store, "late-1");
    REQUIRE(left.size() == 153);
    CHECK(left.front() == "2");
}

TEST_CASE("clusters wait while a scavenge goes on, without a task that asks again and again", "[eventstore][scavenge]")
{
    ScavengeMachine machine;
    const auto store = machine.open();
    append_late(machine, *store, 200);
    REQUIRE(set_stream_limits(*store, machine.runtime.ids, "late-1", {.max_count = 10}));
    int asked         = 0;
    const auto report = store->scavenge({}, [&](Position) -> result<void> {
        ++asked;
        append_late(machine, *store, 200);
        run_all_tasks(machine);
        CHECK(store->info().value().clustered == 0);
        return done();
    });
    REQUIRE(report);
    CHECK(asked > 0);
    machine.simulated.advance(1min);
    CHECK(store->info().value().clustered >= 350);
    CHECK(first_finding(*store).empty());
}

TEST_CASE("a scavenge that goes on takes what is asked of a stream as it was when it went on", "[eventstore][scavenge]")
{
    ScavengeMachine machine;
    const auto store = machine.open();
    append_large(machine, *store);
    append_late(machine, *store, 5);
    auto& ids = machine.runtime.ids;
    REQUIRE(delete_stream(*store, ids, "large-1"));
    REQUIRE(delete_stream(*store, ids, "late-1"));
    int asked = 0;
    REQUIRE_FALSE(store->scavenge({}, [&](Position) -> result<void> {
        if (++asked < 3) return done();
        return fail(Failure::unavailable, "interrupted", "Nobody wants it any more.");
    }));
    REQUIRE(set_stream_limits(*store, ids, "late-1", {}));
    asked              = 0;
    const auto resumed = store->scavenge(
        {}, [&](Position) -> result<void> { return ++asked == 1 ? delete_stream(*store, ids, "late-1") : done(); });
    REQUIRE(resumed);
    CHECK(resumed.value().resumed);
    CHECK(asked > 1);
    REQUIRE(set_stream_limits(*store, ids, "late-1", {}));
    CHECK(versions_of(*store, "late-1") == Texts{"0", "1", "2", "3", "4"});
}

TEST_CASE("a scavenge keeps to its bytes a second, and is asked meanwhile whether it is wanted",
          "[eventstore][scavenge]")
{
    ScavengeMachine machine;
    const auto store = machine.open();
    for (int i = 0; i < 20; ++i) {
        const auto large = note_of(machine.runtime, std::string(400'000, 'L'));
        REQUIRE(store->append(to("large-1", ExpectedVersion::any(), {large})));
    }
    REQUIRE(delete_stream(*store, machine.runtime.ids, "large-1"));
    const auto began = machine.simulated.now();
    int asked        = 0;
    REQUIRE(store->scavenge({.bytes_per_second = 1'000'000}, [&](Position) -> result<void> {
        ++asked;
        return done();
    }));
    CHECK(machine.simulated.now() - began >= 8s); // eight megabytes were read
    CHECK(asked >= 80);
}

} // namespace scavenge_test
