// A process that scavenges and appends, killed at random moments.
#include "real/child.hpp"
#include "real/scavenged_log.hpp"
#include "support/answers.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <sstream>

namespace scavenge_kill_test {

using namespace scavenged_log;
using namespace eventloom::testing;
using el::Position;

struct Known {
    Position acknowledged = 0;
    std::set<std::uint64_t> deleted;
    std::map<Position, el::Uuid> places; // of all events that were ever seen
    std::uint64_t scavenges = 0;         // that came to their end
};

void note(Known& known, const std::string& line)
{
    std::istringstream words{line};
    std::string what;
    std::uint64_t number = 0;
    words >> what >> number;
    if (what == "at") known.acknowledged = std::max(known.acknowledged, number);
    if (what == "deleted") known.deleted.insert(number);
    if (what == "done") ++known.scavenges;
}

void scavenge_and_kill(const std::string& directory, std::uint64_t enough, Known& known)
{
    Child program{SCAVENGING_PROGRAM, {directory}};
    for (std::uint64_t count = 0; count < enough; ++count) {
        const auto line = program.read_line();
        if (not line) FAIL("the program ended by itself: " << program.wait().errors);
        note(known, *line);
    }
    program.kill();
    while (const auto line = program.read_line()) note(known, *line);
    const auto ended = program.wait();
    INFO(ended.errors);
    REQUIRE(ended.exit_code == -1);
}

struct ScavengingMachine {
    el::SystemExecutor executor;
    el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};

    std::unique_ptr<el::LevelDbStore> open(const std::string& directory) const
    {
        auto store = el::LevelDbStore::open(runtime, {.directory = directory});
        REQUIRE(store);
        return std::move(store.value());
    }
};

// Gives how many events are gone.
Position check(const el::LevelDbStore& store, Known& known)
{
    REQUIRE(store.head() >= known.acknowledged);
    std::map<std::string, std::set<el::Version>> versions;
    Position events = 0;
    for (const auto& event : read_all(store)) {
        ++events;
        const auto [place, is_new] = known.places.emplace(event.position, event.id);
        REQUIRE(place->second == event.id); // positions are what they were
        if (event.type == "noted") REQUIRE(event.data == text_of(event.stream, event.version));
        versions[event.stream].insert(event.version);
    }
    for (std::uint64_t i = 0; i < kept_streams; ++i) {
        REQUIRE(versions[kept(i)].size() == store.stream_length(kept(i)).value());
    }
    for (std::uint64_t i = 0; i < short_streams; ++i) {
        const auto length = store.stream_length(shortened(i)).value();
        const auto read   = read_all(store, {.scope = el::Scope::stream(shortened(i))});
        REQUIRE(read.size() == std::min(length, max_count));
        if (length > 0) REQUIRE(read.back().version == length - 1);
    }
    for (const auto number : known.deleted) {
        REQUIRE(read_all(store, {.scope = el::Scope::stream(gone(number))}).empty());
    }
    const auto report = store.verify();
    REQUIRE(report);
    INFO(first_finding(report.value()));
    REQUIRE(report.value().findings_total == 0);
    REQUIRE(report.value().events == store.head());
    return store.head() - events;
}

TEST_CASE("killed at random moments of scavenges under writers, a store keeps every position and all that is to stay",
          "[real][crash][scavenge]")
{
    const TemporaryDirectory directory;
    const std::uint64_t seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const ScavengingMachine machine;
    Known known;
    for (int kill = 0; kill < 20; ++kill) {
        INFO("kill " << kill);
        scavenge_and_kill(directory.path(), 20 + random() % 600, known);
        check(*machine.open(directory.path()), known);
    }
    auto store = machine.open(directory.path());
    REQUIRE(store->scavenge({}));
    const auto gone_events = check(*store, known);
    CHECK(gone_events == store->info().value().gone);
    CHECK(gone_events > 0);
    store.reset();
    std::filesystem::remove_all(directory.path() + "/index");
    CHECK(check(*machine.open(directory.path()), known) == gone_events);
    SUCCEED("20 kills, " << known.scavenges << " scavenges, " << gone_events << " events gone of "
                         << known.acknowledged);
}

} // namespace scavenge_kill_test
