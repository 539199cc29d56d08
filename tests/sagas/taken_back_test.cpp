// Calls of an instance that is to ask for nothing more: those that wait are taken back, and those that are made are waited for.
#include "support/stay.hpp"

#include <catch2/catch.hpp>

namespace stay_test {

namespace {

// Charging is all that it does: whatever is taken back, there is nothing else to be undone.
Saga charges_alone(bool has_undo, auto... parts)
{
    act charge{[](const Booking& booking) { return call(Charge{booking.stay.value, booking.cents}); }};
    undo refund{[](const Booking& booking) { return call(Refund{booking.stay.value}); }};
    const cancelled_by<Withdrawn> by_guest{};
    if (not has_undo)
        return saga<Booking>("booking", 1, begins_with_request(), by_guest, parts..., step("charge", charge));
    return saga<Booking>("booking", 1, begins_with_request(), by_guest, parts..., step("charge", charge, refund));
}

// The call of "first" is being made, and that of "second" waits for its turn.
void request_two(House& house)
{
    house.cards.is_silent = true;
    for (const auto* stay : {"first", "second"}) {
        house.request(stay);
        house.simulated.run_until_idle();
    }
    REQUIRE(house.cards.asked == 1);
}

void let_the_cards_answer(House& house)
{
    house.cards.is_silent = false;
    house.cards.answer_all();
    house.finish();
    house.simulated.advance(24h);
}

} // namespace

TEST_CASE(
    "a call that waits for its turn is never made for a saga that was cancelled, also with nothing before it to undo",
    "[sagas][cancel]")
{
    const bool has_undo = GENERATE(true, false);
    House house{charges_alone(has_undo), 1, {.at_once = 1}};
    request_two(house);
    REQUIRE(house.commands->send(StayId{"second"}, Withdraw{}));
    house.simulated.run_until_idle();
    CHECK(house.instance("second").status == SagaStatus::compensated);
    let_the_cards_answer(house);
    CHECK(house.instance("first").status == SagaStatus::completed);
    CHECK(house.cards.asked == 1);
    CHECK(house.cards.refunded.empty());
}

TEST_CASE("a call that waits while a provider is left alone is never made for a saga that was cancelled",
          "[sagas][cancel]")
{
    House house{charges_alone(true), 1, {.stops_after_faults = 1, .tries_again_every = 10s}};
    house.cards.fails = 3;
    house.request("first");
    house.simulated.run_until_idle();
    house.request("second");
    house.simulated.run_until_idle();
    REQUIRE(house.commands->send(StayId{"second"}, Withdraw{}));
    house.finish();
    house.simulated.advance(24h);
    CHECK(house.instance("second").status == SagaStatus::compensated);
    CHECK(house.cards.charged.size() == 1); // of the first
    CHECK(house.cards.refunded.empty());
}

TEST_CASE("a call that waits for its turn is never made after the deadline of its saga", "[sagas][cancel]")
{
    House house{charges_alone(true, deadline{1h}), 1, {.at_once = 1}};
    request_two(house);
    house.simulated.advance(2h);
    CHECK(house.instance("second").status == SagaStatus::compensated);
    let_the_cards_answer(house);
    CHECK(house.cards.asked == 1);
}

TEST_CASE("a call that is being made when its saga is cancelled is waited for, also where there is nothing to undo",
          "[sagas][cancel]")
{
    House house{charges_alone(false)};
    house.cards.is_silent = true;
    house.request("1");
    house.simulated.run_until_idle();
    REQUIRE(house.commands->send(StayId{"1"}, Withdraw{}));
    house.simulated.run_until_idle();
    CHECK(house.instance("1").status == SagaStatus::compensating);
    SECTION("it is answered")
    {
        let_the_cards_answer(house);
        CHECK(house.instance("1").status == SagaStatus::compensated);
        CHECK(house.cards.charged.size() == 1);
    }
    SECTION("nobody answers: not for ever")
    {
        house.simulated.advance(2min);
        CHECK(house.instance("1").status == SagaStatus::compensated);
    }
}

TEST_CASE("a call that waits for its turn is not made while its saga is paused, and is made afterwards",
          "[sagas][pause]")
{
    House house{charges_alone(true), 1, {.at_once = 1}};
    request_two(house);
    REQUIRE(house.sagas->pause("booking", "second", "the guest wants to think"));
    house.simulated.run_until_idle();
    let_the_cards_answer(house);
    CHECK(house.instance("second").status == SagaStatus::running);
    CHECK(house.cards.asked == 1);
    REQUIRE(house.sagas->resume("booking", "second", "they have thought"));
    house.finish();
    CHECK(house.instance("second").status == SagaStatus::completed);
    CHECK(house.cards.asked == 2);
}

TEST_CASE("a call that waits for its turn is not made after a person has left out its step", "[sagas][skip]")
{
    House house{charges_alone(true), 1, {.at_once = 1}};
    request_two(house);
    REQUIRE(house.sagas->skip("booking", "second", "charge", "paid in cash"));
    house.simulated.run_until_idle();
    let_the_cards_answer(house);
    CHECK(house.instance("second").status == SagaStatus::completed);
    CHECK(house.cards.asked == 1);
}

} // namespace stay_test
