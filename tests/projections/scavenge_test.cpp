// Rows and a log of which something is taken out.
#include "support/counter.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/projections/detail/projections.hpp>
#include <eventloom/projections/projection.hpp>

#include <catch2/catch.hpp>

namespace scavenged_rows_test {

using namespace eventloom;
using namespace eventloom::testing;
using CounterId = id<Counter>;

struct Score {
    std::int64_t value = 0;
    std::int64_t adds  = 0;
};

Projected<CounterId, Score> scores()
{
    return projection<CounterId, Score>("scores", 1, [](Score& row, const Added& event) {
        row.value += event.amount;
        ++row.adds;
    });
}

// Which streams were deleted, heard like any other event.
struct Farewell {
    std::uint64_t events = 0;
};
struct StreamName {
    std::string value;

    friend auto operator<=>(const StreamName&, const StreamName&) = default;
};
Projected<StreamName, Farewell> farewells()
{
    return projection<StreamName, Farewell>(
        "farewells", 1, from<StreamSettings>(),
        [](Rows<StreamName, Farewell>& rows, const StreamDeleted& event, const RecordedEvent& where) {
            rows.update({where.stream}).events = event.events;
        });
}

struct ScavengeMachine : SimulatedMachine {
    TemporaryDirectory directory;
    std::unique_ptr<LevelDbStore> store =
        std::move(LevelDbStore::open(runtime, {.directory = directory.path() + "/log"}).value());
    CommandBus commands{runtime, *store};
    EventBus bus{runtime, *store};
    Projections projections{runtime, *store, bus, directory.path() + "/projections"};

    std::vector<std::string> rows(const std::string& name)
    {
        const auto now = projections.rows_now(name);
        REQUIRE(now);
        const auto page = now.value().all("", {.limit = 1'000});
        REQUIRE(page);
        return page.value().rows;
    }
    void rebuild(const std::string& name)
    {
        const auto rebuilt = projections.rebuild(name);
        REQUIRE(rebuilt);
    }
    std::uint64_t differences(const std::string& name)
    {
        const auto verified = projections.verify(name);
        REQUIRE(verified);
        return verified.value().differences_total;
    }
};

TEST_CASE("rows of streams that stay are the same whether they are rebuilt before or after a scavenge",
          "[projections][scavenge]")
{
    ScavengeMachine machine;
    REQUIRE(machine.projections.add(scores()));
    REQUIRE(machine.projections.add(farewells()));
    machine.projections.start();
    for (int round = 1; round <= 5; ++round) {
        for (int i = 0; i < 10; ++i) REQUIRE(machine.commands.send(CounterId{std::to_string(i)}, Add{round * i + 1}));
    }
    auto& store = *machine.store;
    for (int i = 5; i < 10; ++i) {
        REQUIRE(delete_stream(store, machine.runtime.ids, CounterId{std::to_string(i)}.stream()));
    }
    machine.simulated.run_until_idle();
    const auto before = machine.rows("scores");
    REQUIRE(before.size() == 10);
    machine.rebuild("scores"); // the log has them all
    CHECK(machine.rows("scores") == before);
    CHECK(machine.differences("scores") == 0);

    REQUIRE(store.scavenge({}).value().events == 25);
    CHECK(machine.rows("scores") == before);   // it does not touch rows
    CHECK(machine.differences("scores") >= 5); // each row that nothing is left of
    machine.rebuild("scores");
    const auto after = machine.rows("scores");
    REQUIRE(after.size() == 5);
    CHECK(std::equal(after.begin(), after.end(), before.begin())); // those of the keys 0 to 4
    CHECK(machine.differences("scores") == 0);
    CHECK(machine.rows("farewells").size() == 5);
    CHECK(machine.differences("farewells") == 0);

    // They go on from there.
    REQUIRE(machine.commands.send(CounterId{"7"}, Add{3}));
    machine.simulated.run_until_idle();
    CHECK(machine.rows("scores").size() == 6);
    CHECK(machine.differences("scores") == 0);
}

TEST_CASE("a row of a stream with limits is repaired and explained by what the log has", "[projections][scavenge]")
{
    ScavengeMachine machine;
    REQUIRE(machine.projections.add(scores()));
    machine.projections.start();
    for (int i = 0; i < 6; ++i) REQUIRE(machine.commands.send(CounterId{"1"}, Add{1}));
    REQUIRE(set_stream_limits(*machine.store, machine.runtime.ids, "counter-1", {.max_count = 2}));
    machine.simulated.run_until_idle();
    CHECK(machine.differences("scores") == 0);
    const auto explained = machine.projections.explain("scores", {.table = "", .key = "1"},
                                                       [](const auto&) -> result<void> { return done(); });
    REQUIRE(explained);
    CHECK(explained.value().events == 6);
}

} // namespace scavenged_rows_test
