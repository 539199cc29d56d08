// What becomes of a projection whose handler answers with an error.
#include "every_place.hpp"
#include "people.hpp"

#include <catch2/catch.hpp>

namespace failures_test {

using namespace people;

struct Seen {
    std::int64_t times = 0;
    std::string city;
};

// Does not take people from Atlantis; `unless` says that it does today.
el::Projected<PersonId, Seen> picky(const bool& unless)
{
    return el::projection<PersonId, Seen>("picky", 1, el::index("city", [](const Seen& row) { return row.city; }),
                                          [&unless](Seen& row, const Joined& event) -> el::result<void> {
                                              ++row.times;
                                              row.city = event.city;
                                              if (event.city != "Atlantis" || unless) return el::done();
                                              return el::fail(el::Failure::invalid, "no-such-city",
                                                              "There is no Atlantis.");
                                          });
}

Joined from(const std::string& city)
{
    return {{}, city, {1}, day(1)};
}

struct Picky {
    Machine machine;
    bool takes_all = false;

    explicit Picky(el::RowPlace place) : machine{place} {}

    auto add(el::ProjectionOptions options)
    {
        options.kept_in = machine.place;
        return machine.projections->add(picky(takes_all), options).value();
    }
    el::ProjectionStatus status() const { return machine.projections->status().front(); }
    std::vector<el::Position> letters() const
    {
        std::vector<el::Position> positions;
        const auto letters = machine.projections->dead_letters("picky").value();
        for (const auto& letter : letters) positions.push_back(letter.position);
        return positions;
    }
    void check_rows_follow_from_the_log() const
    {
        const auto verified = machine.projections->verify("picky");
        REQUIRE(verified);
        CHECK(verified.value().differences_total == 0);
    }
};

TEST_CASE("a failing event stops the projection in front of it, however much was handled at once",
          "[projections][failure]")
{
    Picky picky{GENERATE(from_range(every_place))};
    const auto rows = picky.add({});
    for (int i = 0; i < 6'000; ++i) picky.machine.record({std::to_string(i)}, from(i == 5'000 ? "Atlantis" : "York"));
    CHECK(picky.machine.catch_up().error().code == "no-such-city");
    CHECK(rows.size().value() == 5'000);
    CHECK(picky.status().state == el::ProjectionState::failed);
    CHECK(picky.status().position == 5'000);
    picky.check_rows_follow_from_the_log();
}

TEST_CASE("an event that is parked becomes a dead letter with its error, and the projection goes on",
          "[projections][failure][dead-letters]")
{
    Picky picky{GENERATE(from_range(every_place))};
    const bool at_once = GENERATE(true, false);
    const auto rows    = picky.add({.on_failure = el::OnFailure::park});
    if (at_once) REQUIRE(picky.machine.catch_up());
    for (const auto* const city : {"York", "Atlantis", "Bath", "Atlantis", "York"}) {
        picky.machine.record({"ada"}, from(city));
        if (at_once) REQUIRE(picky.machine.catch_up());
    }
    REQUIRE(picky.machine.catch_up());
    CHECK(rows.get({"ada"}).value()->times == 3);
    CHECK(rows.count_by("city", std::string{"York"}).value() == 1);
    const auto letters = picky.machine.projections->dead_letters("picky").value();
    REQUIRE(letters.size() == 2);
    CHECK(letters[0].position == 2);
    CHECK(letters[0].stream == "person-ada");
    CHECK(letters[0].type == "joined");
    CHECK(letters[0].error.code == "no-such-city");
    CHECK(letters[1].position == 4);
    picky.check_rows_follow_from_the_log();

    // A rebuild with the same handlers ends in the same rows and dead letters.
    REQUIRE(picky.machine.projections->rebuild("picky"));
    CHECK(picky.letters() == std::vector<el::Position>{2, 4});
    picky.check_rows_follow_from_the_log();
}

TEST_CASE("a rebuild with handlers that take a parked event has it in its place in the log, and no dead letter of it",
          "[projections][failure][dead-letters]")
{
    Picky picky{GENERATE(from_range(every_place))};
    const auto rows = picky.add({.on_failure = el::OnFailure::park});
    for (const auto* const city : {"York", "Atlantis", "Bath"}) picky.machine.record({"ada"}, from(city));
    REQUIRE(picky.machine.catch_up());
    picky.takes_all = true;
    REQUIRE(picky.machine.projections->rebuild("picky"));
    CHECK(picky.letters().empty());
    CHECK(rows.get({"ada"}).value()->times == 3);
    CHECK(rows.get({"ada"}).value()->city == "Bath");
}

TEST_CASE(
    "a dead letter that is discarded stays out of the rows, also when they are rebuilt with handlers that take it",
    "[projections][failure][dead-letters]")
{
    Picky picky{GENERATE(from_range(every_place))};
    const auto rows = picky.add({.on_failure = el::OnFailure::park});
    for (const auto* const city : {"York", "Atlantis", "Atlantis"}) picky.machine.record({"ada"}, from(city));
    REQUIRE(picky.machine.catch_up());
    REQUIRE(picky.machine.projections->discard_dead_letter("picky", 2));
    CHECK(picky.letters() == std::vector<el::Position>{3});
    CHECK(picky.machine.projections->discard_dead_letter("picky", 2).error().code == "no-such-dead-letter");

    picky.takes_all = true;
    REQUIRE(picky.machine.projections->rebuild("picky"));
    CHECK(picky.letters().empty());
    CHECK(rows.get({"ada"}).value()->times == 2);
    picky.check_rows_follow_from_the_log();
    picky.machine.record({"ada"}, from("Bath"));
    REQUIRE(picky.machine.catch_up());
    CHECK(rows.get({"ada"}).value()->times == 3);
}

TEST_CASE("explain goes past dead letters", "[projections][failure][dead-letters]")
{
    Picky picky{el::RowPlace::leveldb};
    picky.add({.on_failure = el::OnFailure::park});
    for (const auto* const city : {"York", "Atlantis", "Bath"}) picky.machine.record({"ada"}, from(city));
    REQUIRE(picky.machine.catch_up());
    std::vector<el::Position> seen;
    const auto visit = [&](const el::RowChange& change) -> el::result<void> {
        seen.push_back(change.event.position);
        return el::done();
    };
    REQUIRE(picky.machine.projections->explain("picky", {"", "ada"}, visit));
    CHECK(seen == std::vector<el::Position>{1, 3});
}

TEST_CASE("a projection is started again by itself, with longer waits, and then gives up", "[projections][failure]")
{
    Picky picky{el::RowPlace::leveldb};
    picky.add({.restarts = {.times = 2, .first_wait = std::chrono::seconds{1}}});
    picky.machine.record({"ada"}, from("Atlantis"));
    picky.machine.projections->start();
    auto& time = picky.machine.simulated;
    time.run_until_idle();
    CHECK(picky.status().state == el::ProjectionState::waiting);
    CHECK(picky.status().error->code == "no-such-city");
    time.advance(std::chrono::seconds{1}); // the first one: fails again
    CHECK(picky.status().state == el::ProjectionState::waiting);
    time.advance(std::chrono::milliseconds{1'999});
    CHECK(picky.status().state == el::ProjectionState::waiting);
    time.advance(std::chrono::milliseconds{1});
    CHECK(picky.status().state == el::ProjectionState::failed);
    time.advance(std::chrono::hours{1});
    CHECK(picky.status().state == el::ProjectionState::failed);
}

TEST_CASE("what failed for a while goes on when it is tried again", "[projections][failure]")
{
    Picky picky{el::RowPlace::leveldb};
    const auto rows = picky.add({.restarts = {.times = 5, .first_wait = std::chrono::seconds{1}}});
    picky.machine.record({"ada"}, from("Atlantis"));
    picky.machine.projections->start();
    picky.machine.simulated.run_until_idle();
    picky.takes_all = true;
    REQUIRE(picky.machine.catch_up()); // waits for the next try
    CHECK(rows.get({"ada"}).value()->times == 1);
    CHECK(picky.status().state == el::ProjectionState::running);
    CHECK_FALSE(picky.status().error);
}

TEST_CASE("a projection that is paused answers, stands still, also after a restart, and goes on when it is resumed",
          "[projections][pause]")
{
    Picky picky{GENERATE(el::RowPlace::leveldb, el::RowPlace::sqlite)};
    {
        const auto rows = picky.add({});
        picky.machine.record({"ada"}, from("York"));
        REQUIRE(picky.machine.catch_up());
        REQUIRE(picky.machine.projections->pause("picky"));
        picky.machine.record({"bob"}, from("York"));
        CHECK(picky.machine.catch_up().error().code == "projection-paused");
        CHECK(rows.size().value() == 1);
        CHECK(picky.status().state == el::ProjectionState::paused);
        CHECK(picky.status().lag == 1);
    }
    picky.machine.reopen();
    const auto rows = picky.add({});
    CHECK(picky.machine.catch_up().error().code == "projection-paused");
    CHECK(rows.size().value() == 1);
    REQUIRE(picky.machine.projections->resume("picky"));
    REQUIRE(picky.machine.catch_up());
    CHECK(rows.size().value() == 2);
}

} // namespace failures_test
