#include "stock/stock_item.hpp"

#include "support/counting_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/testing.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace stock_test {

using namespace eventloom;
using namespace shop::stock;

TEST_CASE("an article with a long history is read from its snapshot", "[shop][stock][snapshots]")
{
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const auto store     = open_memory_store(runtime);
    const auto snapshots = open_memory_snapshots();
    const shop::Sku tea{"85123A"};
    CommandBus bus{runtime, *store, {.snapshots = snapshots.get()}};
    REQUIRE(bus.send(tea, Receive{10'000, "delivery-1"}));
    for (int order = 0; order < 150; ++order) {
        const shop::OrderId id{std::to_string(order)};
        REQUIRE(bus.send(tea, Reserve{id, 3}));
        if (order % 3 != 0) REQUIRE(bus.send(tea, Dispatch{id}));
    }
    const auto length = store->stream_length(tea.stream()).value();
    REQUIRE(length == 1 + 150 + 100);

    testing::CountingStore counted{*store};
    CommandBus with{runtime, counted, {.cached_aggregates = 0, .snapshots = snapshots.get()}};
    CommandBus without{runtime, *store, {.cached_aggregates = 0}};
    const auto loaded = with.load(tea);
    REQUIRE(loaded);
    CHECK(counted.counts.events_read == 1 + length % 100);
    CHECK(same(loaded.value(), without.load(tea).value()));
    CHECK(loaded.value().reserved.size() == 50);
    CHECK(loaded.value().on_hand == 10'000 - 150 * 3);
}

} // namespace stock_test
