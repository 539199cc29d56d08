// A service on a machine whose clock is wrong, is set right, and is wrong again.
#include "support/every_store.hpp"
#include "support/ledger.hpp"

#include <eventloom/eventstore/backup.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/projections/projection.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace clocks_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using std::chrono::sys_days;

struct Balance {
    std::int64_t balance = 0;
};

Projected<id<Ledger>, Balance> balances()
{
    return projection<id<Ledger>, Balance>("balances", 1,
                                           [](Balance& row, const Booked& event) { row.balance += event.amount; });
}

Time at(int year, unsigned month, unsigned day)
{
    return sys_days{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}};
}

// Before 1970, at its first moment, after the ends of 32 bits of seconds, and as far as a system's clock goes.
const std::vector<Time>& clocks()
{
    static const std::vector<Time> all{at(1901, 12, 13),    at(1960, 3, 1),   at(1970, 1, 1) - 500ms,
                                       at(1970, 1, 1),      at(2026, 11, 29), at(2038, 1, 19) + 3h + 15min,
                                       at(2106, 2, 7) + 7h, at(2107, 1, 1),   at(2026, 11, 30),
                                       at(1969, 12, 31),    at(2261, 12, 31), at(2026, 12, 1)};
    return all;
}

const id<Ledger> ledger{"1"};
const auto go_on = [] { return done(); };

void use(Service& service, SimulatedExecutor& simulated, std::int64_t& booked)
{
    for (int i = 0; i < 3; ++i) {
        const auto receipt = service.commands().send(ledger, Post{++booked});
        REQUIRE(receipt);
        REQUIRE(service.wait_for(receipt.value().position, simulated.now() + 1min, go_on));
        const auto status = service.projections().status().at(0);
        CHECK_FALSE(status.error);
        CHECK(status.lag == 0);
        CHECK(status.events_per_second >= 0);
        CHECK(status.events_per_second <= 20);
        simulated.advance(1s);
    }
}

TEST_CASE("a service works whatever its clock says, and however that jumps while it runs and between its runs",
          "[service][clock]")
{
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const TemporaryDirectory directory;
    std::int64_t booked = 0;
    for (const Time at_start : clocks()) {
        simulated.set_clock(at_start);
        const auto opened = Service::open(runtime, {.directory = directory.path() + "/shop"});
        REQUIRE(opened);
        Service& service = *opened.value();
        const auto table = service.projections().add(balances());
        REQUIRE(table);
        REQUIRE(service.start());
        use(service, simulated, booked);
        for (const Time jumped_to : clocks()) {
            simulated.set_clock(jumped_to);
            use(service, simulated, booked);
        }
        REQUIRE(service.projections().rebuild("balances", {}));
        CHECK(table.value().get(ledger).value()->balance == booked * (booked + 1) / 2);
        REQUIRE(service.settle(simulated.now() + 1min));
        REQUIRE(service.engine().upkeep->compact());
        CHECK(service.engine().upkeep->verify().value().findings_total == 0);
        REQUIRE(back_up(runtime, *service.engine().backup, {.into = directory.path() + "/backups"}));
    }
    CHECK(verify_backup(runtime, directory.path() + "/backups", "").value().findings.empty());

    // No event is from before 1970, and none is older than the one before it.
    const auto store = LevelDbStore::open(runtime, {.directory = directory.path() + "/shop/log"});
    REQUIRE(store);
    Time before{};
    for (const auto& event : read_all(*store.value())) {
        REQUIRE(event.recorded_at >= before);
        before = event.recorded_at;
    }
    CHECK(before >= at(2261, 12, 31));
}

} // namespace clocks_test
