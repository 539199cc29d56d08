// A new version of a projection whose rows the program of the old one cannot read.
#include "projections/changing_residents.hpp"

namespace shape_versions_test {

using namespace changing_residents;

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

} // namespace shape_versions_test
