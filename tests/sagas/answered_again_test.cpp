// Answers from elsewhere that come more than once.
#include "support/stay.hpp"

#include <eventloom/sagas/handlers.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

namespace stay_test {

namespace {

Saga charges_by_webhook()
{
    return saga<Booking>("booking", 1, begins_with_request(), cancelled_by<Withdrawn>{},
                         step("charge", act{[](const Booking& booking) {
                                  return call(Charge{booking.stay.value, booking.cents});
                              }},
                              keep{[](Booking& booking, const Slip& slip) { booking.slip = slip.number; }},
                              undo{[](const Booking& booking) { return call(Refund{booking.stay.value}); }}),
                         step("approval", await<Approved>{}), note("paid"));
}

// Calls as often as it is approved.
Saga charges_each_time()
{
    return saga<StayId, Booking>(
        "booking", 1, begins_with<Requested>{},
        [](Booking&, const StayId& stay, const Requested&) -> actions {
            return {call(Charge{stay.value, 1})};
        },
        [](Booking&, const StayId& stay, const Approved&) -> actions {
            return {call(Charge{stay.value, 1})};
        },
        [](Booking&, const StayId& stay, const Slip& slip) -> actions { return {send(stay, Note{slip.number})}; });
}

void begin_again(House& house, const std::string& how)
{
    if (how != "running") house.kill();
    if (how == "with a new table") std::filesystem::remove_all(house.directory.path() + "/sagas");
    if (how != "running") house.open();
}

} // namespace

TEST_CASE("the same answer from elsewhere is welcome again, and another one is told what was answered",
          "[sagas][answered-later]")
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    const auto how   = GENERATE(as<std::string>{}, "running", "restarted", "with a new table");
    INFO(kind.name << ", " << how);
    House house{charges_by_webhook(), 1, {}, kind};
    house.cards.later = true;
    house.request("1");
    house.settle();
    const auto key   = house.cards.keys.front();
    const auto first = house.sagas->answer<Charge>(key, Slip{"a"});
    REQUIRE(first);
    CHECK(first.value().saga == "booking");
    CHECK(first.value().key == "1");
    CHECK_FALSE(first.value().was_taken_before);
    const Time answered = house.simulated.now();
    house.settle();
    begin_again(house, how);
    house.simulated.advance(24h * 7);

    const auto head  = house.store->head();
    const auto again = house.sagas->answer<Charge>(key, Slip{"a"});
    REQUIRE(again);
    CHECK(again.value().was_taken_before);
    CHECK(again.value().key == "1");
    const auto other = house.sagas->answer<Charge>(key, Slip{"b"});
    REQUIRE_FALSE(other);
    CHECK(other.error().code == "answered-otherwise");
    CHECK(other.error().sentence ==
          "answered the call " + to_string(key) +
              " of the saga booking-1 with {\"number\": \"b\"} and found that it was answered at " +
              to_string(answered) + " with {\"number\": \"a\"}; the first answer counts: take the other one back");
    CHECK(house.sagas->answer<Charge>(Uuid{}, Slip{"a"}).error().code == "no-such-call");
    CHECK(house.store->head() == head); // none of them has changed anything

    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    CHECK(house.notes("1") == std::vector<std::string>{"paid"});
    CHECK(house.sagas->answer<Charge>(key, Slip{"a"}).value().was_taken_before);
    CHECK(house.sagas->answer<Charge>(key, Slip{"b"}).error().code == "answered-otherwise");
    const auto shown = house.sagas->show("booking", "1").value();
    CHECK(shown.state_json.find("\"a\"") != std::string::npos);
    CHECK(std::any_of(shown.history.begin(), shown.history.end(), [](const auto& entry) {
        return entry.what == "answer-taken" && entry.detail == "{\"number\": \"a\"}";
    }));
}

TEST_CASE("an answer from elsewhere that was taken is welcome again after its saga was undone",
          "[sagas][answered-later]")
{
    const auto how = GENERATE(as<std::string>{}, "running", "restarted", "with a new table");
    House house{charges_by_webhook()};
    house.cards.later = true;
    house.request("1");
    house.request("2");
    house.settle();
    REQUIRE(house.cards.keys.size() == 2);
    const auto taken = house.sagas->answer<Charge>(house.cards.keys.front(), Slip{"a"});
    REQUIRE(taken);
    for (const auto* stay : {"1", "2"}) REQUIRE(house.commands->send(StayId{stay}, Withdraw{}));
    house.finish();
    begin_again(house, how);
    house.settle();
    CHECK(house.sagas->answer<Charge>(house.cards.keys.front(), Slip{"a"}).value().was_taken_before);
    CHECK(house.sagas->answer<Charge>(house.cards.keys.back(), Slip{"a"}).error().code == "no-such-call");
    CHECK(house.cards.refunded.size() == 2);
}

TEST_CASE("of each instance the last 16 answers from elsewhere are known", "[sagas][answered-later][handlers]")
{
    const auto how = GENERATE(as<std::string>{}, "running", "restarted", "with a new table");
    House house{charges_each_time()};
    house.cards.later = true;
    house.request("1");
    house.settle();
    for (int i = 0; i < 17; ++i) {
        REQUIRE(house.sagas->answer<Charge>(house.cards.keys.back(), Slip{std::to_string(i)}));
        REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
        house.settle();
    }
    begin_again(house, how);
    house.settle();
    REQUIRE(house.cards.keys.size() == 18);
    CHECK(house.sagas->answer<Charge>(house.cards.keys.at(0), Slip{"0"}).error().code == "no-such-call");
    for (std::size_t i = 1; i < 17; ++i) {
        CHECK(house.sagas->answer<Charge>(house.cards.keys.at(i), Slip{std::to_string(i)}).value().was_taken_before);
        CHECK(house.sagas->answer<Charge>(house.cards.keys.at(i), Slip{"b"}).error().code == "answered-otherwise");
    }
    const auto last = house.sagas->answer<Charge>(house.cards.keys.back(), Slip{"17"});
    REQUIRE(last);
    CHECK_FALSE(last.value().was_taken_before);
    house.settle();
    CHECK(house.notes("1").size() == 18);
}

} // namespace stay_test
