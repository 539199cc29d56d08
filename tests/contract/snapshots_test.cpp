// Snapshots are a cache: with them the same is decided as without, and less is read.
#include "support/counting_store.hpp"
#include "support/ledger.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/storage/database.hpp>

#include <catch2/catch.hpp>

#include <fstream>
#include <random>

namespace snapshots_test {

using namespace eventloom;
using namespace eventloom::testing;

const id<Ledger> ledger{"1"};

struct SnapshotsMachine : SimulatedMachine {
    TemporaryDirectory directory;

    std::string snapshots_directory() const { return directory.path() + "/snapshots"; }
    std::unique_ptr<SnapshotStore> open_snapshots()
    {
        auto opened = open_leveldb_snapshots(runtime, snapshots_directory());
        REQUIRE(opened);
        return std::move(opened.value());
    }
};

// A bus that keeps no state in memory: every command loads.
CommandBusOptions forgetful(const std::unique_ptr<SnapshotStore>& snapshots)
{
    return {.cached_aggregates = 0, .snapshots = snapshots.get()};
}

std::int64_t balance_in(CommandBus& bus)
{
    const auto state = bus.load(ledger);
    REQUIRE(state);
    return state.value().balance;
}

// Appends bookings of 1, 2, 3, ... after what is there.
void book(CommandBus& bus, std::int64_t first, std::int64_t last)
{
    for (auto amount = first; amount <= last; ++amount) REQUIRE(bus.send(ledger, Post{amount}));
}

std::int64_t sum_to(std::int64_t last)
{
    return last * (last + 1) / 2;
}

std::string outcome_of(const result<Receipt>& answer)
{
    if (not answer) return answer.error().code;
    return std::to_string(answer.value().events) + " events, version " + std::to_string(answer.value().last_version);
}

TEST_CASE("with snapshots the same is decided as without, whatever becomes of them", "[snapshots][contract]")
{
    const auto on_disk   = GENERATE(false, true);
    const unsigned seeds = on_disk ? 4 : 200;
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        INFO("seed " << seed << (on_disk ? " on disk" : " in memory"));
        std::mt19937 random{seed};
        SnapshotsMachine with;
        SnapshotsMachine without;
        const auto store = open_memory_store(with.runtime);
        const auto plain = open_memory_store(without.runtime);
        auto snapshots   = on_disk ? with.open_snapshots() : open_memory_snapshots();
        auto bus         = std::make_unique<CommandBus>(with.runtime, *store, forgetful(snapshots));
        CommandBus plain_bus{without.runtime, *plain, forgetful(nullptr)};
        for (int step = 0; step < 60; ++step) {
            const id<Ledger> to{std::to_string(random() % 3)};
            const std::int64_t amount = static_cast<std::int64_t>(random() % 7) - 3;
            switch (random() % 8) {
            case 0: { // several at once pass over more than one multiple of `every`
                const BookAll all{std::vector<std::int64_t>(random() % 12, amount + 4)};
                REQUIRE(outcome_of(bus->send(to, all)) == outcome_of(plain_bus.send(to, all)));
                break;
            }
            case 1: // a snapshot that was never taken by anybody
                snapshots->save(to.stream(), {1, 1 + random() % 20, {with.runtime.ids.next(), random() % 50, {}}, "?"});
                break;
            case 2: // another program's
                static_cast<void>(CommandBus{with.runtime, *store, forgetful(snapshots)}.load(id<Tally>{to.value}));
                break;
            case 3: // all gone
                bus.reset();
                snapshots.reset();
                REQUIRE(remove_database(with.runtime, with.snapshots_directory()));
                snapshots = on_disk ? with.open_snapshots() : open_memory_snapshots();
                bus       = std::make_unique<CommandBus>(with.runtime, *store, forgetful(snapshots));
                break;
            default:
                REQUIRE(outcome_of(bus->send(to, Post{amount})) == outcome_of(plain_bus.send(to, Post{amount})));
            }
            REQUIRE(bus->load(to).value().balance == plain_bus.load(to).value().balance);
            REQUIRE(bus->load(to).value().newest == plain_bus.load(to).value().newest);
        }
        const auto events = read_all(*store);
        const auto others = read_all(*plain);
        REQUIRE(events.size() == others.size());
        for (std::size_t i = 0; i < events.size(); ++i) {
            REQUIRE(events[i].stream == others[i].stream);
            REQUIRE(events[i].data == others[i].data);
        }
    }
}

