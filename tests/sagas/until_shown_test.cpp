// Until when an instance waits, as a person sees it.
#include "support/stay.hpp"

#include <eventloom/sagas/handlers.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <tuple>

namespace stay_test {

namespace {

using ShownTimes = std::vector<std::tuple<Time, std::string, std::string>>;

ShownTimes times_of_stay(const House& house, const std::string& stay)
{
    const auto shown = house.sagas->show("booking", stay);
    REQUIRE(shown);
    ShownTimes times;
    for (const auto& time : shown.value().times) times.emplace_back(time.at, time.what, time.step);
    // The first of them is in each line of the list, too.
    const auto listed = house.sagas->list({.key_prefix = stay});
    REQUIRE(listed.value().size() == 1);
    CHECK(listed.value().front().until == shown.value().instance.until);
    return times;
}

Saga waits_in_several_ways()
{
    return saga<Booking>(
        "booking", 1, begins_with_request(), deadline{30 * 24h},
        together(hold_the_room(), step("approval", when{[](const Booking& booking) { return booking.cents > 1'000; }},
                                       await<Approved>{}, deadline{48h})),
        step("charge", act{[](const Booking& booking) {
                 return call(Charge{booking.stay.value, booking.cents});
             }},
             retry{.times = 5, .first_wait = 1h}, deadline{24h}),
        no_return{}, step("the day before", until{[](const Booking&) { return Time{24h * 365 * 100}; }}),
        say_why_it_failed());
}

struct Unpaid {};
struct Forgotten {};

} // namespace

TEST_CASE("until when an instance waits is shown: its deadlines, its next try, and its time", "[sagas][shown]")
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    const bool again = GENERATE(false, true);
    House house{waits_in_several_ways(), 1, {}, kind};
    const auto look = [&] {
        if (again) house.restart();
        house.settle();
        return times_of_stay(house, "1");
    };
    const Time began = house.simulated.now();
    const ShownTimes::value_type whole{began + 30 * 24h, "deadline of the saga", ""};
    house.request("1", 5'000);
    house.settle();
    CHECK(look() == ShownTimes{{began + 48h, "deadline", "approval"}, whole});
    CHECK(house.instance("1").until == began + 48h);

    house.cards.is_silent = true;
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.simulated.run_until_idle();
    const Time asked = house.simulated.now();
    CHECK(house.instance("1").until == asked + 24h);
    house.simulated.advance(10s); // by then it is recorded that it was asked
    CHECK(times_of_stay(house, "1") == ShownTimes{{asked + 24h, "deadline", "charge"}, whole});
    house.cards.is_silent = false;
    house.cards.answer_all();
    house.simulated.run_until_idle();
    REQUIRE(house.instance("1").step == "the day before");
    CHECK(look() == ShownTimes{{Time{24h * 365 * 100}, "time", "the day before"}});
    CHECK(house.instance("1").until == Time{24h * 365 * 100});
}

TEST_CASE("the next try is shown with the deadlines, and a pause until its end", "[sagas][shown]")
{
    House house{waits_in_several_ways()};
    const Time began = house.simulated.now();
    const ShownTimes::value_type whole{began + 30 * 24h, "deadline of the saga", ""};
    house.cards.fails = 1;
    house.request("1");
    house.simulated.run_until_idle();
    auto times = times_of_stay(house, "1");
    CHECK(times == ShownTimes{{began + 1h, "next attempt", "charge"}, {began + 24h, "deadline", "charge"}, whole});
    CHECK(house.instance("1").until == began + 1h);

    REQUIRE(house.sagas->pause("booking", "1", "wrong price", began + 2h));
    house.settle();
    CHECK(house.instance("1").until == began + 2h);
    times = times_of_stay(house, "1");
    CHECK(std::count(times.begin(), times.end(), ShownTimes::value_type{began + 2h, "end of the pause", ""}) == 1);
    house.simulated.advance(3h);
    CHECK(house.instance("1").step == "the day before");

    REQUIRE(house.sagas->pause("booking", "1", "until somebody says so"));
    house.settle();
    CHECK_FALSE(house.instance("1").until);
}

TEST_CASE("the timers of a saga with handlers are shown, the first one in the list", "[sagas][shown][handlers]")
{
    House house{saga<StayId, Booking>(
        "booking", 1, begins_with<Requested>{},
        [](Booking&, const StayId&, const Requested&) -> actions {
            return {wake(72h, Forgotten{}), wake(24h, Unpaid{})};
        },
        [](Booking&, const StayId&, const Unpaid&) -> actions { return wait(); },
        [](Booking&, const StayId&, const Forgotten&) -> actions { return {end_saga()}; })};
    const Time began = house.simulated.now();
    house.request("1");
    house.settle();
    CHECK(times_of_stay(house, "1") ==
          ShownTimes{{began + 24h, "timer", "Unpaid"}, {began + 72h, "timer", "Forgotten"}});
    CHECK(house.instance("1").until == began + 24h);
    house.simulated.advance(25h);
    CHECK(times_of_stay(house, "1") == ShownTimes{{began + 72h, "timer", "Forgotten"}});
    house.simulated.advance(72h);
    CHECK(times_of_stay(house, "1").empty());
    CHECK_FALSE(house.instance("1").until);
}

TEST_CASE("a step whose tries all fail at once has failed at its deadline, also over restarts", "[sagas][deadline]")
{
    const bool again = GENERATE(false, true);
    House house{saga<Booking>("booking", 1, begins_with_request(),
                              step("charge", act{[](const Booking& booking) {
                                       return call(Charge{booking.stay.value, booking.cents});
                                   }},
                                   retry{.times = 10'000, .first_wait = 1s, .factor = 1}, deadline{15min}),
                              say_why_it_failed()),
                1,
                {.stops_after_faults = 0}};
    house.cards.fails = 1'000'000;
    house.request("1");
    house.simulated.advance(14min);
    if (again) house.restart();
    house.simulated.advance(30s);
    CHECK(house.instance("1").status == SagaStatus::running);
    house.simulated.advance(1min);
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.notes("1") == std::vector<std::string>{"deadline-passed"});
}

} // namespace stay_test
