// When an instance can do nothing now, as whoever waits for it is told; the same of the whole engine.
#include "support/stay.hpp"

#include <eventloom/sagas/handlers.hpp>

#include <catch2/catch.hpp>

namespace stay_test {

namespace {

Saga charges_after_approval()
{
    return saga<Booking>(
        "booking", 1, begins_with_request(), cancelled_by<Withdrawn>{}, hold_the_room(),
        step("approval", when{[](const Booking& booking) { return booking.cents > 1'000; }}, await<Approved>{}),
        charge_the_card(), note("booked"), say_why_it_failed());
}

struct TwoCharges {
    StayId stay;
};
Saga two_charges()
{
    const act charge{[](const TwoCharges& saga) { return call(Charge{saga.stay.value, 100}); }};
    return saga<TwoCharges>("charges", 1, begins_when_run<StayId>{}, step("charge", charge),
                            step("approval", await<Approved>{}), step("charge again", charge));
}
Saga runs_two_charges()
{
    return saga<Booking>(
        "booking", 1, begins_with_request(),
        step("pay", act{[](const Booking& booking) { return run("charges", booking.stay, TwoCharges{booking.stay}); }}),
        note("booked"));
}

const StoreKind& each_store()
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    return kind;
}

bool is_settled(const House& house, const std::string& key, const std::string& saga = "booking")
{
    const auto settled = house.sagas->is_settled(saga, key, house.store->head());
    REQUIRE(settled);
    return settled.value();
}

// As whoever waits does: nothing more is run than that needs, and no time goes on.
bool waits_until_settled(House& house, const std::string& key, const std::string& saga = "booking")
{
    const Position head = house.store->head();
    return house.simulated.wait_until([&] { return house.sagas->is_settled(saga, key, head).value(); },
                                      house.simulated.now());
}

// Its provider is found to be down by the one call of another stay.
void provider_goes_down(House& house)
{
    house.cards.fails = 1'000'000;
    house.request("first");
    house.simulated.run_until_idle();
    REQUIRE(house.sagas->activities().front().stopped_since.has_value());
}

constexpr ActivityOptions stops_at_once{.stops_after_faults = 1, .tries_again_every = 10s};

} // namespace

TEST_CASE("an instance is settled when it has taken up the log and waits, whatever others do", "[sagas][settled]")
{
    const auto& kind = each_store();
    INFO(kind.name);
    House house{charges_after_approval(), 1, {}, kind};
    CHECK(is_settled(house, "1")); // it has not begun
    house.request("1", 5'000);
    CHECK_FALSE(is_settled(house, "1")); // and now it is to begin
    REQUIRE(waits_until_settled(house, "1"));
    CHECK(house.instance("1").waits_for == "the event stay-approved");

    house.cards.is_silent = true;
    house.request("2");
    house.simulated.run_until_idle(); // the call of the other one does not end
    CHECK(is_settled(house, "1"));
    CHECK_FALSE(is_settled(house, "2"));
    CHECK_FALSE(house.sagas->settle(house.simulated.now()));

    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    CHECK_FALSE(is_settled(house, "1"));
    CHECK_FALSE(waits_until_settled(house, "1"));
    house.cards.answer_all();
    REQUIRE(waits_until_settled(house, "1"));
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.notes("1") == std::vector<std::string>{"booked"});
}

TEST_CASE("an instance that waits for its next try, has ended or is paused is settled", "[sagas][settled]")
{
    const auto& kind = each_store();
    House house{charges_after_approval(), 1, {}, kind};
    SECTION("its next try")
    {
        house.cards.fails = 1;
        house.request("1");
        REQUIRE(waits_until_settled(house, "1"));
        CHECK(house.instance("1").attempts == 1);
        house.simulated.set_clock(house.simulated.now() + 1s);
        CHECK_FALSE(is_settled(house, "1")); // its time has come
        house.finish();
    }
    SECTION("paused")
    {
        house.request("1", 5'000);
        REQUIRE(waits_until_settled(house, "1"));
        REQUIRE(house.sagas->pause("booking", "1", "wrong price"));
        REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
        REQUIRE(waits_until_settled(house, "1"));
        CHECK(house.cards.asked == 0);
    }
    SECTION("of a whole saga that is paused")
    {
        REQUIRE(house.sagas->pause_all("booking", "wrong prices"));
        house.request("1");
        REQUIRE(waits_until_settled(house, "1"));
        CHECK_FALSE(house.sagas->find("booking", "1").value());
    }
    SECTION("ended")
    {
        REQUIRE(house.commands->send(RoomId{"1"}, Hold{"another"}));
        house.request("1");
        REQUIRE(waits_until_settled(house, "1"));
        CHECK(house.instance("1").status == SagaStatus::compensated);
    }
    SECTION("a saga of no such name is an error")
    {
        CHECK(house.sagas->is_settled("boking", "1", 0).error().code == "no-such-saga");
    }
}

TEST_CASE(
    "a call that waits for a provider that is down keeps nobody from being settled, and the one that tries it does",
    "[sagas][settled][activities]")
{
    const auto& kind = each_store();
    House house{charges_after_approval(), 1, stops_at_once, kind};
    provider_goes_down(house);
    house.request("1");
    REQUIRE(waits_until_settled(house, "1"));
    CHECK(house.instance("1").waits_for.find("the provider has failed 1 times") == 0);
    CHECK(house.sagas->settle(house.simulated.now()));
    house.simulated.advance(2s); // now the call of the first one waits, too
    CHECK(is_settled(house, "first"));
    CHECK(house.sagas->settle(house.simulated.now()));
    CHECK_FALSE(house.sagas->finish(house.simulated.now()));

    house.cards.fails     = 0;
    house.cards.is_silent = true;
    house.simulated.advance(8s); // the one that waits longest tries it, and is not answered
    CHECK_FALSE(house.sagas->settle(house.simulated.now()));
    CHECK_FALSE(is_settled(house, "1"));
    CHECK(is_settled(house, "first"));
    house.cards.is_silent = false;
    house.cards.answer_all();
    REQUIRE(waits_until_settled(house, "1"));
    REQUIRE(waits_until_settled(house, "first"));
    house.finish();
    CHECK(house.notes("1") == std::vector<std::string>{"booked"});
    CHECK(house.notes("first") == std::vector<std::string>{"booked"});
}

TEST_CASE("a call that tries a provider in vain waits again", "[sagas][settled][activities]")
{
    House house{charges_after_approval(), 1, stops_at_once};
    provider_goes_down(house);
    house.request("1");
    house.simulated.run_until_idle();
    house.simulated.advance(30s);
    CHECK(house.cards.asked == 4);
    CHECK(is_settled(house, "1"));
    CHECK(house.sagas->settle(house.simulated.now()));
}

TEST_CASE("a call that waits for a limit is settled, and the ones that are made are not",
          "[sagas][settled][activities]")
{
    House house{charges_after_approval(), 1, {.at_once = 1}};
    house.cards.is_silent = true;
    house.request("1");
    house.request("2");
    house.simulated.run_until_idle();
    CHECK(is_settled(house, "1") != is_settled(house, "2"));
    CHECK_FALSE(house.sagas->settle(house.simulated.now()));
    house.cards.answer_all();
    house.cards.is_silent = false;
    house.simulated.run_until_idle();
    house.cards.answer_all();
    house.finish();
    CHECK(house.notes("1") == std::vector<std::string>{"booked"});
    CHECK(house.notes("2") == std::vector<std::string>{"booked"});
}

TEST_CASE("what an instance has caused itself is taken up before it is settled", "[sagas][settled]")
{
    const auto seed  = GENERATE(range(1, 20));
    const auto& kind = each_store();
    // It awaits the event of its own command, which is in the log as soon as that is done.
    House house{
        saga<Booking>("booking", 1, begins_with_request(),
                      step("ask", act{[](const Booking& booking) { return send(booking.stay, Approve{"itself"}); }}),
                      step("hear", await<Approved>{}), note("heard")),
        static_cast<std::uint64_t>(seed),
        {},
        kind};
    for (int other = 0; other < 20; ++other) house.request("other" + std::to_string(other));
    house.request("1");
    REQUIRE(waits_until_settled(house, "1"));
    CHECK(house.notes("1") == std::vector<std::string>{"heard"});
}

TEST_CASE("an instance that waits for one that it runs is settled when that one is", "[sagas][settled][children]")
{
    const auto seed = GENERATE(range(1, 20));
    House house{runs_two_charges(), static_cast<std::uint64_t>(seed)};
    house.close();
    house.versions.push_back(two_charges());
    house.open();
    house.cards.is_silent = true;
    house.request("1");
    CHECK_FALSE(waits_until_settled(house, "1"));
    house.cards.answer_all();
    REQUIRE(waits_until_settled(house, "1"));
    CHECK(house.sagas->find("charges", "1").value()->waits_for == "the event stay-approved");
    house.cards.is_silent = false;
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    REQUIRE(waits_until_settled(house, "1"));
    CHECK(house.notes("1") == std::vector<std::string>{"booked"});
}

TEST_CASE("an instance is settled after a restart as before", "[sagas][settled]")
{
    const auto& kind = each_store();
    House house{charges_after_approval(), 1, {}, kind};
    house.request("1", 5'000);
    house.settle();
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.kill();
    house.open();
    CHECK_FALSE(is_settled(house, "1"));
    REQUIRE(waits_until_settled(house, "1"));
    CHECK(house.instance("1").status == SagaStatus::completed);
}

} // namespace stay_test
