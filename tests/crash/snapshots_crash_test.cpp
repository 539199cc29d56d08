// Power cuts and a full disk while snapshots are taken.
#include "simulated_disk/simulated_disk.hpp"
#include "support/every_store.hpp"
#include "support/ledger.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/storage/syncing_env.hpp>

#include <catch2/catch.hpp>

namespace snapshots_crash_test {

using namespace eventloom;
using namespace eventloom::testing;

const id<Ledger> ledger{"1"};
constexpr std::int64_t bookings = 33;

class Machine {
public:
    explicit Machine(std::uint64_t seed)
        : simulated_{seed}, disk_{seed, DirectoryModel::strict},
          files_{&disk_, [this](const std::string&) { return disk_.sync_directory(); }},
          runtime_{simulated_, simulated_, simulated_, files_}
    {
    }

    SimulatedDisk& disk() { return disk_; }
    const Runtime& runtime() const { return runtime_; }

    // Books 1, 2, 3, ... after what is there, with nothing kept in memory. Returns how many were acknowledged.
    std::int64_t work()
    {
        std::int64_t acknowledged = 0;
        {
            const auto store     = LevelDbStore::open(runtime_, {.directory = "/log"});
            const auto snapshots = open_leveldb_snapshots(runtime_, "/snapshots");
            if (store && snapshots) {
                CommandBus bus{
                    runtime_, *store.value(), {.cached_aggregates = 0, .snapshots = snapshots.value().get()}};
                for (auto next = static_cast<std::int64_t>(store.value()->head()) + 1; next <= bookings; ++next) {
                    if (not bus.send(ledger, Post{next})) break;
                    acknowledged = next;
                    if (simulated_.draw(4) == 0) run_one_background_job();
                }
            }
        }
        run_background_work();
        return acknowledged;
    }

    // What the bus says with its snapshots, and what the log says.
    void check(std::int64_t acknowledged)
    {
        {
            const auto store     = LevelDbStore::open(runtime_, {.directory = "/log"});
            const auto snapshots = open_leveldb_snapshots(runtime_, "/snapshots");
            REQUIRE(store);
            REQUIRE(snapshots);
            const auto events = static_cast<std::int64_t>(store.value()->head());
            CHECK(events >= acknowledged);
            CommandBus bus{runtime_, *store.value(), {.cached_aggregates = 0, .snapshots = snapshots.value().get()}};
            const auto state = bus.load(ledger);
            REQUIRE(state);
            CHECK(state.value().balance == events * (events + 1) / 2);
        }
        run_background_work();
    }

private:
    SimulatedExecutor simulated_;
    SimulatedDisk disk_;
    SyncingEnv files_;
    Runtime runtime_;
};

TEST_CASE("a power cut between an append and its snapshot, or anywhere, changes no decision", "[crash][snapshots]")
{
    Machine whole{1};
    REQUIRE(whole.work() == bookings);
    const auto points = whole.disk().operations();
    CHECK(points > 100);
    for (const auto tail : {Tail::dropped, Tail::shortened, Tail::torn}) {
        for (std::uint64_t point = 1; point <= points; ++point) {
            INFO("point " << point << " of " << points << ", tail " << static_cast<int>(tail));
            Machine machine{point};
            machine.disk().crash_at(point);
            const auto acknowledged = machine.work();
            machine.disk().power_cut(tail);
            machine.check(acknowledged);
            static_cast<void>(machine.work()); // the rest of the bookings
            machine.check(bookings);
        }
    }
}

TEST_CASE("a disk that is full or fails under the snapshots fails no command", "[crash][snapshots]")
{
    Machine whole{1};
    REQUIRE(whole.work() == bookings);
    const auto points = whole.disk().count(Operation::write);
    int faults        = 0;
    for (std::uint64_t point = 1; point <= points; ++point) {
        Machine machine{point}; // the log is elsewhere, and well
        const auto store = open_memory_store(machine.runtime());
        {
            machine.disk().fail({.operation = Operation::write, .number = point, .for_good = true, .half = true});
            const auto snapshots = open_leveldb_snapshots(machine.runtime(), "/snapshots");
            if (not snapshots) continue; // the disk was full while the database was made, and it says so
            CommandBus bus{machine.runtime(), *store, {.cached_aggregates = 0, .snapshots = snapshots.value().get()}};
            for (std::int64_t amount = 1; amount <= bookings; ++amount) REQUIRE(bus.send(ledger, Post{amount}));
            CHECK(bus.load(ledger).value().balance == bookings * (bookings + 1) / 2);
        }
        run_background_work();
        if (machine.disk().fault_happened()) ++faults;
    }
    CHECK(faults > 0);
}

} // namespace snapshots_crash_test
