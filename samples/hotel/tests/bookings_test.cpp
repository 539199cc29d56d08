// Whole bookings in virtual time.
#include "world.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/sagas/testing.hpp>

#include <catch2/catch.hpp>

namespace grand_hotel {

namespace {

struct HotelInVirtualTime {
    el::ActivityOptions of_payments = {};
    el::ActivityOptions of_mails    = {};
    World world                     = {};
    el::testing::SagaHost host{[](const el::Runtime& runtime) { return el::open_memory_store(runtime); },
                               [this](el::Sagas& sagas) {
                                   sagas.add(booking());
                                   sagas.add(reminder());
                                   world.perform_for(sagas, of_payments, of_mails);
                               }};

    void request(const StayId& number = stay, const RoomId& of = room)
    {
        REQUIRE(host.commands().send(number, request_for(of)));
        host.settle();
    }
    void withdraw(const StayId& number = stay)
    {
        REQUIRE(host.commands().send(number, Withdraw{host.now()}));
        host.settle();
    }
    void book_and_pay(const StayId& number, const RoomId& of)
    {
        request(number, of);
        REQUIRE(world.pay(host.sagas(), number));
        host.settle();
    }
    bool is_cancelled(const StayId& number = stay) { return host.load(number).stage == Stay::Stage::cancelled; }
    bool are_free(const Nights& nights)
    {
        // Takes them, so ask last.
        return host.commands().decide<Calendar>(TakeNights{StayId{"another"}, nights}).has_value();
    }
};

} // namespace

TEST_CASE("a booking that is paid within 15 minutes is reminded of on the day before", "[hotel]")
{
    HotelInVirtualTime hotel;
    hotel.request();
    hotel.host.advance(14min);
    hotel.host.restart();
    REQUIRE(hotel.world.pay(hotel.host.sagas()));
    hotel.host.advance(24h * 29);
    CHECK(hotel.world.mails.empty());
    hotel.host.advance(15h);
    CHECK(hotel.world.mails.size() == 1);
    CHECK(hotel.host.finished("booking", stay).status == el::SagaStatus::completed);
    CHECK(hotel.world.closed.empty());
    CHECK_FALSE(hotel.are_free(two_nights));
}

TEST_CASE("a booking that is not paid in time is cancelled, also while the process is down", "[hotel]")
{
    HotelInVirtualTime hotel;
    hotel.request();
    if (GENERATE(false, true)) hotel.host.restart(false);
    hotel.host.advance(16min);
    CHECK(hotel.is_cancelled());
    CHECK(hotel.host.instance("booking", stay).why->code == "deadline-passed");
    CHECK(hotel.world.closed.contains(stay));
    CHECK(hotel.are_free(two_nights));
    CHECK_FALSE(hotel.world.pay(hotel.host.sagas()));
}

TEST_CASE("a booking that is cancelled before it is paid charges nothing afterwards", "[hotel]")
{
    HotelInVirtualTime hotel;
    hotel.request();
    const auto key = hotel.world.asked[stay];
    hotel.withdraw();
    CHECK(hotel.is_cancelled());
    CHECK(hotel.host.sagas().answer<AskForPayment>(key, Receipt{"r-1"}).error().code == "no-such-call");
    CHECK(hotel.are_free(two_nights));
}

TEST_CASE("a booking that is cancelled after it is paid gives the money back, and reminds nobody", "[hotel]")
{
    HotelInVirtualTime hotel;
    hotel.book_and_pay(stay, room);
    hotel.host.advance(24h * 29);
    hotel.withdraw();
    hotel.host.advance(24h * 29);
    CHECK(hotel.world.given_back.contains(stay));
    CHECK(hotel.world.mails.empty());
    CHECK(hotel.are_free(two_nights));
}

TEST_CASE("a booking that is cancelled and paid at the same moment keeps no money", "[hotel]")
{
    HotelInVirtualTime hotel;
    hotel.request();
    REQUIRE(hotel.host.commands().send(stay, Withdraw{today})); // not heard yet
    static_cast<void>(hotel.world.pay(hotel.host.sagas()));
    hotel.host.settle();
    CHECK(hotel.is_cancelled());
    CHECK(hotel.world.given_back == hotel.world.charged);
    CHECK(hotel.are_free(two_nights));
}

TEST_CASE("a room is not booked twice for one night, and nobody pays for that", "[hotel]")
{
    HotelInVirtualTime hotel;
    hotel.request();
    const StayId second{"18"};
    hotel.request(second);
    CHECK(hotel.is_cancelled(second));
    CHECK_FALSE(hotel.world.asked.contains(second));
    CHECK_FALSE(hotel.are_free(two_nights));
}

TEST_CASE("reminders wait for a mail server that is down, and a guest who cancels meanwhile gets none", "[hotel]")
{
    HotelInVirtualTime hotel{.of_mails = {.stops_after_faults = 2}};
    const StayId cancels{"1"}, cancels_too{"2"}, comes{"3"};
    for (const auto& number : {cancels, cancels_too, comes}) hotel.book_and_pay(number, RoomId{"of-" + number.value});
    hotel.world.mail_is_down = true;
    hotel.host.advance(arrival - 23h - hotel.host.now());
    for (const auto& number : {cancels, cancels_too, comes}) {
        REQUIRE(hotel.host.instance("reminder", number).step == "mail");
    }
    hotel.withdraw(cancels);
    hotel.withdraw(cancels_too);
    hotel.world.mail_is_down = false;
    hotel.host.advance(12h);
    CHECK(hotel.world.has_mailed(comes));
    CHECK(hotel.world.mails.size() == 1);
    CHECK(hotel.is_cancelled(cancels));
    CHECK(hotel.is_cancelled(cancels_too));
}

TEST_CASE("a payment is never asked for when its stay is withdrawn while the call waits for its turn", "[hotel]")
{
    HotelInVirtualTime hotel{.of_payments = {.per_second = 1}};
    const StayId second{"18"};
    hotel.request();
    hotel.request(second, RoomId{"13"});
    REQUIRE(hotel.world.asked.contains(stay));
    REQUIRE_FALSE(hotel.world.asked.contains(second));
    hotel.withdraw(second);
    hotel.host.advance(1h);
    CHECK(hotel.is_cancelled(second));
    CHECK_FALSE(hotel.world.asked.contains(second));
}

} // namespace grand_hotel
