// Power cuts and failing disks while a database is made: what is left is opened, and begins anew or is whole.
#include "simulated_disk/simulated_disk.hpp"

#include <eventloom/storage/database.hpp>
#include <eventloom/storage/syncing_env.hpp>

#include <catch2/catch.hpp>

#include <optional>

namespace new_database_crash_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr const char* directory = "/data/log";

// A disk on which a name is kept only by a sync of its directory.
class Machine {
public:
    explicit Machine(std::uint64_t seed) : simulated_{seed}, disk_{seed, DirectoryModel::strict} { begin_process(); }

    SimulatedDisk& disk() { return disk_; }
    // It has no memory of the one before.
    void begin_process()
    {
        files_.emplace(&disk_, [this](const std::string& synced) {
            own_syncs_ += synced == directory ? 1 : 0;
            return disk_.sync_directory();
        });
        runtime_.emplace(simulated_, simulated_, simulated_, *files_);
    }

    result<std::unique_ptr<Database>> open() { return Database::open(*runtime_, {.directory = directory}); }
    // Of the directory of the database.
    int own_syncs() const { return own_syncs_; }

    // Makes the database and writes to it. True: it was acknowledged.
    bool work()
    {
        const auto database = open();
        if (not database) return false;
        was_made_ = true;
        Batch batch;
        batch.put("key", "value");
        return database.value()->write(batch, Durability::synced).has_value();
    }

    // What is there now can be opened: as a database that has what was acknowledged, and that keeps what it takes.
    void check(bool acknowledged)
    {
        begin_process();
        {
            const auto database = open();
            INFO((database ? "opened" : database.error().sentence));
            REQUIRE(database);
            if (not was_made_)
                CHECK(database.value()->notices().empty()); // else it may say that a write was not finished
            const auto found = database.value()->get("key");
            REQUIRE(found);
            if (acknowledged) CHECK(found.value() == "value");
        }
        CHECK(work());
        disk_.power_cut(Tail::dropped);
        begin_process();
        const auto database = open();
        REQUIRE(database);
        CHECK(database.value()->get("key").value() == "value");
    }

private:
    SimulatedExecutor simulated_;
    SimulatedDisk disk_;
    std::optional<SyncingEnv> files_;
    std::optional<Runtime> runtime_;
    bool was_made_ = false;
    int own_syncs_ = 0;
};

TEST_CASE("a power cut at any change while a database is made leaves one that opens, and needs no repair",
          "[crash][storage]")
{
    Machine whole{1};
    REQUIRE(whole.work());
    const auto points = whole.disk().operations();
    CHECK(points > 10);
    for (const auto tail : {Tail::dropped, Tail::shortened, Tail::torn, Tail::kept}) {
        for (std::uint64_t point = 1; point <= points; ++point) {
            for (std::uint64_t seed = 1; seed <= 32; ++seed) {
                INFO("point " << point << " of " << points << ", tail " << static_cast<int>(tail) << ", seed " << seed);
                Machine machine{seed};
                machine.disk().crash_at(point);
                const bool acknowledged = machine.work();
                machine.disk().power_cut(tail);
                machine.check(acknowledged);
            }
        }
    }
}

TEST_CASE("a database whose making failed at any step can be made in the same directory", "[crash][storage]")
{
    Machine whole{1};
    REQUIRE(whole.work());
    for (const auto operation :
         {Operation::write, Operation::sync, Operation::create, Operation::rename, Operation::sync_directory}) {
        for (std::uint64_t number = 1; number <= whole.disk().count(operation); ++number) {
            for (const auto tail : {Tail::kept, Tail::dropped}) {
                INFO("operation " << static_cast<int>(operation) << ", number " << number);
                Machine machine{number};
                machine.disk().fail({.operation = operation, .number = number});
                const bool acknowledged = machine.work();
                machine.disk().power_cut(tail);
                machine.check(acknowledged);
            }
        }
    }
}

TEST_CASE("a new database takes two syncs of files and two of its directory", "[crash][storage]")
{
    Machine machine{1};
    REQUIRE(machine.open());
    // The list of its files and CURRENT; the names of that list and of the log, and of CURRENT.
    CHECK(machine.disk().count(Operation::sync) == 2);
    CHECK(machine.own_syncs() == 2);
}

} // namespace new_database_crash_test
