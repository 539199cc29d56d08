// What answers while a projection's new version is built, and when that takes its place.
#include "projections/people.hpp"

#include <xxhash.h>

#include <filesystem>
#include <fstream>

namespace versions_test {

using namespace people;
namespace fs = std::filesystem;

constexpr auto an_hour = std::chrono::hours{1};

struct Resident {
    std::string city;
    std::int64_t moves = 0;
};
using Residents = el::Projected<PersonId, Resident>;

const auto by_city = el::index("city", [](const Resident& row) { return row.city; });

// Counts how often people moved. The first version counted when they came, too.
Residents residents(std::uint32_t version)
{
    return el::projection<PersonId, Resident>(
        "residents", version, by_city,
        [version](Resident& row, const Joined& event) {
            row = {event.city, version == 1 ? 1 : 0};
        },
        [](Resident& row, const Moved& event) {
            row.city = event.city;
            ++row.moves;
        });
}

// A third version that does not take people from York.
Residents choosy()
{
    return el::projection<PersonId, Resident>(
        "residents", 3, by_city, [](Resident& row, const Joined& event) -> el::result<void> {
            if (event.city == "York")
                return el::fail(el::Failure::invalid, "not-york", "I do not take people from York.");
            row.city = event.city;
            return el::done();
        });
}

struct Dweller {
    std::string city;
    std::int32_t moves = 0;
};

// A second version with rows of another shape.
el::Projected<PersonId, Dweller> dwellers()
{
    return el::projection<PersonId, Dweller>("residents", 2,
                                             el::index("city", [](const Dweller& row) { return row.city; }),
                                             [](Dweller& row, const Joined& event) { row.city = event.city; });
}

// With the first version's rows of ada and bob, who has moved once; and a program of the second, which has not begun yet.
struct Changing : Machine {
    explicit Changing(el::RowPlace where = el::RowPlace::leveldb) : Machine{where}
    {
        REQUIRE(add(residents(1)));
        record({"ada"}, Joined{{}, "York", {5}, day(1)});
        record({"bob"}, Joined{{}, "Hull", {5}, day(1)});
        record({"bob"}, Moved{"York"});
        REQUIRE(catch_up());
        reopen();
    }

    el::ProjectionStatus status() const { return projections->status().at(0); }

