// Copies of read models as they stood: as-of goes on from them, and nothing else depends on them.
#include "projections/people.hpp"
#include "support/counting_store.hpp"

#include <filesystem>
#include <fstream>

namespace history_copies_test {

using namespace people;

constexpr el::KeptCopies every_ten{.every = 10, .at_most = 4};

// Records one event after the other, each of which is in the rows before the next comes.
void record_some(Machine& machine, int events)
{
    for (int i = 0; i < events; ++i) {
        const auto who  = "person " + std::to_string(machine.simulated.draw(9));
        const auto city = "city " + std::to_string(machine.simulated.draw(4));
        machine.record({who}, Joined{std::to_string(machine.store->head()) + "@example.org", city, {i}, day(i)});
        REQUIRE(machine.catch_up());
        machine.simulated.run_until_idle();
    }
}

// Where the copies of a projection stand, in order.
std::vector<el::Position> copies_in(const Machine& machine, const std::string& name, int generation = 1)
{
    const auto prefix = "copy-" + std::to_string(generation) + "-at-";
    std::vector<el::Position> positions;
    for (const auto& entry : std::filesystem::directory_iterator{machine.directory.path() + "/" + name}) {
        const auto file = entry.path().filename().string();
        if (file.starts_with(prefix)) positions.push_back(std::stoull(file.substr(prefix.size())));
    }
    std::sort(positions.begin(), positions.end());
    return positions;
}

std::vector<std::string> rows_of(const el::result<el::RowsAsJson>& rows, const std::vector<std::string>& tables)
{
    REQUIRE(rows);
    std::vector<std::string> all;
    for (const auto& table : tables) {
        const auto page = rows.value().all(table).value();
        all.insert(all.end(), page.rows.begin(), page.rows.end());
    }
    return all;
}

TEST_CASE("as-of from a copy gives the rows that the log gives", "[projections][as-of]")
{
    Machine machine{GENERATE(from_range(every_place))};
    REQUIRE(machine.projections->add(census(), {.kept_in = machine.place, .copies = every_ten}));
    REQUIRE(machine.projections->add(directory(), {.kept_in = machine.place, .copies = every_ten}));
    record_some(machine, 57);
    const bool lasts = machine.place != el::RowPlace::memory;
    CHECK(copies_in(machine, "census").size() == (lasts ? 4u : 0u));

    el::testing::TemporaryDirectory elsewhere;
    el::Projections without{machine.runtime, *machine.store, machine.bus, elsewhere.path()};
    REQUIRE(without.add(census()));
    REQUIRE(without.add(directory()));
    for (el::Position position = 0; position <= 57; ++position) {
        CHECK(rows_of(machine.projections->as_of("census", position), {"cities", "people"}) ==
              rows_of(without.as_of("census", position), {"cities", "people"}));
        CHECK(rows_of(machine.projections->as_of("directory", position), {""}) ==
              rows_of(without.as_of("directory", position), {""}));
    }
    // A copy has the numbers of rows too: a fold that goes on from it counts on.
    CHECK(machine.projections->verify("census").value().differences_total == 0);
}

TEST_CASE("as-of from a copy reads the log from there on", "[projections][as-of]")
{
    Machine machine;
    REQUIRE(machine.projections->add(directory(), {.copies = every_ten}));
    record_some(machine, 49);
    machine.reopen();
    el::testing::CountingStore counting{*machine.store};
    el::Projections projections{machine.runtime, counting, machine.bus, machine.directory.path()};
    REQUIRE(projections.add(directory(), {.copies = every_ten}));
    REQUIRE(projections.as_of("directory", 44));
    CHECK(counting.counts.events_read <= 5 + 1); // after the copy at 40, and the one at which it sees the end
}

TEST_CASE("no more copies are kept than asked for, and they lie over the whole log", "[projections][as-of]")
{
    Machine machine;
    REQUIRE(machine.projections->add(directory(), {.copies = {.every = 5, .at_most = 4}}));
    record_some(machine, 103);
    const auto positions = copies_in(machine, "directory");
    REQUIRE(positions.size() == 4);
    CHECK(positions.back() == 100);
    for (std::size_t i = 0; i < positions.size(); ++i) {
        CHECK(positions[i] - (i == 0 ? 0 : positions[i - 1]) <= 50);
    }
}

TEST_CASE("a rebuild makes copies of its own, and those of the rows it replaces go", "[projections][as-of][rebuild]")
{
    Machine machine{GENERATE(from_range(every_lasting_place))};
    REQUIRE(machine.projections->add(directory(), {.kept_in = machine.place, .copies = every_ten}));
    record_some(machine, 30);
    CHECK(copies_in(machine, "directory", 1).size() == 3);
    REQUIRE(machine.projections->rebuild("directory"));
    machine.simulated.run_until_idle();
    CHECK(copies_in(machine, "directory", 1).empty());
    CHECK(copies_in(machine, "directory", 2) == std::vector<el::Position>{30});
    REQUIRE(machine.projections->drop("directory"));
    CHECK(copies_in(machine, "directory", 2).empty());
}

TEST_CASE("no copy outlives a repair, since it may have the row as it was", "[projections][as-of][repair]")
{
    Machine machine{GENERATE(from_range(every_lasting_place))};
    REQUIRE(machine.projections->add(directory(), {.kept_in = machine.place, .copies = every_ten}));
    record_some(machine, 30);
    const auto before = rows_of(machine.projections->as_of("directory", 25), {""});
    REQUIRE(machine.projections->repair("directory", {{}, "person 1"}));
    CHECK(copies_in(machine, "directory").empty());
    CHECK(rows_of(machine.projections->as_of("directory", 25), {""}) == before);
}

TEST_CASE("a copy that was not finished is not believed, and goes", "[projections][as-of][failure]")
{
    Machine machine;
    REQUIRE(machine.projections->add(directory(), {.copies = every_ten}));
    record_some(machine, 25);
    const auto before = rows_of(machine.projections->as_of("directory", 25), {""});
    machine.reopen();
    // As a power cut would leave it: begun, and nothing in it.
    const auto unfinished = machine.directory.path() + "/directory/copy-1-at-23";
    std::filesystem::create_directory(unfinished);
    REQUIRE(machine.projections->add(directory(), {.copies = every_ten}));
    CHECK(rows_of(machine.projections->as_of("directory", 25), {""}) == before);
    CHECK_FALSE(std::filesystem::exists(unfinished));
    CHECK(copies_in(machine, "directory") == std::vector<el::Position>{10, 20});
}

TEST_CASE("a copy that is under way when the service stops is given up, and made when the next is due",
          "[projections][as-of]")
{
    Machine machine;
    REQUIRE(machine.projections->add(directory(), {.copies = every_ten}));
    for (int i = 0; i < 10; ++i) machine.record({std::to_string(i)}, Joined{{}, "York", {i}, day(i)});
    REQUIRE(machine.catch_up()); // the copy is begun by now, but its task has not had its turn or is not through
    machine.reopen();
    machine.simulated.run_until_idle();
    REQUIRE(machine.projections->add(directory(), {.copies = every_ten}));
    for (int i = 10; i < 20; ++i) machine.record({std::to_string(i)}, Joined{{}, "York", {i}, day(i)});
    REQUIRE(machine.catch_up());
    machine.simulated.run_until_idle();
    CHECK(copies_in(machine, "directory").back() == 20);
    CHECK(rows_of(machine.projections->as_of("directory", 15), {""}).size() == 15);
}

TEST_CASE("a copy that cannot be made stops nothing, and the status says why", "[projections][as-of][failure]")
{
    Machine machine;
    const auto rows = machine.projections->add(directory(), {.copies = every_ten}).value();
    record_some(machine, 1);
    std::ofstream{machine.directory.path() + "/directory/copy-1-at-10"} << "a file where a directory should be";
    record_some(machine, 9);
    const auto status = machine.projections->status().front();
    CHECK(status.state == el::ProjectionState::running);
    REQUIRE(status.error);
    CHECK(status.error->sentence.find("copy-1-at-10") != std::string::npos);
    CHECK(rows_of(machine.projections->as_of("directory", 10), {""}).size() == rows.size().value());
    record_some(machine, 10);
    CHECK(rows.position().value() == 20);
    CHECK_FALSE(machine.projections->status().front().error); // the next one was made
}

} // namespace history_copies_test
