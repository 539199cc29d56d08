// The whole hotel in virtual time, while the world outside is down.
#include "front_desk.hpp"
#include "support/every_store.hpp"
#include "world.hpp"

#include <eventloom/framework/runtime.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

namespace grand_hotel {

namespace {

// The file that stands for the world outside cannot be written while there is a directory in its place.
struct HotelAndOutside {
    el::SimulatedExecutor simulated{1};
    el::Runtime runtime{simulated, simulated, simulated, el::system_files()};
    eventloom::testing::TemporaryDirectory directory;
    const std::string outside = directory.path() + "/outside";
    std::unique_ptr<Hotel> hotel;

    HotelAndOutside()
    {
        auto opened = Hotel::open(runtime, directory.path() + "/data", {.outside = outside}, true);
        REQUIRE(opened);
        hotel = std::move(opened.value());
    }
    void goes_down()
    {
        std::filesystem::rename(outside, outside + ".kept");
        std::filesystem::create_directory(outside);
    }
    void works_again()
    {
        std::filesystem::remove(outside);
        std::filesystem::rename(outside + ".kept", outside);
    }

    // Whether its payment was asked for.
    bool book(int number)
    {
        const StayId booked{std::to_string(number)};
        const auto told = tell(hotel->service(), booked, request_for(RoomId{"of-" + booked.value}));
        REQUIRE(told);
        REQUIRE(told.value().stage == Stay::Stage::booked);
        return hotel->outside().asked_for(booked).has_value();
    }
    bool provider_is_down()
    {
        const auto activities = hotel->service().sagas().activities();
        return std::any_of(activities.begin(), activities.end(),
                           [](const auto& activity) { return activity.stopped_since.has_value(); });
    }
    el::CallKey payment(int number)
    {
        const auto key = hotel->outside().asked_for(StayId{std::to_string(number)});
        REQUIRE(key);
        return *key;
    }
    el::result<void> pay(int number, const el::CallKey& key)
    {
        return receive_payment(*hotel, key, Receipt{"receipt-" + std::to_string(number)});
    }
    el::result<void> pay(int number) { return pay(number, payment(number)); }
    Stage stage(int number)
    {
        const auto row = hotel->bookings().get(StayId{std::to_string(number)});
        REQUIRE(row);
        REQUIRE(row.value());
        return row.value()->stage;
    }
};

} // namespace

TEST_CASE("a hotel takes bookings and cancellations while its payment provider is down", "[hotel]")
{
    HotelAndOutside desk;
    CHECK(desk.book(0));
    const auto key = desk.payment(0);
    desk.goes_down();
    const el::Time down_since = desk.simulated.now();
    constexpr int last        = 30;
    for (int number = 1; number <= last; ++number) CHECK_FALSE(desk.book(number));
    CHECK(desk.provider_is_down());

    const auto withdrawn = tell(desk.hotel->service(), StayId{"1"}, Withdraw{today});
    REQUIRE(withdrawn);
    CHECK(withdrawn.value().stage == Stay::Stage::withdrawn);
    REQUIRE(desk.pay(0, key));
    CHECK(desk.stage(0) == Stage::paid);
    CHECK(desk.simulated.now() == down_since); // nobody has waited for the provider

    desk.works_again();
    desk.simulated.advance(1min);
    REQUIRE(desk.pay(last));
    CHECK(desk.stage(last) == Stage::paid);
    CHECK(desk.hotel->service().commands().load(StayId{"1"}).value().stage == Stay::Stage::cancelled);
}

TEST_CASE("a payment is welcome twice, and sent back when nobody waits for it any more", "[hotel]")
{
    HotelAndOutside desk;
    CHECK(desk.book(1));
    REQUIRE(desk.pay(1));
    CHECK(desk.pay(1));
    const auto other = receive_payment(*desk.hotel, desk.payment(1), Receipt{"x"});
    CHECK(other.error().code == "payment-not-wanted");

    CHECK(desk.book(2));
    const auto key = desk.payment(2);
    desk.simulated.advance(16min);
    CHECK(desk.pay(2, key).error().code == "payment-not-wanted");
    CHECK(desk.stage(2) == Stage::cancelled);
}

TEST_CASE("a receipt is of one payment, and one that comes with another is refused before that payment counts",
          "[hotel]")
{
    HotelAndOutside desk;
    for (const int number : {1, 2}) CHECK(desk.book(number));
    REQUIRE(desk.pay(1));
    const auto again = receive_payment(*desk.hotel, desk.payment(2), Receipt{"receipt-1"});
    REQUIRE_FALSE(again);
    CHECK(again.error().code == "receipt-known");
    CHECK(desk.stage(2) == Stage::waits_for_payment);
    CHECK(desk.pay(2));
    CHECK(desk.stage(2) == Stage::paid);
}

TEST_CASE("any number of bookings may be confirmed without a receipt, as a person says", "[hotel]")
{
    HotelAndOutside desk;
    for (const int number : {1, 2, 3}) {
        CHECK(desk.book(number));
        REQUIRE(desk.hotel->service().sagas().skip("booking", std::to_string(number), "payment", "paid in cash"));
        REQUIRE(let_booking_go_on(desk.hotel->service(), StayId{std::to_string(number)}));
        CHECK(desk.stage(number) == Stage::paid);
    }
    CHECK(desk.hotel->bookings().get(StayId{"3"}).value()->receipt == std::nullopt);
}

} // namespace grand_hotel
