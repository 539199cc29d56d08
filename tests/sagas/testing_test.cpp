// What users test their sagas with.
#include "support/stay.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/sagas/testing.hpp>

#include <catch2/catch.hpp>

namespace stay_test {

namespace {

Saga booking_with_all()
{
    return saga<Booking>(
        "booking", 1, begins_with_request(), cancelled_by<Withdrawn>{},
        together(hold_the_room(),
                 step("approval", when{[](const Booking& b) { return b.cents > 1000; }}, await<Approved>{},
                      keep{[](Booking& b, const Approved& event) { b.approved_by = event.by; }}, deadline{48h})),
        charge_the_card(), no_return{}, note("booked"), say_why_it_failed());
}

struct Unapproved {
    int number                                                   = 0;
    friend bool operator==(const Unapproved&, const Unapproved&) = default;
};
struct Late {};

struct Watched {
    int cents = 0;
};

Saga watching_for_approval()
{
    return saga<StayId, Watched>(
        "booking", 1, begins_with<Requested>{},
        [](Watched& watched, const StayId& stay, const Requested& event) -> actions {
            watched.cents = event.cents;
            return {send(stay, Note{"watched"}), wake(24h, Unapproved{1}), wake(72h, Late{})};
        },
        [](Watched&, const StayId& stay, const Unapproved& overdue) -> actions {
            return {send(stay, Note{"overdue"}), wake(24h, Unapproved{overdue.number + 1})};
        },
        [](Watched& watched, const StayId& stay, const Approved&) -> actions {
            return {wake_off<Unapproved>(), call(Charge{stay.value, watched.cents})};
        },
        [](Watched&, const StayId&, const Slip&) -> actions { return {end_saga()}; },
        [](Watched&, const StayId&, const Late&) -> actions { return {fail_saga("late", "Nobody has approved it.")}; });
}

const StayId stay{"1"};
const auto hold    = send(RoomId{"1"}, Hold{"1"});
const auto release = send(RoomId{"1"}, Release{"1"});
const auto charge  = call(Charge{"1", 2'000});

} // namespace

TEST_CASE("a case of a saga of steps says what the saga asks for, and nothing else", "[sagas][testing]")
{
    const auto saga = booking_with_all();
    const Requested requested{2'000};
    CHECK(given(saga, stay, requested).then(hold));
    CHECK_FALSE(given(saga, stay, requested).then());
    CHECK_FALSE(given(saga, stay, requested).then(hold, hold));
    CHECK_FALSE(given(saga, stay, requested).then(release));
    CHECK_FALSE(given(saga, stay, requested).then(send(RoomId{"2"}, Hold{"1"})));
    CHECK_FALSE(given(saga, stay, requested).then(send(RoomId{"1"}, Hold{"2"})));
    CHECK(given(saga, stay, requested, all_done).then());
    CHECK(given(saga, stay, requested, all_done, Approved{"Ada"}).then(charge));
    CHECK(given(saga, stay, requested, Approved{"Ada"}, all_done).then(charge)); // in any order
    CHECK(given(saga, stay, Requested{500}, all_done).then(call(Charge{"1", 500})));
    const auto paid = given(saga, stay, requested, all_done, Approved{"Ada"}, answered<Charge>({"slip"}));
    INFO(paid.text());
    CHECK(paid.then(send(stay, Note{"booked"})));
    CHECK(paid.state_json().find("\"slip\"") != std::string::npos);
    CHECK(given(saga, stay, Requested{500}, all_done, answered<Charge>({"s"}), all_done).status() ==
          SagaStatus::completed);
}

TEST_CASE("a case of a saga of steps undoes what was done", "[sagas][testing]")
{
    const auto saga = booking_with_all();
    const Requested requested{2'000};
    CHECK(given(saga, stay, requested, refused("taken")).then(send(stay, Note{"taken"})));
    CHECK(given(saga, stay, requested, all_done, Withdrawn{}).then(release));
    CHECK(given(saga, stay, requested, all_done, Withdrawn{}, all_done).then(send(stay, Note{"cancelled"})));
    CHECK(given(saga, stay, requested, all_done, later(47h)).then());
    CHECK(given(saga, stay, requested, all_done, later(48h)).then(release));
    CHECK(given(saga, stay, requested, all_done, Approved{"Ada"}, refused("declined")).then(release));
    const auto down = given(saga, stay, requested, all_done, Approved{"Ada"}, unavailable("line-dead"));
    CHECK(down.then(call(Refund{"1"}))); // it may have taken effect
    CHECK(down.why() == "line-dead");
    const auto ended = given(saga, stay, requested, all_done, Withdrawn{}, all_done, all_done);
    CHECK(ended.status() == SagaStatus::compensated);
    CHECK(ended.then());
    const auto stuck = given(saga, stay, Requested{5}, all_done, answered<Charge>({"s"}), refused("no"));
    CHECK(stuck.status() == SagaStatus::stuck);
    CHECK(stuck.why() == "no");
}

TEST_CASE("a case of a saga of handlers says what the last thing has led to", "[sagas][testing][handlers]")
{
    const auto saga = watching_for_approval();
    const Requested requested{2'000};
    CHECK(given(saga, stay, requested).then(send(stay, Note{"watched"}), wake(24h, Unapproved{1}), wake(72h, Late{})));
    CHECK_FALSE(
        given(saga, stay, requested).then(send(stay, Note{"watched"}), wake(23h, Unapproved{1}), wake(72h, Late{})));
    CHECK_FALSE(
        given(saga, stay, requested).then(send(stay, Note{"watched"}), wake(24h, Unapproved{2}), wake(72h, Late{})));
    CHECK(given(saga, stay, requested).sends(send(stay, Note{"watched"})));
    CHECK(given(saga, stay, requested, later(25h)).then(send(stay, Note{"overdue"}), wake(24h, Unapproved{2})));
    CHECK(given(saga, stay, requested, later(23h)).then());
    CHECK(given(saga, stay, requested, Approved{"Ada"}).then(charge, wake_off<Unapproved>()));
    CHECK(given(saga, stay, requested, Approved{"Ada"}, answered<Charge>({"slip"})).then(end_saga()));
    const auto late = given(saga, stay, requested, Approved{"Ada"}, later(72h));
    INFO(late.text());
    CHECK(late.then(fail_saga("late", "Nobody has approved it.")));
    CHECK_FALSE(late.then(end_saga()));
}

TEST_CASE("a case that makes no sense is no success, and says why", "[sagas][testing]")
{
    const auto saga      = booking_with_all();
    const auto not_begun = given(saga, stay, Approved{"Ada"});
    CHECK_FALSE(not_begun.then());
    CHECK(not_begun.text() == "the case makes no sense: Approved begins no instance");
    const auto not_heard = given(saga, stay, Requested{1}, Noted{"x"});
    CHECK_FALSE(not_heard.then(hold));
    CHECK(not_heard.text() == "the case makes no sense: the saga booking does not hear Noted");
    CHECK_FALSE(given(saga, stay, Requested{1}, answered<Charge>({"slip"})).then(hold));
    CHECK_FALSE(given(saga, stay, Requested{1}, all_done, answered<Refund>({"slip"})).then());
    CHECK_FALSE(given(saga, stay, Requested{2'000}, all_done, refused("x")).then());
}

namespace {

auto in_memory = [](const Runtime& runtime) { return open_memory_store(runtime); };

} // namespace

TEST_CASE("a host of sagas runs them in virtual time, with activities that do as they are told", "[sagas][testing]")
{
    ScriptedActivity<Charge> charges{[](const Charge& request) { return Slip{"slip-" + request.stay}; }};
    ScriptedActivity<Refund> refunds;
    SagaHost house{in_memory, [&](Sagas& sagas) {
                       sagas.add(booking_with_all());
                       charges.performs_for(sagas);
                       refunds.performs_for(sagas);
                   }};
    const auto ask = [&](int cents) {
        REQUIRE(house.commands().send(stay, Request{cents}));
        house.settle();
    };
    SECTION("a call that fails is made again")
    {
        charges.fails(2);
        ask(500);
        CHECK(house.instance("booking", stay).attempts == 1);
        CHECK(house.finished("booking", stay).status == SagaStatus::completed);
        CHECK(charges.keys().size() == 3);
        CHECK(charges.keys().front() == charges.keys().back());
        CHECK(charges.requests().size() == 1);
    }
    SECTION("it takes effect once when its answer is lost")
    {
        charges.loses_its_answer();
        ask(500);
        CHECK(house.finished("booking", stay).status == SagaStatus::completed);
        CHECK(charges.requests().size() == 1);
        CHECK(charges.keys().size() == 2);
    }
    SECTION("what is refused is undone")
    {
        charges.refuses("declined");
        ask(500);
        CHECK(house.finished("booking", stay).why->code == "declined");
        CHECK(house.load(RoomId{"1"}).stay.empty());
        CHECK(refunds.requests().empty());
    }
    SECTION("it says nothing until it is told to")
    {
        charges.is_silent();
        ask(500);
        CHECK(house.instance("booking", stay).step == "charge");
        charges.answer_all();
        CHECK(house.finished("booking", stay).status == SagaStatus::completed);
    }
    SECTION("its answer comes from elsewhere, after a restart without the table")
    {
        charges.answers_later();
        ask(500);
        house.restart(false);
        house.settle(); // it is read from the log
        REQUIRE(house.sagas().answer<Charge>(charges.keys().back(), Slip{"s"}));
        CHECK(house.finished("booking", stay).status == SagaStatus::completed);
    }
    SECTION("what waits for longer than a test can wait is named")
    {
        ask(500);
        CHECK_THROWS_WITH(house.instance("booking", "2"), Catch::Contains("no such instance"));
        house.restart();
        CHECK(house.finished("booking", stay).status == SagaStatus::completed);
    }
}

} // namespace stay_test
