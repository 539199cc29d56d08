// Whole sagas that are paused.
#include "support/stay.hpp"

#include <eventloom/sagas/handlers.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

namespace stay_test {

using Words = std::vector<std::string>;

namespace {

Saga booking()
{
    return saga<Booking>("booking", 1, begins_with_request(), cancelled_by<Withdrawn>{}, hold_the_room(),
                         step("approval", await<Approved>{}), charge_the_card(),
                         step("a day", until{[](const Booking&) { return Time{}; }}), note("booked"),
                         say_why_it_failed());
}

std::size_t instances(const House& house)
{
    return house.sagas->list().value().size();
}

} // namespace

TEST_CASE("what comes while a whole saga is paused waits, and is taken when it is resumed", "[sagas][pause]")
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    INFO(kind.name);
    House house{booking(), 1, {}, kind};
    for (const auto* stay : {"1", "2"}) house.request(stay);
    house.settle();
    REQUIRE(house.sagas->pause_all("booking", "the prices are wrong"));
    const auto pause = house.sagas->paused().at("booking");
    CHECK(pause.because == "the prices are wrong");
    CHECK(pause.until == Time::max());
    CHECK(house.instance("1").waits_for == "somebody who resumes the whole saga");

    house.request("3");
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    REQUIRE(house.commands->send(StayId{"2"}, Withdraw{}));
    const auto how = GENERATE(as<std::string>{}, "running", "restarted", "with a new table");
    INFO(how);
    if (how != "running") house.kill();
    if (how == "with a new table") std::filesystem::remove_all(house.directory.path() + "/sagas");
    if (how != "running") house.open();
    house.simulated.advance(24h);
    house.settle();
    CHECK(house.sagas->paused().size() == 1);
    CHECK(house.cards.asked == 0);
    CHECK(instances(house) == 2);
    CHECK(house.types_of("room-2") == Words{"room-held"});

    REQUIRE(house.sagas->resume_all("booking", "they are right now"));
    house.settle();
    CHECK(house.sagas->paused().empty());
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.instance("2").status == SagaStatus::compensated);
    CHECK(house.instance("3").step == "approval");
    CHECK(house.types_of("booking") == Words{"saga-paused", "saga-unpaused"});
    REQUIRE(house.commands->send(StayId{"3"}, Approve{"Ada"})); // it hears again
    house.settle();
    CHECK(house.instance("3").status == SagaStatus::completed);
}

TEST_CASE("the pause of a whole saga ends by itself at its time, also over a restart", "[sagas][pause]")
{
    House house{booking()};
    house.request("1");
    house.settle();
    const Time end = house.simulated.now() + 48h;
    REQUIRE(house.sagas->pause_all("booking", "audit", end));
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.settle();
    CHECK(house.instance("1").waits_for == "the end of the pause of the whole saga at " + to_string(end));
    SECTION("running") {}
    SECTION("restarted meanwhile")
    {
        house.restart();
    }
    SECTION("not running when it ends")
    {
        house.kill();
        house.simulated.advance(49h);
        house.open();
    }
    if (house.simulated.now() < end) {
        house.simulated.advance(47h);
        CHECK(house.cards.asked == 0);
        house.simulated.advance(2h);
    }
    house.settle();
    CHECK(house.sagas->paused().empty());
    CHECK(house.instance("1").status == SagaStatus::completed);
}

TEST_CASE("work on its way is finished when a whole saga is paused, and no timer goes off", "[sagas][pause]")
{
    SECTION("a call is answered, and what follows waits")
    {
        House house{booking()};
        house.cards.is_silent = true;
        house.request("1");
        REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
        house.simulated.run_until_idle();
        REQUIRE(house.sagas->pause_all("booking", "audit"));
        house.cards.answer_all();
        house.settle();
        CHECK(house.cards.charged.size() == 1);
        CHECK(house.notes("1").empty());
        REQUIRE(house.sagas->resume_all("booking", "over"));
        house.settle();
        CHECK(house.notes("1") == Words{"booked"});
    }
    SECTION("a deadline passes when it is resumed")
    {
        House house{saga<Booking>("booking", 1, begins_with_request(), hold_the_room(),
                                  step("approval", await<Approved>{}, deadline{24h}), say_why_it_failed())};
        house.request("1");
        house.settle();
        REQUIRE(house.sagas->pause_all("booking", "audit"));
        house.simulated.advance(48h);
        house.settle();
        CHECK(house.types_of("room-1") == Words{"room-held"});
        if (GENERATE(false, true)) house.restart();
        REQUIRE(house.sagas->resume_all("booking", "over"));
        house.settle();
        CHECK(house.instance("1").why->code == "deadline-passed");
        CHECK(house.types_of("room-1") == Words{"room-held", "room-released"});
    }
}

TEST_CASE("another saga goes on when one is paused as a whole, and what makes no sense is refused", "[sagas][pause]")
{
    House house{booking()};
    CHECK(house.sagas->pause_all("bookings", "x").error().code == "no-such-saga");
    CHECK(house.sagas->pause_all("booking", "x", house.simulated.now()).error().code == "time-has-passed");
    CHECK(house.sagas->resume_all("booking", "x").error().code == "saga-not-paused");
    house.close();
    house.versions.push_back(saga<Booking>("other", 1, begins_with_request(), note("other")));
    house.open();
    REQUIRE(house.sagas->pause_all("booking", "audit"));
    house.request("1");
    house.settle();
    CHECK(house.notes("1") == Words{"other"});
    CHECK(instances(house) == 1);
    CHECK(house.sagas->resume("other", "1", "x").error().code == "saga-not-paused");
    house.sagas->stop();
    REQUIRE(house.sagas->resume_all("booking", "by a program that begins no work"));
    house.restart();
    house.settle();
    CHECK(instances(house) == 2);
}

TEST_CASE("killed after any task, a saga that is paused and resumed as a whole loses and doubles nothing",
          "[sagas][pause][crash]")
{
    bool reached_the_end = false;
    for (int kill_after = 0; not reached_the_end; kill_after += 2) {
        House house{booking(), static_cast<std::uint64_t>(kill_after) + 1};
        for (const auto* stay : {"1", "2"}) house.request(stay);
        int tasks       = 0;
        const auto runs = [&] {
            while (tasks < kill_after && house.simulated.run_one()) ++tasks;
        };
        runs();
        REQUIRE(house.sagas->pause_all("booking", "audit", house.simulated.now() + 24h));
        REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
        house.request("3");
        runs();
        if (kill_after % 4 == 0) {
            REQUIRE(house.sagas->resume_all("booking", "over"));
        } else {
            house.simulated.advance(25h);
        }
        runs();
        reached_the_end = tasks < kill_after || kill_after > 120;
        INFO("killed after " << kill_after << " tasks");
        house.restart();
        house.settle();
        CHECK(house.instance("1").status == SagaStatus::completed);
        CHECK(house.notes("1") == Words{"booked"});
        CHECK(house.instance("3").step == "approval");
        CHECK(house.cards.charged.size() == 1);
    }
}

} // namespace stay_test
