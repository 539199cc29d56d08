// What a projection says about itself.
#include "projections/people.hpp"

namespace status_test {

using namespace people;

using std::chrono::seconds;

TEST_CASE("a projection says how many events it is behind, and how old the first of them is", "[projections][status]")
{
    Machine machine;
    REQUIRE(machine.add(directory()));
    const auto status = [&] { return machine.projections->status().at(0); };
    CHECK_FALSE(status().behind);
    machine.record({"ada"}, Joined{{}, "York", {5}, day(1)});
    machine.simulated.advance(seconds{40});
    machine.record({"bob"}, Joined{{}, "York", {5}, day(1)});
    machine.simulated.advance(seconds{2});
    CHECK(status().lag == 2);
    CHECK(*status().behind >= seconds{42});
    CHECK(*status().behind < seconds{43});
    REQUIRE(machine.catch_up());
    CHECK(status().lag == 0);
    CHECK_FALSE(status().behind);
}

TEST_CASE("a projection says how many events a second it went through lately", "[projections][status]")
{
    Machine machine;
    REQUIRE(machine.add(directory()));
    REQUIRE(machine.catch_up());
    const auto rate = [&] { return machine.projections->status().at(0).events_per_second; };
    CHECK(rate() == 0);
    for (int second = 0; second < 20; ++second) {
        for (int i = 0; i < 50; ++i) machine.record({"ada"}, Moved{"York"});
        REQUIRE(machine.catch_up());
        machine.simulated.advance(seconds{1});
    }
    CHECK(rate() >= 40);
    CHECK(rate() <= 60);
    machine.simulated.advance(seconds{30}); // nothing happens
    CHECK(rate() == 0);
    machine.record({"ada"}, Moved{"York"});
    REQUIRE(machine.catch_up());
    machine.projections->stop();
    CHECK(rate() == 0);
}

TEST_CASE("a projection says how many dead letters it has, and its last error", "[projections][status][dead-letters]")
{
    Machine machine;
    const auto picky =
        el::projection<PersonId, City>("picky", 1, [](City& row, const Joined& event) -> el::result<void> {
            if (event.city == "York")
                return el::fail(el::Failure::invalid, "not-york", "I do not take people from York.");
            ++row.people;
            return el::done();
        });
    SECTION("when it parks what it cannot handle")
    {
        REQUIRE(machine.projections->add(picky, {.on_failure = el::OnFailure::park}));
        for (const auto* name : {"ada", "bob"}) machine.record(PersonId{name}, Joined{{}, "York", {5}, day(1)});
        REQUIRE(machine.catch_up());
        CHECK(machine.projections->status().at(0).dead_letters == 2);
        CHECK_FALSE(machine.projections->status().at(0).error);
        REQUIRE(machine.projections->discard_dead_letter("picky", 1));
        CHECK(machine.projections->status().at(0).dead_letters == 1);
    }
    SECTION("when it stops there")
    {
        REQUIRE(machine.projections->add(picky));
        machine.record({"ada"}, Joined{{}, "York", {5}, day(1)});
        REQUIRE_FALSE(machine.catch_up());
        const auto status = machine.projections->status().at(0);
        CHECK(status.dead_letters == 0);
        CHECK(status.error->code == "not-york");
    }
}

} // namespace status_test
