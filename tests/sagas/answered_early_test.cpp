// Answers from elsewhere that come sooner than the engine knows that somebody waits for them.
#include "support/stay.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

namespace stay_test {

namespace {

Saga pays_by_webhook()
{
    return saga<Booking>("booking", 1, begins_with_request(),
                         step("charge", act{[](const Booking& booking) {
                                  return call(Charge{booking.stay.value, booking.cents});
                              }},
                              keep{[](Booking& booking, const Slip& slip) { booking.slip = slip.number; }}),
                         note("paid"));
}

// A crash before the engine has written what it knows.
void lose_the_table(House& house)
{
    house.kill();
    std::filesystem::remove_all(house.directory.path() + "/sagas");
}

} // namespace

TEST_CASE("an answer from elsewhere that comes right after a crash and a start is taken", "[sagas][answered-later]")
{
    House house{pays_by_webhook()};
    house.cards.later = true;
    for (int stay = 0; stay < 100; ++stay) house.request(std::to_string(stay));
    house.settle();
    REQUIRE(house.cards.keys.size() == 100);
    lose_the_table(house);
    house.open();
    for (const auto& key : house.cards.keys) REQUIRE(house.sagas->answer<Charge>(key, Slip{"by webhook"}));
    house.finish();
    CHECK(house.cards.asked == 100);
    CHECK(house.sagas->count().value() == std::map<SagaStatus, std::uint64_t>{{SagaStatus::completed, 100}});
}

TEST_CASE("an answer from elsewhere is taken after a crash by an engine that is only opened", "[sagas][answered-later]")
{
    House house{pays_by_webhook()};
    house.cards.later = true;
    house.request("1");
    house.settle();
    lose_the_table(house);
    house.open();
    house.sagas->stop();
    REQUIRE(house.sagas->answer<Charge>(house.cards.keys.front(), Slip{"by webhook"}));
    REQUIRE(house.sagas->start());
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
}

TEST_CASE("an answer from elsewhere that comes while its call is being made is taken, once", "[sagas][answered-later]")
{
    House house{pays_by_webhook()};
    house.cards.is_silent = true;
    house.cards.later     = true;
    house.request("1");
    house.simulated.run_until_idle(); // the provider was asked, and has not said that it answers later
    const auto key = house.cards.keys.front();
    SECTION("the activity says afterwards that it is answered later")
    {
        REQUIRE(house.sagas->answer<Charge>(key, Slip{"by webhook"}));
        house.cards.answer_all();
    }
    SECTION("the activity gives an answer of its own, which is too late")
    {
        house.cards.later = false;
        REQUIRE(house.sagas->answer<Charge>(key, Slip{"by webhook"}));
        house.cards.answer_all();
    }
    SECTION("an answer to another request is refused")
    {
        CHECK(house.sagas->answer<Refund>(key, Slip{"by webhook"}).error().code == "other-answer");
        REQUIRE(house.sagas->answer<Charge>(key, Slip{"by webhook"}));
    }
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.sagas->show("booking", "1").value().state_json.find("by webhook") != std::string::npos);
    CHECK(house.sagas->answer<Charge>(key, Slip{"again"}).error().code == "answered-otherwise");
    CHECK(house.cards.asked == 1);
    CHECK(house.notes("1") == std::vector<std::string>{"paid"});
}

} // namespace stay_test
