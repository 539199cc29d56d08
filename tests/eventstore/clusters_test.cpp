// Streams are read out of clusters as out of the log, whatever becomes of the clusters.
#include "support/every_store.hpp"
#include "support/files.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/ordered_key.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

namespace clusters_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr int streams = 7;

struct ClustersMachine {
    SimulatedExecutor simulated{3};
    Runtime runtime{simulated, simulated, simulated, system_files()};
    TemporaryDirectory directory;

    std::unique_ptr<LevelDbStore> open(Position cluster_events = 40, Position small_cluster_events = 65'536) const
    {
        auto store = LevelDbStore::open(runtime, {.directory              = directory.path(),
                                                  .index_events_in_memory = 64,
                                                  .cluster_events         = cluster_events,
                                                  .small_cluster_events   = small_cluster_events,
                                                  .cluster_memory_bytes   = 4096});
        REQUIRE(store);
        return std::move(store.value());
    }

    // One event for each stream in turn: of any size, some with all that an event can have.
    void fill(LevelDbStore& store, int events)
    {
        for (int i = 0; i < events; ++i) {
            auto event = note_of(runtime, std::string(simulated.draw(300), static_cast<char>('a' + i % 26)));
            if (i % 5 == 0) event.metadata.tags = {"tag:" + std::to_string(i)};
            if (i % 7 == 0) event.metadata.headers = {{"name", std::to_string(i)}};
            if (i % 11 == 0) event.metadata.correlation = runtime.ids.next();
            if (i == 30) event.data.assign(100'000, 'L');
            REQUIRE(store.append(to(name_of(i % streams), ExpectedVersion::any(), {std::move(event)})));
            simulated.advance(Duration{1'000});
        }
    }

    static std::string name_of(int stream) { return "stream-" + std::to_string(stream); }

    std::vector<std::filesystem::path> clusters() const
    {
        std::vector<std::filesystem::path> found;
        if (not std::filesystem::exists(directory.path() + "/clusters")) return found;
        for (const auto& file : std::filesystem::directory_iterator(directory.path() + "/clusters")) {
            found.push_back(file.path());
        }
        return found;
    }
};

using Streams = std::vector<std::vector<RecordedEvent>>;

// Every stream as the log itself has it.
Streams streams_of(const LevelDbStore& store)
{
    Streams found(streams);
    for (auto& event : read_all(store)) {
        found.at(static_cast<std::size_t>(event.stream.back() - '0')).push_back(std::move(event));
    }
    return found;
}

Streams read_streams(const LevelDbStore& store)
{
    Streams found;
    for (int i = 0; i < streams; ++i) {
        found.push_back(read_all(store, {.scope = Scope::stream(ClustersMachine::name_of(i))}));
    }
    return found;
}

TEST_CASE("a stream is read out of clusters in every way as out of the log", "[eventstore][clusters]")
{
    ClustersMachine machine;
    const auto store = machine.open();
    machine.fill(*store, 1'000);
    REQUIRE(store->compact());
    CHECK(store->info().value().clustered == 1'000);
    const auto wanted = streams_of(*store);
    CHECK(read_streams(*store) == wanted);
    for (int i = 0; i < 200; ++i) {
        const auto& stream = wanted.at(machine.simulated.draw(streams));
        const auto from    = machine.simulated.draw(stream.size());
        const auto limit   = 1 + machine.simulated.draw(stream.size());
        const auto scope   = Scope::stream(stream.front().stream);
        const auto after   = read_all(*store, {.scope = scope, .from = from, .limit = limit});
        const auto end     = std::min(stream.size(), from + limit);
        CHECK(std::equal(after.begin(), after.end(), stream.begin() + static_cast<std::ptrdiff_t>(from),
                         stream.begin() + static_cast<std::ptrdiff_t>(end)));
        const auto before =
            read_all(*store, {.scope = scope, .from = from, .direction = Direction::backwards, .limit = limit});
        REQUIRE(before.size() == std::min(limit, from + 1));
        for (std::size_t at = 0; at < before.size(); ++at) CHECK(before[at] == stream[from - at]);
    }
}

TEST_CASE("the newest events come into small clusters, until a whole one takes their place", "[eventstore][clusters]")
{
    ClustersMachine machine;
    const auto names = [&] {
        std::vector<std::string> found;
        for (const auto& path : machine.clusters()) found.push_back(path.filename());
        std::sort(found.begin(), found.end());
        return found;
    };
    using Names = std::vector<std::string>;
    auto store  = machine.open(40, 10);
    machine.fill(*store, 35);
    REQUIRE(store->compact());
    CHECK(names() == Names{"1-10", "11-20", "21-30"});
    CHECK(store->info().value().clustered == 30);
    CHECK(read_streams(*store) == streams_of(*store));
    SECTION("of the whole range")
    {
        const auto reader = store->read({.scope = Scope::stream("stream-3")});
        REQUIRE(reader->next().value() != nullptr);
        machine.fill(*store, 30);
        REQUIRE(store->compact());
        CHECK(names() == Names{"1-40", "41-50", "51-60"});
        CHECK(store->info().value().clustered == 60);
        CHECK(reader->next().value() != nullptr);
        CHECK(read_streams(*store) == streams_of(*store));
    }
    SECTION("also when a small one is lost")
    {
        store.reset();
        std::filesystem::remove(machine.directory.path() + "/clusters/11-20");
        store = machine.open(40, 10);
        CHECK(store->info().value().clustered == 20);
        REQUIRE(store->compact());
        CHECK(names() == Names{"1-10", "11-20", "21-30"});
        machine.fill(*store, 5);
        REQUIRE(store->compact());
        CHECK(names() == Names{"1-40"});
    }
    SECTION("and those that were not removed then are removed later")
    {
        const auto small = machine.directory.path() + "/clusters/11-20";
        const auto kept  = content_of(small);
        machine.fill(*store, 5);
        REQUIRE(store->compact());
        store.reset();
        write_file(small, kept);
        store = machine.open(40, 10);
        CHECK(names() == Names{"1-40"});
        CHECK(store->info().value().clustered == 40);
        CHECK(read_streams(*store) == streams_of(*store));
    }
    CHECK(store->verify().value().findings_total == 0);
}

TEST_CASE("whole clusters of other sizes stay, and the room between them is filled", "[eventstore][clusters]")
{
    ClustersMachine machine;
    {
        const auto store = machine.open(30);
        machine.fill(*store, 95);
        REQUIRE(store->compact());
    }
    std::filesystem::remove(machine.directory.path() + "/clusters/31-60");
    const auto store = machine.open(20, 5);
    REQUIRE(store->compact());
    CHECK(store->info().value().clustered == 95); // 1-30, 31-50, 51-60, 61-90, 91-95
    CHECK(machine.clusters().size() == 5);
    CHECK(read_streams(*store) == streams_of(*store));
}

TEST_CASE("what is in a cluster is not looked for in the log", "[eventstore][clusters]")
{
    ClustersMachine machine;
    Streams wanted;
    {
        const auto store = machine.open();
        machine.fill(*store, 400);
        REQUIRE(store->compact());
        wanted = streams_of(*store);
    }
    {
        std::string key{"e"};
        append_big_endian(key, 11);
        Batch batch;
        batch.put(key.append(4, '\0'), "no record");
        REQUIRE(Database::open(machine.runtime, {.directory = machine.directory.path()})
                    .value()
                    ->write(batch, Durability::synced));
    }
    const auto store = machine.open();
    CHECK(read_streams(*store) == wanted);
    const auto log = store->read({});
    while (const auto next = log->next()) REQUIRE(next.value() != nullptr); // it ends with the fault
}

TEST_CASE("clusters that are lost, changed or of another log change nothing that is read", "[eventstore][clusters]")
{
    ClustersMachine machine;
    Streams wanted;
    {
        const auto store = machine.open(100);
        machine.fill(*store, 200);
        REQUIRE(store->compact());
        wanted = streams_of(*store);
    }
    SECTION("lost: they are made anew")
    {
        std::filesystem::remove_all(machine.directory.path() + "/clusters");
        const auto store = machine.open(100);
        CHECK(store->info().value().clustered == 0);
        CHECK(read_streams(*store) == wanted);
        REQUIRE(store->compact());
        CHECK(store->info().value().clustered == 200);
        CHECK(read_streams(*store) == wanted);
    }
    SECTION("every bit of their bytes: noticed by verify or when they are opened, or harmless")
    {
        int noticed     = 0;
        const auto path = machine.clusters().at(0);
        const auto good = content_of(path);
        for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 150) {
            auto bad = good;
            bad[at]  = static_cast<char>(bad[at] ^ (1 << at % 8));
            write_file(path, bad);
            const auto store = machine.open(100);
            INFO("byte " << at << " of " << good.size());
            REQUIRE(read_streams(*store) == wanted);
            const bool is_discarded = store->info().value().clustered == 100;
            const auto report       = store->verify().value();
            for (const auto& finding : report.findings) CHECK(finding.code == "damaged-cluster");
            noticed += is_discarded || report.findings_total > 0 ? 1 : 0;
        }
        CHECK(noticed > 130);
    }
    SECTION("cut short at any length")
    {
        const auto path = machine.clusters().at(0);
        const auto good = content_of(path);
        for (std::size_t size = 0; size < good.size(); size += 1 + good.size() / 40) {
            write_file(path, good.substr(0, size));
            const auto store = machine.open(100);
            REQUIRE(read_streams(*store) == wanted);
            REQUIRE(store->info().value().clustered == 100);
        }
    }
    SECTION("of another log with the same positions")
    {
        ClustersMachine other;
        {
            const auto store = other.open(100);
            machine.simulated.draw(2);
            other.simulated.draw(2);
            other.fill(*store, 200);
            REQUIRE(store->compact());
        }
        for (const auto& path : other.clusters()) {
            std::filesystem::copy_file(path, machine.directory.path() + "/clusters/" + path.filename().string(),
                                       std::filesystem::copy_options::overwrite_existing);
        }
        const auto store = machine.open(100);
        CHECK(store->info().value().clustered == 0);
        CHECK(read_streams(*store) == wanted);
    }
}

TEST_CASE("clusters are made by tasks, that give way while the log grows", "[eventstore][clusters]")
{
    ClustersMachine machine;
    const auto store = machine.open();
    for (int i = 0; i < 45; ++i) {
        REQUIRE(store->append(
            to(ClustersMachine::name_of(i % streams), ExpectedVersion::any(), {note_of(machine.runtime, "")})));
    }
    CHECK(store->info().value().clustered == 0);
    REQUIRE(machine.simulated.run_one());
    // An append between two tasks: the next task comes later, and once only.
    REQUIRE(store->append(to("stream-0", ExpectedVersion::any(), {note_of(machine.runtime, "")})));
    machine.simulated.run_until_idle();
    CHECK(store->info().value().clustered == 0);
    machine.simulated.advance(Duration{1'000'000});
    CHECK(store->info().value().clustered == 40);
    CHECK(read_streams(*store) == streams_of(*store));
}

TEST_CASE("a store that is closed while a cluster is made opens without it, and makes it then",
          "[eventstore][clusters]")
{
    ClustersMachine machine;
    for (int tasks = 1; tasks < 12; ++tasks) {
        {
            const auto store = machine.open();
            machine.fill(*store, 30);
            for (int i = 0; i < tasks; ++i) machine.simulated.run_one();
        }
        machine.simulated.advance(Duration{1'000'000}); // what was left of the tasks finds nothing to do
        const auto store = machine.open();
        CHECK(read_streams(*store) == streams_of(*store));
        CHECK(store->verify().value().findings_total == 0);
        for (const auto& path : machine.clusters()) CHECK(path.extension() != ".new");
    }
    const auto store = machine.open();
    REQUIRE(store->compact());
    CHECK(store->info().value().clustered == 320);
}

TEST_CASE("events that lie together in the log are not copied", "[eventstore][clusters]")
{
    ClustersMachine machine;
    const auto store = machine.open(100);
    for (int i = 0; i < 4; ++i) {
        std::vector<NewEvent> events;
        for (int event = 0; event < 50; ++event) events.push_back(note_of(machine.runtime, std::string(200, 'x')));
        REQUIRE(store->append(to("stream-" + std::to_string(i), ExpectedVersion::any(), std::move(events))));
    }
    REQUIRE(store->compact());
    CHECK(store->info().value().clustered == 200);
    std::uintmax_t bytes = 0;
    for (const auto& path : machine.clusters()) bytes += std::filesystem::file_size(path);
    CHECK(bytes < 1'000); // of 40,000
    CHECK(read_all(*store, {.scope = Scope::stream("stream-3")}).size() == 50);
}

} // namespace clusters_test
