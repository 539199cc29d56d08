#include "support/every_store.hpp"
#include "support/ledger.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

namespace service_snapshots_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("a service keeps snapshots in its directory, unless they are switched off", "[service][snapshots]")
{
    const bool on = GENERATE(true, false);
    const TemporaryDirectory directory;
    const auto snapshots = directory.path() + "/shop/snapshots";
    SystemExecutor executor;
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    for (int run = 0; run < 2; ++run) {
        const auto service = Service::open(runtime, {.directory = directory.path() + "/shop", .snapshots = on});
        REQUIRE(service);
        for (int i = 1; i <= 12; ++i) REQUIRE(service.value()->commands().send(id<Ledger>{"1"}, Post{i}));
        CHECK(service.value()->commands().load(id<Ledger>{"1"}).value().balance == 78 * (run + 1));
    }
    REQUIRE(std::filesystem::exists(snapshots) == on);
    if (on) {
        const auto kept = open_leveldb_snapshots(runtime, snapshots);
        REQUIRE(kept);
        REQUIRE(kept.value()->find("ledger-1"));
        CHECK(kept.value()->find("ledger-1")->events == 20);
    }
}

} // namespace service_snapshots_test