TEST_CASE("after a snapshot only the events that follow it are read", "[snapshots][contract]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SnapshotsMachine machine;
    auto store           = kind.open(machine.runtime);
    const auto snapshots = machine.open_snapshots();
    DYNAMIC_SECTION(kind.name)
    {
        {
            CommandBus bus{machine.runtime, *store.store, {.snapshots = snapshots.get()}};
            book(bus, 1, 203);
        }
        store.reopen(store);
        CountingStore counted{*store.store};
        CommandBus bus{machine.runtime, counted, forgetful(snapshots)};
        CHECK(balance_in(bus) == sum_to(203));
        CHECK(counted.counts.events_read == 1 + 3); // the last one in the snapshot, and three
        counted.counts = {};
        CommandBus plain{machine.runtime, counted, forgetful(nullptr)};
        CHECK(balance_in(plain) == sum_to(203));
        CHECK(counted.counts.events_read == 203);

        // However long it goes on, a load reads no more than the policy allows: the snapshot, and fewer than `every`.
        unsigned most = 0;
        for (std::int64_t amount = 204; amount <= 260; ++amount) {
            counted.counts = {};
            CHECK(balance_in(bus) == sum_to(amount - 1));
            most = std::max(most, counted.counts.events_read);
            REQUIRE(bus.send(ledger, Post{amount}));
        }
        CHECK(most == 5);

        // A long stream without one gets one when it is read.
        const auto fresh = open_memory_snapshots();
        CommandBus first{machine.runtime, counted, forgetful(fresh)};
        CHECK(balance_in(first) == sum_to(260));
        counted.counts = {};
        CHECK(balance_in(first) == sum_to(260));
        CHECK(counted.counts.events_read == 1);
    }
}

TEST_CASE("a snapshot that is damaged, of another version or ahead of the log is not believed", "[snapshots][contract]")
{
    SnapshotsMachine machine;
    const auto store     = open_memory_store(machine.runtime);
    const auto snapshots = open_memory_snapshots();
    CommandBus bus{machine.runtime, *store, forgetful(snapshots)};
    book(bus, 1, 12);
    const auto good = snapshots->find("ledger-1");
    REQUIRE(good);
    REQUIRE(good->events == 10);
    // Each of these would give another balance if it were believed.
    auto lie  = *good;
    lie.state = [] {
        std::string bytes;
        codec<Ledger>::encode({1'000'000, {}}, bytes);
        return bytes;
    }();
    snapshots->save("ledger-1", lie);
    REQUIRE(balance_in(bus) == 1'000'000 + 11 + 12); // so the test can see what is believed

    const auto not_believed = [&](auto change) {
        auto other = lie;
        change(other);
        snapshots->save("ledger-1", other);
        CHECK(balance_in(bus) == sum_to(12));
        CHECK(snapshots->find("ledger-1")->events == 12); // and replaced
        CHECK(balance_in(bus) == sum_to(12));
    };
    SECTION("of another version")
    {
        not_believed([](Snapshot& other) { other.version = 2; });
        not_believed([](Snapshot& other) { other.version = 0; });
        CommandBus another_programs{machine.runtime, *store, forgetful(snapshots)};
        CHECK(another_programs.load(id<Tally>{"1"}).value().bookings == 12);
    }
    SECTION("with another last event")
    {
        not_believed([&](Snapshot& other) { other.last.event = machine.runtime.ids.next(); });
        not_believed([](Snapshot& other) { ++other.last.position; });
        not_believed([](Snapshot& other) { other.last.recorded_at += Duration{1}; });
        not_believed([](Snapshot& other) { other.events = 9; });
        not_believed([](Snapshot& other) { other.events = 0; });
    }
    SECTION("ahead of the log")
    {
        not_believed([](Snapshot& other) { other.events = 13; });
        not_believed([](Snapshot& other) { other.events = std::numeric_limits<std::uint64_t>::max(); });
    }
    SECTION("with a state that cannot be read")
    {
        not_believed([](Snapshot& other) { other.state.pop_back(); });
        not_believed([](Snapshot& other) { other.state = {}; });
        not_believed([](Snapshot& other) { other.state += "x"; });
    }
}

