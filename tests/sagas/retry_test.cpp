// How often what fails is tried: by a step, by all steps, by handlers; and by a process that begins again in an outage.
#include "support/stay.hpp"

#include <eventloom/sagas/handlers.hpp>

#include <catch2/catch.hpp>

#include <optional>

namespace stay_test {

namespace {

using Words = std::vector<std::string>;

struct Bill {};

// With el::retry beside its handlers, or without.
Saga bills_when_requested(std::optional<retry> policy)
{
    const auto begin = [](Bill&, const StayId& stay, const Requested& event) -> actions {
        return {call(Charge{stay.value, event.cents})};
    };
    const auto charged = [](Bill&, const StayId& stay, const Slip&) -> actions {
        return {send(stay, Note{"charged"}), end_saga()};
    };
    if (not policy) return saga<StayId, Bill>("booking", 1, begins_with<Requested>{}, begin, charged);
    return saga<StayId, Bill>("booking", 1, begins_with<Requested>{}, *policy, begin, charged);
}

auto charges(auto... parts)
{
    return step("charge", act{[](const Booking& booking) {
                    return call(Charge{booking.stay.value, booking.cents});
                }},
                parts...);
}

// A day without the card company.
void let_a_day_pass(House& house)
{
    house.cards.fails = 1'000'000;
    house.request("1");
    house.simulated.advance(24h);
    house.finish();
}

} // namespace

TEST_CASE("what handlers call is tried as often as the saga says, and ten times when it says nothing",
          "[sagas][handlers][retry]")
{
    const ActivityOptions never_stops{.stops_after_faults = 0};
    SECTION("until it is done")
    {
        House house{bills_when_requested(retry{.times = 40, .first_wait = 1s, .factor = 1}), 1, never_stops};
        house.cards.fails = 25;
        house.request("1");
        house.simulated.advance(1min);
        CHECK(house.instance("1").status == SagaStatus::completed);
        CHECK(house.cards.asked == 26);
        CHECK(house.notes("1") == Words{"charged"});
    }
    SECTION("then the instance is stuck")
    {
        const auto times = GENERATE(1, 3, 10);
        const auto policy =
            times == 10 ? std::nullopt : std::optional{retry{.times = static_cast<unsigned>(times), .first_wait = 1s}};
        House house{bills_when_requested(policy), 1, never_stops};
        let_a_day_pass(house);
        CHECK(house.instance("1").status == SagaStatus::stuck);
        CHECK(house.instance("1").why->code == "line-dead");
        CHECK(house.cards.asked == times);
    }
    SECTION("also after a restart under another policy")
    {
        House house{bills_when_requested(retry{.times = 1'000, .first_wait = 1s, .factor = 1}), 1, never_stops};
        house.cards.fails = 1'000'000;
        house.request("1");
        house.simulated.advance(30s);
        const auto before = house.cards.asked;
        CHECK(before > 20);
        house.versions = {bills_when_requested(retry{.times = static_cast<unsigned>(before) + 5, .first_wait = 1s})};
        house.restart();
        house.simulated.advance(24h);
        CHECK(house.instance("1").status == SagaStatus::stuck);
        CHECK(house.cards.asked == before + 5);
    }
}

TEST_CASE("el::retry beside the steps is for each step that has none, for what undoes it, and for el::failed",
          "[sagas][retry]")
{
    const ActivityOptions never_stops{.stops_after_faults = 0};
    const retry three_times{.times = 3, .first_wait = 1s};
    SECTION("a step without its own")
    {
        House house{saga<Booking>("booking", 1, begins_with_request(), three_times, charges()), 1, never_stops};
        let_a_day_pass(house);
        CHECK(house.cards.asked == 3);
        CHECK(house.instance("1").status == SagaStatus::compensated);
    }
    SECTION("a step with its own")
    {
        House house{saga<Booking>("booking", 1, begins_with_request(), three_times, charges(retry{.times = 5})), 1,
                    never_stops};
        let_a_day_pass(house);
        CHECK(house.cards.asked == 5);
    }
    SECTION("what undoes a step, and what is done when it has failed")
    {
        const bool is_undo      = GENERATE(true, false);
        const auto charge_again = [](const Booking& booking) { return call(Charge{booking.stay.value, 1}); };
        const auto refused      = [] {
            return step("refused",
                             act{[](const Booking& booking) { return send(RoomId{"taken"}, Hold{booking.stay.value}); }});
        };
        const auto of =
            is_undo
                ? saga<Booking>("booking", 1, begins_with_request(), three_times,
                                step("noted",
                                     act{[](const Booking& booking) { return send(booking.stay, Note{"noted"}); }},
                                     undo{charge_again}),
                                refused())
                : saga<Booking>("booking", 1, begins_with_request(), three_times, refused(),
                                failed{[=](const Booking& booking, const failure&) { return charge_again(booking); }});
        House house{of, 1, never_stops};
        REQUIRE(house.commands->send(RoomId{"taken"}, Hold{"another stay"}));
        let_a_day_pass(house);
        CHECK(house.cards.asked == 3);
        CHECK(house.instance("1").status == SagaStatus::stuck);
    }
}

TEST_CASE("a process that begins again while a provider is down asks it at once, and soon leaves it alone again",
          "[sagas][activities][breaker][retry]")
{
    constexpr int stays             = 200;
    constexpr unsigned after_faults = 10;
    House house{saga<Booking>("booking", 1, begins_with_request(), charges(retry{.times = 1'000, .first_wait = 1s})),
                1,
                {.stops_after_faults = after_faults, .tries_again_every = 10s}};
    house.cards.fails = 1'000'000;
    for (int stay = 0; stay < stays; ++stay) house.request(std::to_string(stay));
    house.simulated.advance(1h);
    CHECK(house.cards.asked <= 3'600 / 10 + static_cast<int>(after_faults));
    for (int restart = 0; restart < 20; ++restart) {
        const auto before = house.cards.asked;
        house.restart();
        house.simulated.advance(10min);
        const auto asked = house.cards.asked - before;
        INFO("restart " << restart);
        CHECK(asked >= static_cast<int>(after_faults));
        CHECK(asked <= 600 / 10 + static_cast<int>(after_faults));
    }
    CHECK(house.sagas->count().value() == std::map<SagaStatus, std::uint64_t>{{SagaStatus::running, stays}});
    house.cards.fails = 0;
    house.simulated.advance(1h); // the longest wait between two tries
    CHECK(house.sagas->count().value() == std::map<SagaStatus, std::uint64_t>{{SagaStatus::completed, stays}});
    CHECK(house.cards.charged.size() == stays);
}

TEST_CASE("what handlers call waits for a provider that is down, and says so", "[sagas][handlers][breaker]")
{
    House house{bills_when_requested(retry{.times = 1'000, .first_wait = 1s}),
                1,
                {.stops_after_faults = 1, .tries_again_every = 1h}};
    house.cards.fails = 1'000'000;
    house.request("1");
    house.simulated.run_until_idle();
    CHECK(house.instance("1").waits_for == "the next attempt");
    house.request("2");
    house.simulated.advance(2s);
    for (const auto* stay : {"1", "2"}) {
        CHECK(house.instance(stay).waits_for.find("the provider has failed 1 times, last: line-dead") == 0);
        CHECK(house.instance(stay).step == "Charge");
    }
    CHECK(house.instance("1").attempts == 1);
}

} // namespace stay_test
