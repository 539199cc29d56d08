// An event that a person says to one instance.
#include "support/stay.hpp"

#include <eventloom/sagas/handlers.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

namespace stay_test {

using Words = std::vector<std::string>;

namespace {

Saga waits_for_a_person()
{
    return saga<Booking>("booking", 1, begins_with_request(), cancelled_by<Withdrawn>{}, hold_the_room(),
                         step("approval", await<Approved>{},
                              keep{[](Booking& booking, const Approved& event) { booking.approved_by = event.by; }}),
                         charge_the_card(), no_return{}, step("noted", await<Noted>{}), note("booked"),
                         say_why_it_failed());
}

const auto because = "said on the phone";

} // namespace

TEST_CASE("an event that a person says to an instance is heard by it alone, and is in its history", "[sagas][signal]")
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    INFO(kind.name);
    House house{waits_for_a_person(), 1, {}, kind};
    for (const auto* stay : {"1", "2"}) house.request(stay);
    house.settle();
    REQUIRE(house.sagas->signal("booking", "1", Approved{"Ada"}, because));
    const bool restarted = GENERATE(false, true);
    if (restarted) {
        house.kill();
        std::filesystem::remove_all(house.directory.path() + "/sagas"); // all of it is in the stream
        house.open();
    }
    house.settle();
    CHECK(house.instance("1").step == "noted");
    CHECK(house.instance("2").step == "approval");
    CHECK(house.cards.charged.size() == 1);
    CHECK(house.types_of("stay-1") == Words{"stay-requested"});
    const auto shown = house.sagas->show("booking", "1").value();
    CHECK(shown.state_json.find("\"Ada\"") != std::string::npos);
    const auto told = std::find_if(shown.history.begin(), shown.history.end(),
                                   [](const auto& entry) { return entry.what == "signalled"; });
    REQUIRE(told != shown.history.end());
    CHECK(told->detail == "stay-approved: said on the phone");
    CHECK(std::next(told)->what == "event-heard");
    REQUIRE(house.sagas->signal("booking", "1", Noted{"x"}, because));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
}

TEST_CASE("an event that is said to an instance counts once, also when it happens, too", "[sagas][signal]")
{
    House house{waits_for_a_person()};
    house.request("1");
    house.settle();
    REQUIRE(house.sagas->signal("booking", "1", Approved{"Ada"}, because));
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Bob"}));
    house.settle();
    CHECK(house.sagas->show("booking", "1").value().state_json.find("\"Ada\"") != std::string::npos);
    CHECK(house.cards.charged.size() == 1);
    CHECK(house.sagas->signal("booking", "1", Approved{"Cid"}, because).error().code == "saga-does-not-wait");
}

TEST_CASE("what no instance waits for is refused, and changes nothing", "[sagas][signal]")
{
    House house{waits_for_a_person()};
    house.request("1");
    house.settle();
    const auto before  = house.types_of("booking-1");
    const auto refused = [&](const auto& event, const std::string& key = "1") {
        const auto answer = house.sagas->signal("booking", key, event, because);
        REQUIRE_FALSE(answer);
        return answer.error();
    };
    const auto wrong = refused(Requested{7});
    CHECK(wrong.code == "saga-does-not-wait");
    CHECK(wrong.sentence.find("it waits for: stay-withdrawn, stay-approved, stay-noted") != std::string::npos);
    CHECK(refused(Held{"1"}).code == "saga-does-not-wait"); // of a list that the saga does not hear
    CHECK(refused(Approved{"Ada"}, "2").code == "no-such-saga-instance");
    CHECK(house.types_of("booking-1") == before);
    CHECK(house.instance("1").step == "approval");

    house.cards.declines = true;
    REQUIRE(house.sagas->signal("booking", "1", Approved{"Ada"}, because));
    house.finish();
    REQUIRE(house.instance("1").status == SagaStatus::compensated);
    CHECK(refused(Approved{"Ada"}).code == "saga-not-running");
}

TEST_CASE("an event that is said to an instance cancels it, up to its point of no return", "[sagas][signal][cancel]")
{
    House house{waits_for_a_person()};
    for (const auto* stay : {"1", "2"}) house.request(stay);
    house.settle();
    REQUIRE(house.sagas->signal("booking", "1", Withdrawn{}, because));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.types_of("room-1") == Words{"room-held", "room-released"});
    CHECK(house.types_of("stay-1") == Words{"stay-requested", "stay-noted"});

    REQUIRE(house.sagas->signal("booking", "2", Approved{"Ada"}, because));
    house.settle();
    const auto before = house.types_of("booking-2");
    CHECK(house.sagas->signal("booking", "2", Withdrawn{}, because).error().code == "saga-past-no-return");
    CHECK(house.types_of("booking-2") == before);
}

TEST_CASE("an event is said to an instance that is paused, and by a program that begins no work", "[sagas][signal]")
{
    House house{waits_for_a_person()};
    house.request("1");
    house.settle();
    SECTION("a paused one hears it, and goes on later")
    {
        REQUIRE(house.sagas->pause("booking", "1", "audit"));
        REQUIRE(house.sagas->signal("booking", "1", Approved{"Ada"}, because));
        house.settle();
        CHECK(house.cards.asked == 0);
        REQUIRE(house.sagas->resume("booking", "1", "over"));
        house.settle();
        CHECK(house.cards.asked == 1);
    }
    SECTION("without a running engine it is recorded, and taken at the start")
    {
        house.sagas->stop();
        REQUIRE(house.sagas->signal("booking", "1", Approved{"Ada"}, because));
        CHECK(house.cards.asked == 0);
        house.restart();
        house.settle();
        CHECK(house.cards.asked == 1);
    }
    SECTION("what it hears now is known")
    {
        Words names;
        const auto heard = house.sagas->heard_by("booking", "1").value();
        for (const auto* type : heard) names.emplace_back(type->name);
        CHECK(names == Words{"stay-withdrawn", "stay-approved", "stay-noted"});
        CHECK(house.sagas->heard_by("booking", "2").value().empty());
    }
}

namespace {

struct Told {
    int heard = 0;
};

} // namespace

TEST_CASE("a handler hears what a person says, and what it throws is the person's answer", "[sagas][signal][handlers]")
{
    House house{saga<StayId, Told>(
        "booking", 1, begins_with<Requested>{}, [](Told&, const StayId&, const Requested&) {},
        [](Told& told, const StayId& stay, const Approved& event) -> actions {
            if (event.by.empty()) throw std::runtime_error{"nobody"};
            ++told.heard;
            return {send(stay, Note{event.by}), end_saga()};
        })};
    house.request("1");
    house.settle();
    const auto before = house.types_of("booking-1");
    const auto thrown = house.sagas->signal("booking", "1", Approved{""}, because);
    REQUIRE_FALSE(thrown);
    CHECK(thrown.error().code == "exception-in-user-code");
    CHECK(house.types_of("booking-1") == before);
    CHECK(house.instance("1").status == SagaStatus::running);
    REQUIRE(house.sagas->signal("booking", "1", Approved{"Ada"}, because));
    house.finish();
    CHECK(house.notes("1") == Words{"Ada"});
    CHECK(house.instance("1").status == SagaStatus::completed);
}

} // namespace stay_test
