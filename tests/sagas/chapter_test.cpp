// What docs/sagas.md shows.
#include "hotel/cards.hpp"
#include "hotel/sagas.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/sagas/migration.hpp>
#include <eventloom/sagas/testing.hpp>

#include <catch2/catch.hpp>

namespace sagas_chapter_test {

using namespace hotel;
using namespace std::chrono_literals;
using namespace el::testing;
using el::call;
using el::send;

const StayId stay{"17"};
const RoomId room{"12"};
const Requested requested{room, 9'000};

TEST_CASE("the cases of the chapter on sagas", "[sagas][docs]")
{
    CHECK(given(paid_reservation(), stay, requested).then(send(room, Hold{stay})));
    CHECK(given(paid_reservation(), stay, requested, refused("taken"))
              .then(send(stay, GiveUp{"hold the room: refused in a test: taken"}))); // why.step + ": " + why.reason

    const auto charged = given(paid_reservation(), stay, requested, all_done, answered<Charge>({"receipt-1"}));
    CHECK(charged.then(send(stay, Confirm{"receipt-1"})));
    const auto offline = given(paid_reservation(), stay, requested, all_done, unavailable("offline"));
    CHECK(offline.then(call(Refund{stay})));
}

TEST_CASE("the cases of the chapter on sagas with handlers", "[sagas][handlers][docs]")
{
    CHECK(given(billing(), stay, CheckedOut{8'000}, Paid{3'000}).then());
    CHECK(given(billing(), stay, CheckedOut{8'000}, Paid{8'000}).then(el::end_saga()));
    CHECK(given(billing(), stay, CheckedOut{8'000}, later(24h * 14)).sends(send(stay, Remind{})));
    CHECK(given(billing(), stay, CheckedOut{8'000}, later(24h * 35)).sends(call(Charge{stay, 8'000})));
}

// A hotel in virtual time, with its log in memory.
struct Hotel {
    CardCompany cards;
    std::uint32_t version = 2;

    SagaHost process{[](const el::Runtime& runtime) { return el::open_memory_store(runtime); },
                     [this](el::Sagas& sagas) {
                         sagas.add(reservation());
                         if (version == 2) sagas.add(paid_reservation());
                         sagas.add(group_reservation());
                         sagas.add(billing());
                         sagas.perform<Charge>([this](const Charge& charge, const el::CallKey& key) {
                             return cards.charge(charge, key);
                         });
                         sagas.perform<Refund>([this](const Refund& refund, const el::CallKey& key) {
                             return cards.refund(refund, key);
                         });
                     }};

    template <class Id, class Command>
    void send(const Id& to, const Command& command)
    {
        REQUIRE(process.commands().send(to, command));
        process.settle();
    }
    el::SagaInstance finished(std::string_view saga = "reservation") { return process.finished(saga, stay); }
    std::string stage() { return process.load(stay).stage; }
    bool is_free(const RoomId& of) { return process.load(of).stay.value.empty(); }
};

const RequestGroup for_a_group{{room, RoomId{"13"}}, 70'000, el::Time{24h * 20'030}}; // in 30 days

TEST_CASE("the tests of the chapter on sagas", "[sagas][docs]")
{
    Hotel hotel;

    SECTION("it completes")
    {
        hotel.send(stay, Request{room, 9'000});
        CHECK(hotel.finished().status == el::SagaStatus::completed);
        CHECK(hotel.stage() == "confirmed");
    }
    SECTION("a card that is declined gives the room back")
    {
        hotel.send(stay, Request{room, 200'000});
        CHECK(hotel.finished().why->code == "card-declined");
        CHECK(hotel.stage() == "given up: charge the card: The card was declined.");
        CHECK(hotel.is_free(room));
    }
    SECTION("a call without an answer is made again, after a wait in virtual time")
    {
        hotel.cards.offline = 1;
        hotel.send(stay, Request{room, 9'000});
        CHECK(hotel.finished().status == el::SagaStatus::completed);
        CHECK(hotel.cards.charges() == 1);
    }
    SECTION("after a power cut it continues")
    {
        hotel.cards.offline = 1;
        hotel.send(stay, Request{room, 9'000}); // the first call has failed; the second is due in 100 ms
        hotel.process.restart();
        CHECK(hotel.finished().status == el::SagaStatus::completed);
    }
}

TEST_CASE("the tests of the chapter on sagas that wait", "[sagas][docs]")
{
    Hotel hotel;
    hotel.send(stay, for_a_group);
    REQUIRE(hotel.process.instance("group", stay).waits_for == "the event stay-approved");

    SECTION("approved, it waits for the day before, and completes")
    {
        hotel.send(stay, Approve{"Ada"});
        CHECK(hotel.process.instance("group", stay).step == "the day before");
        hotel.process.advance(24h * 29);
        CHECK(hotel.finished("group").status == el::SagaStatus::completed);
    }
    SECTION("nobody approves it within two days")
    {
        hotel.process.advance(49h);
        CHECK(hotel.finished("group").why->code == "deadline-passed");
        CHECK(hotel.is_free(RoomId{"13"}));
    }
    SECTION("it is withdrawn")
    {
        hotel.send(stay, Withdraw{});
        CHECK(hotel.finished("group").why->code == "cancelled");
        CHECK(hotel.is_free(room));
        CHECK(hotel.cards.charges() == 0);
    }
}

TEST_CASE("the tests of the chapter on sagas with handlers", "[sagas][handlers][docs]")
{
    Hotel hotel;
    hotel.send(stay, Request{room, 9'000});
    hotel.send(stay, CheckOut{8'000});
    hotel.send(stay, Pay{3'000});

    SECTION("paid in two parts, it is over")
    {
        hotel.send(stay, Pay{5'000});
        CHECK(hotel.finished("bill").status == el::SagaStatus::completed);
        hotel.process.advance(24h * 60);
        CHECK(hotel.process.load(stay).reminders == 0);
    }
    SECTION("never paid, it is reminded of three times, and then the card is charged")
    {
        hotel.process.advance(24h * 14);
        hotel.process.restart();
        hotel.process.advance(24h * 21);
        CHECK(hotel.finished("bill").status == el::SagaStatus::completed);
        CHECK(hotel.process.load(stay).reminders == 3);
        CHECK(hotel.stage() == "paid");
    }
}

// What the two versions of a saga know.
struct Visit {
    StayId stay;
};
struct LongVisit {
    StayId stay;
    std::string receipt;
    std::int64_t cents = 0;
};

el::Saga visit_1()
{
    return el::saga<Visit>(
        "visit", 1, el::begins{[](const StayId& stay, const GroupRequested&) { return Visit{stay}; }},
        el::step("approval", el::await<Approved>{}),
        el::step("confirm", el::act{[](const Visit& saga) { return el::send(saga.stay, Confirm{}); }}));
}

el::Saga visit_2()
{
    return el::saga<LongVisit>(
        "visit", 2, el::begins{[](const StayId& stay, const GroupRequested& event) {
            return LongVisit{stay, "", event.cents};
        }},
        el::step("remind", el::act{[](const LongVisit& saga) { return el::send(saga.stay, Remind{}); }}),
        el::step("approval", el::await<Approved>{}),
        el::step("confirm", el::act{[](const LongVisit& saga) { return el::send(saga.stay, Confirm{saga.receipt}); }}));
}

TEST_CASE("an instance of the chapter is moved to the next version while it waits", "[sagas][migration][docs]")
{
    bool is_later = false;
    SagaHost service{[](const el::Runtime& runtime) { return el::open_memory_store(runtime); },
                     [&](el::Sagas& sagas) {
                         sagas.add(visit_1());
                         if (is_later) {
                             sagas.add(visit_2());
                             sagas.add(el::migrates<Visit, LongVisit>("visit", 1, 2, [](const Visit& before) {
                                 return LongVisit{before.stay, "none", 0};
                             }));
                         }
                     }};
    REQUIRE(service.commands().send(stay, RequestGroup{{}, 9'000, {}}));
    service.settle();

    is_later = true;
    service.restart();
    REQUIRE(service.sagas().migrate("visit", "17", "guests are reminded now"));
    REQUIRE(service.commands().send(stay, Approve{"Ada"}));
    const auto visit = service.finished("visit", stay);
    CHECK(visit.status == el::SagaStatus::completed);
    CHECK(visit.version == 2);
    CHECK(service.load(stay).reminders == 1);
    CHECK(service.load(stay).stage == "confirmed");
}

TEST_CASE("a group of the chapter that costs little needs no approval", "[sagas][docs]")
{
    Hotel hotel;
    auto cheap  = for_a_group;
    cheap.cents = 20'000;
    hotel.send(stay, cheap);
    CHECK(hotel.process.instance("group", stay).step == "the day before");
    CHECK(hotel.process.sagas().cancel("group", "17", "too late").error().code == "saga-past-no-return");
}

TEST_CASE("the card company of the chapter answers by a webhook", "[sagas][docs]")
{
    Hotel hotel;
    hotel.cards.answers_later = true;
    hotel.send(stay, Request{room, 9'000});
    hotel.process.restart();
    hotel.process.advance(20h);
    const el::CallKey key = hotel.cards.key_to_answer();
    REQUIRE(hotel.process.sagas().answer<Charge>(key, Receipt{"receipt-17"}));
    CHECK(hotel.finished().status == el::SagaStatus::completed);
    CHECK(hotel.process.sagas().answer<Charge>(key, Receipt{"receipt-17"}).value().was_taken_before);
    CHECK(hotel.process.sagas().answer<Charge>(key, Receipt{"receipt-18"}).error().code == "answered-otherwise");
}

struct PrintMenus {
    using answer = Receipt;
    int pages    = 0;
};

TEST_CASE("an activity of the chapter says how far it is", "[sagas][progress][docs]")
{
    const auto add_to = [](el::Sagas& sagas) {
        sagas.perform<PrintMenus>([](const PrintMenus& request, const el::ActivityRun& run) -> el::result<Receipt> {
            for (int page = 1; page <= request.pages; ++page) run.progress(std::to_string(page) + " pages printed");
            return Receipt{"menu"};
        });
    };
    SagaHost service{
        [](const el::Runtime& runtime) { return el::open_memory_store(runtime); },
        [&](el::Sagas& sagas) {
            sagas.add(el::saga<Visit>(
                "visit", 1, el::begins{[](const StayId& of, const Requested&) { return Visit{of}; }},
                el::step("print", el::act{[](const Visit&) { return el::call(PrintMenus{.pages = 3}); }})));
            add_to(sagas);
        }};
    REQUIRE(service.commands().send(stay, Request{room, 9'000}));
    CHECK(service.finished("visit", stay).status == el::SagaStatus::completed);
}

// What several sagas need: to be paid.
struct Payment {
    StayId stay;
    std::int64_t cents = 0;
    std::string receipt;
};

el::Saga payment()
{
    return el::saga<Payment>(
        "payment", 1, el::begins_when_run<StayId>{},
        el::step("charge the card", el::act{[](const Payment& saga) {
                     return call(Charge{saga.stay, saga.cents});
                 }},
                 el::keep{[](Payment& saga, const Receipt& receipt) { saga.receipt = receipt.number; }},
                 el::undo{[](const Payment& saga) { return call(Refund{saga.stay}); }}));
}

// A stay that is paid by the saga above.
struct PaidVisit {
    StayId stay;
    std::int64_t cents = 0;
    std::string receipt;
};

el::Saga paid_visit()
{
    return el::saga<PaidVisit>(
        "visit", 1, el::begins{[](const StayId& of, const Requested& event) {
            return PaidVisit{of, event.cents, ""};
        }},
        el::step("pay", el::act{[](const PaidVisit& saga) {
                     return el::run("payment", saga.stay, Payment{saga.stay, saga.cents, ""});
                 }},
                 el::keep{[](PaidVisit& saga, const Payment& paid) { saga.receipt = paid.receipt; }}),
        el::step("confirm", el::act{[](const PaidVisit& saga) { return send(saga.stay, Confirm{saga.receipt}); }}));
}

TEST_CASE("a saga of the chapter runs another one", "[sagas][children][docs]")
{
    ScriptedActivity<Charge> charge{[](const Charge&) { return Receipt{"receipt"}; }};
    ScriptedActivity<Refund> refund;
    SagaHost service{[](const el::Runtime& runtime) { return el::open_memory_store(runtime); },
                     [&](el::Sagas& sagas) {
                         sagas.add(payment());
                         sagas.add(paid_visit());
                         charge.performs_for(sagas);
                         refund.performs_for(sagas);
                     }};
    REQUIRE(service.commands().send(stay, Request{room, 9'000}));
    CHECK(service.finished("visit", stay).status == el::SagaStatus::completed);
    CHECK(service.finished("payment", stay).status == el::SagaStatus::completed);
    CHECK(service.load(stay).stage == "confirmed");
}

// How often groups have asked for a room before all others.
struct Popularity {
    std::int32_t asked = 0;
};

el::Saga popularity()
{
    return el::saga<RoomId, Popularity>(
        "popularity", 1, el::begins_with<GroupRequested>{}, el::from<Stay>{}, el::parks_unheard,
        el::keyed_by([](const GroupRequested& event) { return event.rooms.empty() ? RoomId{} : event.rooms.front(); }),
        [](Popularity& popularity, const RoomId&, const GroupRequested&) { ++popularity.asked; });
}

TEST_CASE("a function of the event names the instance of a saga of the chapter", "[sagas][keyed][docs]")
{
    SagaHost service{[](const el::Runtime& runtime) { return el::open_memory_store(runtime); },
                     [&](el::Sagas& sagas) { sagas.add(popularity()); }};
    for (const auto* of : {"1", "2"}) REQUIRE(service.commands().send(StayId{of}, for_a_group));
    REQUIRE(service.commands().send(StayId{"3"}, RequestGroup{}));
    service.settle();
    CHECK(service.sagas().list().value().size() == 1);
    CHECK(service.sagas().show("popularity", room.value).value().state_json == R"({"asked": 2})");
}

TEST_CASE("a saga of the chapter that is stuck continues with a retry", "[sagas][docs]")
{
    Hotel hotel;
    hotel.cards.offline = 6; // three calls of the step, and three of its undo
    hotel.send(stay, Request{room, 9'000});
    const auto saga = hotel.finished();
    CHECK(saga.status == el::SagaStatus::stuck);
    CHECK(saga.step == "charge the card");
    CHECK(saga.why->code == "company-offline");
    REQUIRE(hotel.process.sagas().retry("reservation", stay.value));
    CHECK(hotel.finished().status == el::SagaStatus::compensated);
    CHECK(hotel.is_free(room));
}

TEST_CASE("the first saga of the chapter works, and its version stays beside the second", "[sagas][docs]")
{
    Hotel hotel;
    hotel.version = 1;
    hotel.process.restart(false);
    hotel.send(StayId{"1"}, Request{room, 9'000});
    CHECK(hotel.process.finished("reservation", "1").version == 1);
    CHECK(hotel.process.load(StayId{"1"}).stage == "confirmed");
    hotel.send(StayId{"2"}, Request{room, 9'000});
    CHECK(hotel.process.finished("reservation", "2").status == el::SagaStatus::compensated);
    CHECK(hotel.process.load(StayId{"2"}).stage == "given up: The room is taken.");

    hotel.version = 2;
    hotel.process.restart();
    hotel.send(StayId{"3"}, Request{room, 9'000});
    CHECK(hotel.process.finished("reservation", "3").version == 2);
}

TEST_CASE("a saga of the chapter also begins for the events that happened before it was added", "[sagas][docs]")
{
    bool is_added = false;
    SagaHost service{[](const el::Runtime& runtime) { return el::open_memory_store(runtime); },
                     [&](el::Sagas& sagas) {
                         if (is_added) sagas.add(reservation());
                     }};
    REQUIRE(service.commands().send(stay, Request{room, 9'000}));
    is_added = true;
    service.restart();
    CHECK(service.finished("reservation", stay).status == el::SagaStatus::completed);
}

} // namespace sagas_chapter_test
