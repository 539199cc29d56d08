// Whatever may go wrong around a booking is tried by the framework: crashes, failures, and what a guest does meanwhile.
#include "world.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/sagas/explore.hpp>

#include <catch2/catch.hpp>

namespace grand_hotel {

namespace {

bool stays_undone(el::Explored& run, const World& world)
{
    const auto freed = run.commands.decide<Calendar>(FreeNights{stay, two_nights});
    return freed && freed.value().events == 0 && world.given_back == world.charged;
}

bool stands(el::Explored& run, const World& world)
{
    const auto taken = run.commands.decide<Calendar>(TakeNights{StayId{"another"}, two_nights});
    return not taken && taken.error().code == "night-taken" && world.charged.contains(stay) && world.given_back.empty();
}

// A booking is paid and has its nights, or it is cancelled and has neither; one mail at most is sent for it. One that is stuck is for a person to look at.
bool is_whole(el::Explored& run, const World& world)
{
    if (world.mails.size() > 1) return false;
    const auto instance = run.sagas.find("booking", stay.value);
    if (not instance) return false;
    if (not instance.value()) return true; // it was not asked for
    if (instance.value()->status == el::SagaStatus::stuck) return true;
    const auto now = run.commands.load(stay);
    if (not now) return false;
    return now.value().stage == Stay::Stage::cancelled ? stays_undone(run, world) : stands(run, world);
}

void check_whole(bool pays_at_once)
{
    World world;
    el::Exploration exploration{{booking(), reminder()},
                                [](const el::Runtime& runtime) { return el::open_memory_store(runtime); }};
    exploration.resets([&] { world = {.pays_at_once = pays_at_once}; });
    exploration.begins("a guest books", [](el::Explored& run) { REQUIRE(run.commands.send(stay, request_for(room))); });
    world.perform_for(exploration);
    exploration.may_happen("the guest cancels",
                           [](el::Explored& run) { static_cast<void>(run.commands.send(stay, Withdraw{today})); });
    if (not pays_at_once) {
        exploration.may_happen("the guest pays", [&](el::Explored& run) { static_cast<void>(world.pay(run.sagas)); });
    }
    exploration.holds("a booking is whole", [&](el::Explored& run) { return is_whole(run, world); });
    const auto report = exploration.run({.runs = 6'000, .seconds = 600});
    WARN(report.text());
    CHECK(report.is_clean());
    CHECK(report.whole >= 1);
}

} // namespace

TEST_CASE("whatever goes wrong around a booking that is paid at once, it is whole or undone", "[hotel][exploration]")
{
    check_whole(true);
}

TEST_CASE("whatever goes wrong around a booking whose payment comes by webhook, it is whole or undone",
          "[hotel][exploration]")
{
    check_whole(false);
}

} // namespace grand_hotel
