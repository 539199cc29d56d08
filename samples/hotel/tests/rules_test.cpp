// What is decided, and what the sagas ask for: a line for each case.
#include "world.hpp"

#include <eventloom/framework/testing.hpp>
#include <eventloom/sagas/testing.hpp>

#include <catch2/catch.hpp>

namespace grand_hotel {

using namespace el::testing;

TEST_CASE("a stay is booked once, and is cancelled until the guest arrives", "[hotel]")
{
    const auto request = request_for(room);
    CHECK(given<Stay>().when(request).then(requested));
    CHECK(given<Stay>(requested).when(request).refused("stay-exists"));
    CHECK(given<Stay>().when(Request{"Ada", room, today, 2, 24'000, today}).refused("arrival-has-passed"));
    CHECK(given<Stay>().when(Withdraw{today}).refused("no-such-stay"));
    CHECK(given<Stay>(requested).when(Withdraw{today}).then(Withdrawn{}));
    CHECK(given<Stay>(requested).when(Withdraw{arrival}).refused("guest-has-arrived"));
    CHECK(given<Stay>(requested, Withdrawn{}).when(Withdraw{today}).then());
}

TEST_CASE("a stay that is withdrawn is neither confirmed nor reminded of", "[hotel]")
{
    CHECK(given<Stay>(requested, Withdrawn{}).when(Confirm{"r-1"}).refused("stay-withdrawn"));
    CHECK(given<Stay>(requested, Withdrawn{}).when(Remind{}).refused("stay-withdrawn"));
    CHECK(given<Stay>(requested).when(Confirm{"r-1"}).then(Confirmed{"r-1", arrival}));
}

TEST_CASE("a night of a room is taken by one stay, and freed by that stay alone", "[hotel]")
{
    const Nights next{room, two_nights.from + std::chrono::days{2}, 1};
    const NightsTaken taken{StayId{"1"}, two_nights};
    const NightsFreed freed{StayId{"1"}, two_nights};
    CHECK(given<Calendar>(taken).when(TakeNights{stay, two_nights}).refused("night-taken"));
    CHECK(given<Calendar>(taken).when(TakeNights{stay, next}).then(NightsTaken{stay, next}));
    CHECK(given<Calendar>(taken, freed).when(TakeNights{stay, two_nights}).then(NightsTaken{stay, two_nights}));
    CHECK(given<Calendar>(taken).when(FreeNights{stay, two_nights}).then());
    CHECK(given<Calendar>(taken).when(FreeNights{StayId{"1"}, two_nights}).then(freed));
}

TEST_CASE("a booking takes the nights, asks for the payment, and is confirmed", "[hotel]")
{
    const auto saga = booking();
    const auto paid = answered<AskForPayment>({"r-1"});
    CHECK(given(saga, stay, requested).then(el::send<Calendar>(TakeNights{stay, two_nights})));
    CHECK(given(saga, stay, requested, all_done).then(el::call(AskForPayment{stay, 24'000})));
    CHECK(given(saga, stay, requested, all_done, paid).then(el::send(stay, Confirm{"r-1"})));
    CHECK(given(saga, stay, requested, all_done, paid, all_done, later(24h * 40)).status() ==
          el::SagaStatus::completed);
}

TEST_CASE("a booking that cannot be is undone as far as it was done", "[hotel]")
{
    const auto saga = booking();
    const auto paid = answered<AskForPayment>({"r-1"});
    CHECK(given(saga, stay, requested, refused("night-taken"))
              .then(el::send(stay, Cancel{"refused in a test: night-taken"})));
    CHECK(given(saga, stay, requested, all_done, later(16min)).then(el::call(ClosePayment{stay, ""})));
    CHECK(given(saga, stay, requested, all_done, later(16min), all_done)
              .then(el::send<Calendar>(FreeNights{stay, two_nights})));
    CHECK(
        given(saga, stay, requested, all_done, paid, all_done, Withdrawn{}).then(el::call(ClosePayment{stay, "r-1"})));
}

TEST_CASE("a reminder is due on the day before, unless the stay is withdrawn", "[hotel]")
{
    const Confirmed confirmed{"r-1", arrival};
    const auto wait = later(arrival - today - 24h);
    CHECK(given(reminder(), stay, confirmed).then());
    CHECK(given(reminder(), stay, confirmed, wait).then(el::send(stay, Remind{})));
    CHECK(given(reminder(), stay, confirmed, wait, all_done).then(el::call(MailReminder{stay})));
    CHECK(given(reminder(), stay, confirmed, Withdrawn{}).status() == el::SagaStatus::compensated);
}

} // namespace grand_hotel
