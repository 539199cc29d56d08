// A saga changes while thousands of its instances run.
#include "support/stay.hpp"

#include <eventloom/sagas/migration.hpp>

#include <catch2/catch.hpp>

namespace stay_test {

using Words = std::vector<std::string>;

Saga first_version()
{
    return saga<Booking>("booking", 1, begins_with_request(), hold_the_room(), step("approval", await<Approved>{}),
                         note("booked"), say_why_it_failed());
}

// What the second version knows.
struct Stayed {
    StayId stay;
    int euros = 0;
};

Saga second_version()
{
    return saga<Stayed>(
        "booking", 2, begins{[](const StayId& stay, const Requested& event) {
            return Stayed{stay, event.cents / 100};
        }},
        step("greet", act{[](const Stayed& stayed) { return send(stayed.stay, Note{"greeted"}); }}),
        step("hold the room",
             act{[](const Stayed& stayed) { return send(RoomId{stayed.stay.value}, Hold{stayed.stay.value}); }},
             undo{[](const Stayed& stayed) { return send(RoomId{stayed.stay.value}, Release{stayed.stay.value}); }}),
        step("approval", await<Approved>{}),
        step("booked", act{[](const Stayed& stayed) {
                 return send(stayed.stay, Note{"booked for " + std::to_string(stayed.euros)});
             }}));
}

SagaMigration from_cents()
{
    return migrates<Booking, Stayed>("booking", 1, 2, [](const Booking& before) {
        return Stayed{before.stay, before.cents / 100};
    });
}

void reopen(House& house, bool with_first, bool with_second)
{
    house.versions.clear();
    if (with_first) house.versions.push_back(first_version());
    if (with_second) house.versions.push_back(second_version());
    house.migrations = {from_cents()};
    house.restart();
}

TEST_CASE(
    "old instances finish under their version, migrated ones go on under the new one, and a missing one is reported",
    "[sagas][versions][migration]")
{
    constexpr int stays = 10'000;
    House house{first_version()};
    for (int stay = 0; stay < stays; ++stay) house.request(std::to_string(stay), 4200);
    house.finish();
    reopen(house, false, true);
    CHECK(house.log.lines().at(0) == "error saga-version-missing saga=booking version=1 instances=10000");

    reopen(house, true, true);
    for (int stay = 0; stay < stays; stay += 2) {
        const auto key = std::to_string(stay);
        REQUIRE(house.sagas->migrate("booking", key, "euros", true));
        REQUIRE(house.sagas->migrate("booking", key, "euros"));
    }
    CHECK(house.instance("0").version == 2);
    house.finish();
    CHECK(house.instance("0").step == "approval");
    for (int stay = 0; stay < stays; ++stay)
        REQUIRE(house.commands->send(StayId{std::to_string(stay)}, Approve{"Ada"}));
    house.finish();
    CHECK(house.sagas->count().value() == std::map<SagaStatus, std::uint64_t>{{SagaStatus::completed, stays}});
    CHECK(house.notes("0") == Words{"greeted", "booked for 42"});
    CHECK(house.notes("1") == Words{"booked"});
    CHECK(house.types_of("room-0") == Words{"room-held"});
    CHECK(house.sagas->migrate("booking", "0", "again").error().code == "no-such-migration");
    CHECK(house.sagas->migrate("booking", "1", "late").error().code == "saga-cannot-migrate");
}

TEST_CASE(
    "an instance is not moved when a step that it has done could not be undone any more, or would be asked for twice",
    "[sagas][versions][migration]")
{
    const bool is_asked = GENERATE(false, true);
    const auto with     = [](auto first) {
        return saga<Booking>("booking", 1, begins_with_request(), std::move(first),
                             step("approval", await<Approved>{}));
    };
    House house{is_asked ? with(charge_the_card()) : with(hold_the_room())};
    house.cards.is_silent = true;
    house.request("1");
    house.simulated.run_until_idle();
    house.migrations = {migrates<Booking, Booking>("booking", 1, 2, [](const Booking& before) { return before; })};
    house.versions.push_back(saga<Booking>("booking", 2, begins_with_request(), note("greeted"), charge_the_card(),
                                           step("approval", await<Approved>{})));
    house.restart();
    house.simulated.run_until_idle();
    const auto refused = house.sagas->migrate("booking", "1", "no");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "saga-cannot-migrate");
    CHECK(refused.error().sentence.find(is_asked ? "may have been asked for" : "could not be undone") !=
          std::string::npos);
    CHECK(house.instance("1").version == 1);
}

TEST_CASE("the stream of a saga that has not ended may not lose its history", "[sagas][history-lost]")
{
    House house{first_version()};
    house.request("1");
    house.finish();
    CHECK(house.sagas->check_may_lose_history("booking-1").error().code == "saga-not-ended");
    CHECK(house.sagas->check_may_lose_history("booking-2"));
    CHECK(house.sagas->check_may_lose_history("stay-1"));
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    CHECK(house.sagas->check_may_lose_history("booking-1"));
}

} // namespace stay_test
