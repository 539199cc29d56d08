// Passes over the log that nobody wants any more.
#include "support/counter.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/projections/detail/projections.hpp>
#include <eventloom/projections/projection.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

namespace ended_passes_test {

using namespace eventloom;
using namespace eventloom::testing;
using CounterId = id<Counter>;

struct Score {
    std::int64_t value = 0;
};

TEST_CASE("a pass over the log ends with the error that its progress answers, and leaves nothing behind",
          "[projections][rebuild]")
{
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const auto store = open_memory_store(runtime);
    CommandBus commands{runtime, *store};
    EventBus bus{runtime, *store};
    const TemporaryDirectory directory;
    Projections projections{runtime, *store, bus, directory.path()};
    const auto rows = projections
                          .add(projection<CounterId, Score>(
                              "scores", 1, [](Score& row, const Added& event) { row.value += event.amount; }))
                          .value();
    projections.start();
    for (int i = 0; i < 10; ++i) REQUIRE(commands.send(CounterId{"1"}, Add{i}));
    REQUIRE(projections.wait_for(store->head(), simulated.now() + std::chrono::hours{1}));

    const LogProgress unwanted = [](Position, Position) -> result<void> {
        return fail(Failure::unavailable, "interrupted", "Nobody wants it.");
    };
    const auto entries = [&] {
        return std::distance(std::filesystem::directory_iterator{directory.path() + "/scores"}, {});
    };
    const auto before = entries();
    CHECK(projections.rebuild("scores", unwanted).error().code == "interrupted");
    CHECK(projections.verify("scores", unwanted).error().code == "interrupted");
    CHECK(projections.as_of("scores", 5, unwanted).error().code == "interrupted");
    const auto visit = [](const RowChange&) -> result<void> { return done(); };
    CHECK(projections.explain("scores", RowName{"", "1"}, visit, unwanted).error().code == "interrupted");
    CHECK(entries() == before);
    CHECK(rows.get(CounterId{"1"}).value()->value == 45);
    CHECK(projections.rebuild("scores"));
    CHECK(projections.verify("scores").value().differences_total == 0);
}

} // namespace ended_passes_test