    std::vector<std::string> files() const
    {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator{directory.path() + "/residents"}) {
            names.push_back(entry.path().filename());
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    // More events than are handled at once.
    void record_much()
    {
        for (int i = 0; i < 10'000; ++i) record({"bob"}, Moved{"Hull"});
    }

    // The fold has begun, and has not come to the end of the log.
    void build_a_part()
    {
        projections->start();
        while (status().building->position < 4'000) REQUIRE(simulated.run_one());
        REQUIRE(status().building->position < store->head());
        projections->stop();
    }
};

std::string text_in(const std::string& path)
{
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

TEST_CASE("while a higher version is built, the rows of the one before answer, and then it takes their place",
          "[projections][versions]")
{
    Changing machine{GENERATE(from_range(every_lasting_place))};
    const auto table = machine.add(residents(2)).value();
    CHECK(machine.status().state == el::ProjectionState::stopped);
    machine.record({"ada"}, Moved{"Hull"}); // the first version's code has gone: its rows stand still
    machine.projections->start();
    const auto building = machine.status();
    CHECK(building.version == 1);
    CHECK(building.state == el::ProjectionState::building);
    CHECK(building.position == 3);
    CHECK(building.lag == 1);
    CHECK(building.rows == 2);
    REQUIRE(building.building);
    CHECK(building.building->version == 2);
    CHECK(building.building->position == 0);
    CHECK(building.building->rows == 0);
    CHECK(table.position().value() == 3);
    CHECK(table.get({"bob"}).value()->moves == 2);
    CHECK(keys_of(table.by("city", std::string{"York"})) == std::vector<std::string>{"ada", "bob"});

    REQUIRE(machine.catch_up());
    CHECK(table.position().value() == 4);
    CHECK(table.get({"ada"}).value()->moves == 1);
    CHECK(table.get({"bob"}).value()->moves == 1);
    const auto in_place = machine.status();
    CHECK(in_place.version == 2);
    CHECK(in_place.state == el::ProjectionState::running);
    CHECK_FALSE(in_place.building);
    CHECK(machine.projections->verify("residents").value().differences_total == 0);
    machine.record({"eve"}, Joined{{}, "York", {5}, day(1)}); // and is followed on
    REQUIRE(machine.catch_up());
    CHECK(table.size().value() == 3);
    CHECK(machine.files() == std::vector<std::string>{"current", "generation-2"});
}

TEST_CASE(
    "who waits for a position waits until the version that is built is in its place, or has rows that had it already",
    "[projections][versions]")
{
    Changing machine;
    const auto table = machine.add(residents(2)).value();
    machine.projections->start();
    const auto head = machine.store->head();
    REQUIRE(machine.projections->wait_for(head, machine.simulated.now())); // what the first version had, it still has
    CHECK(machine.status().building);
    machine.record({"ada"}, Moved{"Hull"});
    REQUIRE(machine.projections->wait_for(head + 1, machine.simulated.now() + an_hour));
    CHECK_FALSE(machine.status().building);
    CHECK(table.get({"ada"}).value()->city == "Hull");
}

TEST_CASE("a version that is half built when the program ends is built on by the next", "[projections][versions]")
{
    Changing machine{GENERATE(from_range(every_lasting_place))};
    machine.record_much();
    REQUIRE(machine.add(residents(2)));
    machine.build_a_part();
    const auto before = machine.status().building->position;
    machine.reopen();
    const auto table = machine.add(residents(2)).value();
    machine.projections->start();
    CHECK(machine.status().building->position == before);
    CHECK(table.position().value() == 3);
    REQUIRE(machine.catch_up());
    CHECK(table.get({"bob"}).value()->moves == 10'001);
    CHECK(machine.projections->verify("residents").value().differences_total == 0);
}

TEST_CASE("a half-built version that is given up goes, and the one that answers goes on", "[projections][versions]")
{
    Changing machine;
    machine.record_much();
    REQUIRE(machine.add(residents(2)));
    machine.build_a_part();
    machine.reopen();
    SECTION("for the one before")
    {
        const auto table = machine.add(residents(1)).value();
        machine.projections->start();
        CHECK_FALSE(machine.status().building);
        CHECK(machine.files() == std::vector<std::string>{"current", "generation-1"});
        REQUIRE(machine.catch_up());
        CHECK(table.get({"bob"}).value()->moves == 10'002);
    }
    SECTION("for a third one, which begins anew")
    {
        const auto table = machine.add(residents(3)).value();
        machine.projections->start();
        CHECK(machine.status().building->position == 0);
        CHECK(table.position().value() == 3);
        REQUIRE(machine.catch_up());
        CHECK(machine.status().version == 3);
        CHECK(table.get({"bob"}).value()->moves == 10'001);
    }
    CHECK(machine.projections->verify("residents").value().differences_total == 0);
    CHECK(machine.files().size() == 2);
}

TEST_CASE("where a new version fails the one before goes on answering, and the failure is told",
          "[projections][versions][failure]")
{
    Changing machine;
    std::optional table = machine.add(choosy()).value();
    machine.record({"eve"}, Joined{{}, "Hull", {5}, day(1)});
    const auto waited = machine.catch_up();
    REQUIRE_FALSE(waited);
    CHECK(waited.error().code == "not-york");
    const auto status = machine.status();
    CHECK(status.state == el::ProjectionState::failed);
    CHECK(status.version == 1);
    CHECK(status.building->version == 3);
    CHECK(status.error->code == "not-york");
    CHECK(table->get({"bob"}).value()->moves == 2);
    table.reset();
    machine.reopen(); // with a version that takes everybody
    const auto mended = machine.add(residents(4)).value();
    CHECK(mended.get({"bob"}).value()->moves == 2);
    REQUIRE(machine.catch_up());
    CHECK(mended.get({"bob"}).value()->moves == 1);
}

TEST_CASE("what a new version parks while it is built is listed, and may be discarded before it is in its place",
          "[projections][versions][dead-letters]")
{
    Changing machine;
    machine.record_much();
    const el::ProjectionOptions parking{.on_failure = el::OnFailure::park};
    const auto table = machine.projections->add(choosy(), parking).value();
    machine.build_a_part();
    CHECK(machine.projections->dead_letters("residents").value().at(0).position == 1);
    REQUIRE(machine.projections->discard_dead_letter("residents", 1));
    CHECK(table.get({"ada"}).value()->city == "York");
    REQUIRE(machine.catch_up());
    CHECK_FALSE(table.get({"ada"}).value());
    CHECK(machine.projections->dead_letters("residents").value().empty());
}

TEST_CASE("a version whose rows have another shape is built beside them, answers as it fills, and says why",
          "[projections][versions]")
{
    Changing machine{GENERATE(from_range(every_lasting_place))};
    const auto table = machine.add(dwellers()).value();
    CHECK(table.size().error().code == "version-not-built");
    machine.projections->start();
    CHECK(table.size().value() == 0);
    const auto status = machine.status();
    CHECK(status.version == 2);
    CHECK_FALSE(status.building);
    REQUIRE(status.notice);
    CHECK(status.notice->find("the rows of version 1 have another shape") != std::string::npos);
    CHECK(machine.files() == std::vector<std::string>{"current", "generation-1", "generation-2", "next"});
    REQUIRE(machine.catch_up());
    CHECK(table.size().value() == 2);
    CHECK_FALSE(machine.status().notice);
    CHECK(machine.files() == std::vector<std::string>{"current", "generation-2"});
}

TEST_CASE("rows of another shape answer to the program that made them until the new ones are whole",
          "[projections][versions]")
{
    Changing machine{GENERATE(from_range(every_lasting_place))};
    const auto old_rows_answer = [&] {
        machine.reopen();
        const auto table = machine.add(residents(1)).value();
        CHECK(table.get({"bob"}).value()->moves == 2);
        CHECK(machine.projections->verify("residents").value().differences_total == 0);
    };
    SECTION("when a program looks at them that builds nothing")
    {
        const auto table = machine.add(dwellers()).value();
        machine.projections->leave_new_versions_alone();
        REQUIRE(machine.catch_up());
        for (const auto& why :
             {table.size().error(), table.get({"bob"}).error(), machine.projections->rows_now("residents").error(),
              machine.projections->verify("residents").error(),
              machine.projections->repair("residents", {"", "bob"}).error()}) {
            CHECK(why.code == "version-not-built");
        }
        CHECK(machine.status().version == 1);
        CHECK(machine.status().position == 3);
        CHECK(machine.status().rows == 2);
        CHECK(machine.status().notice->find("`projections rebuild residents`") != std::string::npos);
    }
    SECTION("when the program that builds the new ones ends before they are whole, and they are gone on with")
    {
        machine.record_much();
        REQUIRE(machine.add(dwellers()));
        machine.projections->start();
        while (machine.status().position < 4'000) REQUIRE(machine.simulated.run_one());
        const auto before = machine.status().position;
        machine.reopen();
        REQUIRE(machine.add(dwellers()));
        machine.projections->start();
        CHECK(machine.status().position == before);
    }
    SECTION("when a rebuild of the new ones fails")
    {
        REQUIRE(machine.add(dwellers()));
        const auto stop = [](el::Position, el::Position) -> el::result<void> {
            return el::fail(el::Failure::unavailable, "stopped", "Somebody wants it no more.");
        };
        CHECK(machine.projections->rebuild("residents", stop).error().code == "stopped");
    }
    old_rows_answer();
}

TEST_CASE("what was discarded stays out of rows of another shape, too", "[projections][versions][dead-letters]")
{
    Changing machine{GENERATE(from_range(every_lasting_place))};
    const el::ProjectionOptions parking{.kept_in = machine.place, .on_failure = el::OnFailure::park};
    {
        const auto table = machine.projections->add(choosy(), parking).value();
        REQUIRE(machine.projections->rebuild("residents"));
        REQUIRE(machine.projections->discard_dead_letter("residents", 1)); // ada, from York
        CHECK(table.size().value() == 1);
    }
    machine.reopen();
    const bool by_rebuild = GENERATE(true, false);
    const auto table      = machine.add(el::projection<PersonId, Dweller>(
        "residents", 4, [](Dweller& row, const Joined& event) { row.city = event.city; }));
    if (by_rebuild) REQUIRE(machine.projections->rebuild("residents"));
    REQUIRE(machine.catch_up());
    CHECK(keys_of(table.value().between({"a"}, {"z"})) == std::vector<std::string>{"bob"});
}

TEST_CASE("rows of another shape under the same version are noticed, left alone, and replaced when theirs are whole",
          "[projections][versions]")
{
    Changing machine{GENERATE(from_range(every_lasting_place))};
    const auto table = machine
                           .add(el::projection<PersonId, Dweller>(
                               "residents", 1, el::index("city", [](const Dweller& row) { return row.city; }),
                               [](Dweller& row, const Joined& event) { row.city = event.city; }))
                           .value();
    CHECK(table.get({"bob"}).error().sentence.find("raise the projection's version") != std::string::npos);
    REQUIRE(machine.catch_up());
    CHECK(table.get({"bob"}).value()->city == "Hull");
    machine.reopen();
    CHECK(machine.add(residents(1)).value().get({"bob"}).error().code == "version-not-built");
}

TEST_CASE("whoever waits in a program that builds nothing reads no older rows for newer ones",
          "[projections][versions]")
{
    Changing machine{GENERATE(from_range(every_lasting_place))};
    {
        const auto table = machine.add(residents(2)).value();
        machine.projections->leave_new_versions_alone();
        REQUIRE(machine.catch_up());
        CHECK(table.get({"bob"}).value()->moves == 2); // they have all that was waited for
        machine.record({"ada"}, Moved{"Hull"});
        REQUIRE(machine.catch_up()); // holds up nobody
        CHECK(table.get({"ada"}).error().code == "version-not-built");
    }
    machine.reopen();
    const auto first = machine.add(residents(1)).value();
    REQUIRE(machine.catch_up());
    CHECK(first.get({"ada"}).value()->moves == 2);
}

TEST_CASE("a projection that moves to another place answers from the old one until it is there",
          "[projections][versions][places]")
{
    Changing machine;
    const auto table =
        machine.projections->add(residents(1), {.kept_in = GENERATE(el::RowPlace::sqlite, el::RowPlace::memory)})
            .value();
    machine.projections->start();
    CHECK(machine.status().building->version == 1);
    CHECK(table.get({"bob"}).value()->moves == 2);
    machine.record({"ada"}, Moved{"Hull"});
    REQUIRE(machine.catch_up());
    CHECK_FALSE(machine.status().building);
    CHECK(table.get({"bob"}).value()->moves == 2);
    CHECK(machine.projections->verify("residents").value().differences_total == 0);
}

TEST_CASE("a version that is built can be rebuilt at once, dropped, or paused", "[projections][versions]")
{
    Changing machine;
    const auto table = machine.add(residents(2)).value();
    CHECK(machine.projections->verify("residents").error().code == "version-not-built");
    machine.projections->start();
    const auto unproven = machine.projections->verify("residents");
    REQUIRE_FALSE(unproven);
    CHECK(unproven.error().code == "version-being-built");
    SECTION("rebuilt, also when nothing follows the log")
    {
        REQUIRE(machine.projections->rebuild("residents"));
        CHECK(table.get({"bob"}).value()->moves == 1);
    }
    SECTION("dropped")
    {
        REQUIRE(machine.projections->drop("residents"));
        CHECK(table.size().value() == 0);
    }
    SECTION("paused: the old rows stay until it is resumed")
    {
        REQUIRE(machine.projections->pause("residents"));
        machine.projections->start();
        machine.simulated.advance(an_hour);
        CHECK(machine.status().state == el::ProjectionState::paused);
        CHECK(machine.status().building);
        CHECK(table.get({"bob"}).value()->moves == 2);
        REQUIRE(machine.projections->resume("residents"));
    }
    machine.record({"ada"}, Moved{"Hull"});
    REQUIRE(machine.catch_up());
    CHECK(machine.status().version == 2);
    CHECK_FALSE(machine.status().building);
    CHECK(table.get({"bob"}).value()->moves == 1);
    CHECK(machine.projections->verify("residents").value().differences_total == 0);
}

TEST_CASE("a version that meets an empty log is in its place at once", "[projections][versions]")
{
    Machine machine;
    REQUIRE(machine.add(residents(1)));
    machine.reopen();
    REQUIRE(machine.add(residents(2)));
    machine.projections->start();
    CHECK(machine.projections->status().at(0).version == 2);
    CHECK_FALSE(machine.projections->status().at(0).building);
}

TEST_CASE("the files that say which rows answer, and which are built, are as docs/format.md says",
          "[projections][versions][golden]")
{
    const std::string shape_text = "table \nt {key:text,row:{city:text,moves:s8}}\nindex city t\n";
    std::ostringstream shape;
    shape << std::hex << std::setw(16) << std::setfill('0') << XXH3_64bits(shape_text.data(), shape_text.size());
    Changing machine;
    const auto home    = machine.directory.path() + "/residents/";
    const auto current = "generation 1 version 1 shape " + shape.str() + "\n";
    REQUIRE(machine.projections->add(residents(2), {.kept_in = el::RowPlace::sqlite}));
    machine.projections->start();
    CHECK(text_in(home + "current") == current);
    CHECK(text_in(home + "next") == "generation 2 version 2 in sqlite shape " + shape.str() + "\n");

    SECTION("and what was written before shapes were kept is still read")
    {
        machine.reopen();
        std::ofstream{home + "current"} << "generation 1 version 1\n";
        const auto table = machine.add(residents(1)).value();
        CHECK(table.get({"bob"}).value()->moves == 2);
        CHECK(text_in(home + "current") == current);
        machine.projections->start();
        CHECK(machine.files() == std::vector<std::string>{"current", "generation-1"});
    }
    SECTION("and a `next` that is damaged is as good as none")
    {
        machine.reopen();
        std::ofstream{home + "next"} << "generation 2 versi";
        const auto table = machine.add(residents(2)).value();
        machine.projections->start();
        CHECK(machine.status().building->position == 0);
        machine.record({"ada"}, Moved{"Hull"});
        REQUIRE(machine.catch_up());
        CHECK(table.get({"bob"}).value()->moves == 1);
        CHECK(machine.files().size() == 2);
    }
}

} // namespace versions_test
