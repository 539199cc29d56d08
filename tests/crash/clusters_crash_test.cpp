// Power cuts at every single change of the disk while clusters are made, and readers that stand still while files go.
#include "simulated_disk/simulated_disk.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/syncing_env.hpp>

#include <catch2/catch.hpp>

#include <set>

namespace clusters_crash_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr int appends = 60;
constexpr int streams = 4;

class Machine {
public:
    explicit Machine(std::uint64_t seed, DirectoryModel model = DirectoryModel::ordered)
        : simulated{seed}, disk{seed, model},
          files_{&disk, [this](const std::string&) { return disk.sync_directory(); }}
    {
    }
    ~Machine() { run_background_work(); }

    result<std::unique_ptr<LevelDbStore>> open() const
    {
        return LevelDbStore::open(runtime, {.directory              = "/store",
                                            .write_buffer_bytes     = 64u << 10,
                                            .index_events_in_memory = 16,
                                            .cluster_events         = 20,
                                            .cluster_memory_bytes   = 1024});
    }

    // Appends while tasks make clusters, until something fails; gives how many appends were acknowledged.
    int work()
    {
        int acknowledged = 0;
        {
            auto store = open();
            while (store && acknowledged < appends) {
                const auto stream = "stream-" + std::to_string(acknowledged % streams);
                const auto note   = note_of(runtime, std::to_string(acknowledged));
                if (not store.value()->append(to(stream, ExpectedVersion::any(), {note}))) break;
                ++acknowledged;
                simulated.advance(Duration{100'000});
            }
            if (store && acknowledged == appends)
                CHECK((disk.crashed() || store.value()->info().value().clustered > 0));
        }
        simulated.drop_everything();
        run_background_work();
        return acknowledged;
    }

    SimulatedExecutor simulated;
    SimulatedDisk disk;

private:
    SyncingEnv files_;

public:
    Runtime runtime{simulated, simulated, simulated, files_};
};

// Every stream has what was appended to it, in order.
bool is_whole(const LevelDbStore& store, int acknowledged)
{
    const int head = static_cast<int>(store.head());
    for (int stream = 0; stream < streams; ++stream) {
        int at = stream;
        for (const auto& event : read_all(store, {.scope = Scope::stream("stream-" + std::to_string(stream))})) {
            if (event.data != std::to_string(at) || event.position != static_cast<Position>(at + 1)) return false;
            at += streams;
        }
        if (at < head) return false;
    }
    return head >= acknowledged;
}

TEST_CASE("a power cut at any change of the disk while clusters are made loses nothing",
          "[crash][eventstore][clusters]")
{
    for (const auto model : {DirectoryModel::ordered, DirectoryModel::strict}) {
        std::uint64_t points = 0;
        {
            Machine whole{1, model};
            REQUIRE(whole.work() == appends);
            points = whole.disk.operations();
        }
        CHECK(points > 200);
        for (std::uint64_t point = 1; point <= points; ++point) {
            Machine machine{point, model};
            machine.disk.crash_at(point);
            const int acknowledged = machine.work();
            machine.disk.power_cut(static_cast<Tail>(point % 3));
            INFO("power cut at " << point << " of " << points);
            const auto store = machine.open();
            REQUIRE(store);
            REQUIRE(is_whole(*store.value(), acknowledged));
            REQUIRE(store.value()->verify().value().findings_total == 0);
            REQUIRE(store.value()->compact());
            REQUIRE(store.value()->info().value().clustered == store.value()->head() / 20 * 20);
            REQUIRE(is_whole(*store.value(), acknowledged));
        }
    }
}

TEST_CASE("a full disk or a failing sync while clusters are made loses nothing", "[crash][eventstore][clusters][fault]")
{
    Machine whole{1};
    REQUIRE(whole.work() == appends);
    for (const auto operation : {Operation::write, Operation::sync}) {
        const auto points = whole.disk.count(operation);
        for (std::uint64_t point = 1; point <= points; ++point) {
            Machine machine{point};
            machine.disk.fail({.operation = operation, .number = point, .half = operation == Operation::write});
            const int acknowledged = machine.work();
            if (not machine.disk.fault_happened()) continue;
            machine.disk.power_cut(Tail::dropped);
            const auto store = machine.open();
            INFO((operation == Operation::sync ? "sync" : "write")
                 << " fails at " << point << " of " << points << "; " << (store ? "" : store.error().sentence));
            // A disk that fails while the store is being made may leave half a store; it holds nothing yet.
            REQUIRE((store || acknowledged == 0));
            if (not store) continue;
            REQUIRE(is_whole(*store.value(), acknowledged));
            REQUIRE(store.value()->compact());
            REQUIRE(is_whole(*store.value(), acknowledged));
        }
    }
}

// The files of LevelDB when much has been written, while readers stand where they began, or without any.
std::set<std::string> files_left(bool with_readers)
{
    Machine machine{1};
    const auto store      = std::move(machine.open().value());
    const auto append_all = [&](int events) {
        for (int i = 0; i < events; ++i) {
            const auto note = note_of(machine.runtime, std::string(900, 'x'));
            REQUIRE(store->append(to("stream-0", ExpectedVersion::any(), {note})));
            machine.simulated.advance(Duration{1'000});
            run_background_work();
        }
    };
    append_all(600);
    std::vector<std::unique_ptr<EventCursor>> readers;
    if (with_readers) {
        for (const auto& scope : {Scope::stream("stream-0"), Scope::type("noted"), Scope::everything()}) {
            readers.push_back(store->read({.scope = scope}));
            REQUIRE(readers.back()->next().value() != nullptr);
        }
    }
    append_all(600);
    for (const auto& reader : readers) CHECK(all_of(*reader).size() == 599);
    std::set<std::string> found;
    for (const auto& [path, content] : machine.disk.files()) {
        if (path.ends_with(".ldb") || path.ends_with(".log")) found.insert(path);
    }
    return found;
}

TEST_CASE("a reader that stands still holds no old file", "[crash][eventstore]")
{
    const auto left = files_left(true);
    CHECK(left == files_left(false));
    CHECK(left.size() > 3);
}

} // namespace clusters_crash_test
