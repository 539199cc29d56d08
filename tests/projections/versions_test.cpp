// What answers while a projection's new version is built, and when that takes its place.
#include "projections/changing_residents.hpp"

#include <xxhash.h>

#include <fstream>

namespace versions_test {

using namespace changing_residents;

constexpr auto an_hour = std::chrono::hours{1};

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
    CHECK(machine.status().state == el::ProjectionState::idle);
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
    SECTION("and what was being written when the program ended goes")
    {
        machine.reopen();
        for (const auto* name : {"current.new", "next.new", "paused.new", "stopped.new"})
            std::ofstream{home + name} << "g";
        REQUIRE(machine.add(residents(2)));
        machine.projections->start();
        machine.record({"ada"}, Moved{"Hull"});
        REQUIRE(machine.catch_up());
        CHECK(machine.files() == std::vector<std::string>{"current", "generation-3"});
    }
}

} // namespace versions_test
