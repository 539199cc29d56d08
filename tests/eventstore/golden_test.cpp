// Stores that were written by every released format, as they lie in tests/golden, are read by this program.
#include "golden/golden_store.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/eventstore/repair.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

namespace golden_test {

using namespace eventloom;
using namespace eventloom::testing;

struct GoldenMachine {
    SimulatedExecutor simulated{1, golden::first_moment()};
    Runtime runtime{simulated, simulated, simulated, system_files()};
};

// What must be in it, as the store in memory has it.
struct Twin : GoldenMachine {
    std::unique_ptr<EventStore> store = open_memory_store(runtime);
    Twin() { REQUIRE(golden::write_events(*store, simulated)); }
};

bool contains(const std::vector<RecordedEvent>& events, const RecordedEvent& event)
{
    return std::find(events.begin(), events.end(), event) != events.end();
}

// What a scavenge leaves.
std::vector<RecordedEvent> seen_by_readers_of_streams(const EventStore& store)
{
    auto events = read_all(store);
    std::erase_if(events, [&](const RecordedEvent& event) {
        return not contains(read_all(store, {.scope = Scope::stream(event.stream)}), event);
    });
    return events;
}

TEST_CASE("a golden store of each format is opened, verified, read whole and appended to", "[eventstore][versions]")
{
    const auto format = GENERATE(as<std::string>{}, "format-2", "format-3");
    const TemporaryDirectory scratch;
    const auto directory = scratch.path() + "/store";
    std::filesystem::copy(std::string{GOLDEN_STORES} + "/" + format, directory,
                          std::filesystem::copy_options::recursive);
    Twin twin;
    if (format == "format-3") REQUIRE(golden::hide_events(*twin.store));
    GoldenMachine machine;
    machine.simulated.advance(std::chrono::hours{24});
    const auto expected = seen_by_readers_of_streams(*twin.store);
    const auto head     = twin.store->head();
    REQUIRE(head > 70);
    {
        const auto opened = LevelDbStore::open(machine.runtime, {.directory = directory, .create_if_missing = false});
        REQUIRE(opened);
        LevelDbStore& store = *opened.value();
        const auto report   = store.verify();
        INFO((report && not report.value().findings.empty() ? report.value().findings.front().sentence : ""));
        CHECK((report && report.value().findings_total == 0));
        CHECK(report.value().events == head);
        CHECK(store.info().value().gone == head - expected.size());
        CHECK(read_all(store) == expected);
        for (const auto& scope : {Scope::stream("order-0"), Scope::category("order"), Scope::type("goods-reserved"),
                                  Scope::tag("caf\u00e9"), Scope::tag("course:c4")}) {
            auto found = read_all(*twin.store, {.scope = scope});
            std::erase_if(found, [&](const auto& event) { return not contains(expected, event); });
            CHECK(read_all(store, {.scope = scope}) == found);
        }
        for (const RecordedEvent& event : expected) CHECK(store.find_event(event.id).value() == event);
        for (unsigned command = 0; command < golden::commands; ++command) {
            const auto id = golden::command_id(command);
            CHECK(store.find_command(id).value() == twin.store->find_command(id).value());
        }
        // Everything once more: known by its ids, and so written once.
        REQUIRE(golden::write_events(store, machine.simulated));
        CHECK(store.head() == head);
        REQUIRE(store.append(to("order-0", ExpectedVersion::exactly(twin.store->stream_length("order-0").value() - 1),
                                {note_of(machine.runtime, "written by a later program")})));
    }
    const auto again = LevelDbStore::open(machine.runtime, {.directory = directory});
    REQUIRE(again);
    CHECK(again.value()->verify().value().findings_total == 0);
    CHECK(again.value()->head() == head + 1);
}

TEST_CASE("a golden store without its index gets the same one again from its log", "[eventstore][versions]")
{
    const auto format = GENERATE(as<std::string>{}, "format-2", "format-3");
    const TemporaryDirectory scratch;
    const auto directory = scratch.path() + "/store";
    std::filesystem::copy(std::string{GOLDEN_STORES} + "/" + format, directory,
                          std::filesystem::copy_options::recursive);
    std::filesystem::remove_all(directory + "/index");
    const GoldenMachine machine;
    const auto repaired = repair_store(machine.runtime, directory);
    REQUIRE(repaired);
    CHECK(repaired.value().mended == std::vector<std::string>{"index"});
}

} // namespace golden_test