TEST_CASE("a snapshot of a log that was replaced by a backup is not believed", "[snapshots][contract]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SnapshotsMachine machine;
    auto store           = kind.open(machine.runtime);
    const auto snapshots = machine.open_snapshots();
    DYNAMIC_SECTION(kind.name)
    {
        CommandBus bus{machine.runtime, *store.store, forgetful(snapshots)};
        book(bus, 1, 10);
        const auto events = read_all(*store.store);
        const auto old    = snapshots->find("ledger-1");
        REQUIRE(old);
        REQUIRE(old->events == 10);

        // The backup: the first seven events, as they were.
        auto restored     = kind.open(machine.runtime);
        const auto append = [&](std::size_t index) {
            NewEvent event;
            event.id       = events[index].id;
            event.type     = events[index].type;
            event.data     = events[index].data;
            event.metadata = events[index].metadata;
            REQUIRE(restored->append(to("ledger-1", ExpectedVersion::any(), {event})));
        };
        for (std::size_t i = 0; i < 7; ++i) append(i);
        CommandBus after{machine.runtime, *restored.store, forgetful(snapshots)};
        CHECK(balance_in(after) == sum_to(7));

        // Others come where the eighth and ninth were, and then the tenth is sent again: same id, same place.
        machine.simulated.advance(std::chrono::seconds{1});
        REQUIRE(after.send(ledger, BookAll{{100, 200}}));
        append(9);
        const auto tenth = read_all(*restored.store).at(9);
        REQUIRE((tenth.id == old->last.event && tenth.position == old->last.position && tenth.version == 9));
        snapshots->save("ledger-1", *old);
        CHECK(balance_in(after) == sum_to(7) + 300 + 10);
    }
}

TEST_CASE("a snapshot on disk comes back whole or not at all", "[snapshots][damage]")
{
    SnapshotsMachine machine;
    const auto store = open_memory_store(machine.runtime);
    {
        const auto snapshots = machine.open_snapshots();
        CommandBus bus{machine.runtime, *store, forgetful(snapshots)};
        book(bus, 1, 50);
        CHECK(snapshots->find("ledger-1"));
        CHECK_FALSE(snapshots->find("ledger-2"));
    }
    const auto raw = [&] {
        auto opened = Database::open(machine.runtime, {.directory = machine.snapshots_directory()});
        REQUIRE(opened);
        return std::move(opened.value());
    };
    const auto value = *raw()->get("ledger-1").value();
    SECTION("there is one a stream, however many were taken")
    {
        const auto database = raw();
        auto cursor         = database->cursor();
        int keys            = 0;
        for (cursor.seek(""); cursor.valid(); cursor.next()) ++keys;
        CHECK(keys == 1);
    }
    SECTION("after a change of a byte, a cut, and under another name it is none")
    {
        std::vector<std::string> damaged{value + "x", ""};
        for (std::size_t at = 0; at < value.size(); at += 5) {
            if (at % 2 == 0) damaged.push_back(value.substr(0, at));
            damaged.push_back(value);
            damaged.back()[at] = static_cast<char>(damaged.back()[at] ^ (1 << at % 8));
        }
        for (const auto& bytes : damaged) {
            Batch batch;
            batch.put("ledger-1", bytes);
            batch.put("ledger-2", value);
            REQUIRE(raw()->write(batch, Durability::buffered));
            const auto snapshots = machine.open_snapshots();
            CHECK_FALSE(snapshots->find("ledger-1"));
            CHECK_FALSE(snapshots->find("ledger-2"));
        }
    }
    SECTION("a database that is damaged is begun anew")
    {
        std::ofstream{machine.snapshots_directory() + "/CURRENT", std::ios::trunc} << "nonsense\n";
        const auto snapshots = machine.open_snapshots();
        CHECK_FALSE(snapshots->find("ledger-1"));
        CommandBus bus{machine.runtime, *store, forgetful(snapshots)};
        CHECK(balance_in(bus) == sum_to(50));
        CHECK(snapshots->find("ledger-1"));
    }
}

} // namespace snapshots_test
