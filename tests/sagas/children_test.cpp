// Sagas that a step of another saga runs.
#include "support/stay.hpp"

#include <eventloom/sagas/testing.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

namespace stay_test {

using Words = std::vector<std::string>;

namespace {

// The payment of a stay, which others run.
struct Payment {
    StayId stay;
    int cents = 0;
    std::string slip;
};

Saga paying(bool has_no_return = false)
{
    if (has_no_return) {
        return saga<Payment>("payment", 1, begins_when_run<StayId>{},
                             step("charge", act{[](const Payment& saga) {
                                      return call(Charge{saga.stay.value, saga.cents});
                                  }}),
                             no_return{}, step("approval", await<Approved>{}));
    }
    return saga<Payment>(
        "payment", 1, begins_when_run<StayId>{},
        step("charge", act{[](const Payment& saga) {
                 return call(Charge{saga.stay.value, saga.cents});
             }},
             keep{[](Payment& saga, const Slip& slip) { saga.slip = slip.number; }},
             undo{[](const Payment& saga) { return call(Refund{saga.stay.value}); }},
             retry{.times = 3, .first_wait = 1s}),
        step("approval", when{[](const Payment& saga) { return saga.cents > 1'000; }}, await<Approved>{}),
        step("paid", act{[](const Payment& saga) { return send(saga.stay, Note{"paid"}); }},
             undo{[](const Payment& saga) { return send(saga.stay, Note{"not paid"}); }}));
}

Saga booking_that_pays()
{
    return saga<Booking>(
        "booking", 1, begins_with_request(), cancelled_by<Withdrawn>{}, hold_the_room(),
        step("pay", act{[](const Booking& booking) {
                 return run("payment", booking.stay, Payment{booking.stay, booking.cents, ""});
             }},
             keep{[](Booking& booking, const Payment& payment) { booking.slip = payment.slip; }}, deadline{48h}),
        step("last", act{[](const Booking& booking) { return send(booking.stay, Note{"booked " + booking.slip}); }}),
        step("confirmed", when{[](const Booking& booking) { return booking.cents % 2 == 1; }}, await<Approved>{}),
        say_why_it_failed());
}

struct Pair : House {
    explicit Pair(bool has_no_return = false, const StoreKind& kind = every_store().front())
        : House{booking_that_pays(), 1, {}, kind}
    {
        close();
        versions.push_back(paying(has_no_return));
        open();
    }
    SagaInstance payment(const std::string& stay) { return *sagas->find("payment", stay).value(); }
};

} // namespace

TEST_CASE("a saga runs another one, waits for its end, and keeps what it knows then", "[sagas][children]")
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    INFO(kind.name);
    Pair house{false, kind};
    house.request("1", 5'000);
    house.settle();
    CHECK(house.instance("1").waits_for == "the end of the saga payment-1");
    CHECK(house.payment("1").waits_for == "the event stay-approved");
    const auto how = GENERATE(as<std::string>{}, "running", "restarted", "with a new table");
    if (how != "running") house.kill();
    if (how == "with a new table") std::filesystem::remove_all(house.directory.path() + "/sagas");
    if (how != "running") house.open();
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    CHECK(house.payment("1").status == SagaStatus::completed);
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.notes("1") == Words{"paid", "booked slip-1"});
    CHECK(house.cards.charged.size() == 1);
}

TEST_CASE("a child hears what comes after it has begun, and nothing from before", "[sagas][children]")
{
    Pair house;
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.request("1", 5'000);
    house.settle();
    if (GENERATE(false, true)) house.restart();
    house.settle();
    CHECK(house.payment("1").waits_for == "the event stay-approved");
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Bob"}));
    house.finish();
    CHECK(house.payment("1").status == SagaStatus::completed);
}

TEST_CASE("a saga whose child is undone has failed at that step", "[sagas][children]")
{
    Pair house;
    house.cards.declines = true;
    house.request("1", 500);
    house.finish();
    CHECK(house.payment("1").status == SagaStatus::compensated);
    const auto parent = house.instance("1");
    CHECK(parent.status == SagaStatus::compensated);
    CHECK(parent.why->code == "declined");
    CHECK(parent.why->step == "pay");
    CHECK(house.types_of("room-1") == Words{"room-held", "room-released"});
    CHECK(house.notes("1") == Words{"declined"});
}

TEST_CASE("cancelling a saga undoes the one that it runs, and waits for that", "[sagas][children][cancel]")
{
    Pair house;
    house.request("1", 5'000);
    house.settle();
    house.cards.is_silent = true; // not asked for the refund, which another activity answers
    const bool by_hand    = GENERATE(false, true);
    if (by_hand) {
        REQUIRE(house.sagas->cancel("booking", "1", "asked for"));
    } else {
        REQUIRE(house.commands->send(StayId{"1"}, Withdraw{}));
    }
    if (GENERATE(false, true)) house.restart();
    house.finish();
    CHECK(house.payment("1").status == SagaStatus::compensated);
    CHECK(house.cards.refunded.size() == 1);
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.instance("1").why->code == "cancelled");
    CHECK(house.types_of("room-1") == Words{"room-held", "room-released"});
    const auto shown = house.sagas->show("payment", "1").value();
    CHECK(std::any_of(shown.history.begin(), shown.history.end(), [](const auto& entry) {
        return entry.what == "cancel-asked" && entry.detail == "the saga booking-1 is being undone";
    }));
}

TEST_CASE("a child that is completed is undone when its parent is", "[sagas][children][cancel]")
{
    Pair house;
    house.request("1", 501); // odd: the parent waits after its child
    house.settle();
    REQUIRE(house.payment("1").status == SagaStatus::completed);
    REQUIRE(house.sagas->cancel("booking", "1", "asked for"));
    if (GENERATE(false, true)) house.restart();
    house.finish();
    CHECK(house.payment("1").status == SagaStatus::compensated);
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.cards.refunded.size() == 1);
    CHECK(house.notes("1") == Words{"paid", "booked slip-1", "not paid", "cancelled"});
}

TEST_CASE("a child that cannot be undone any more stops its parent, which a person takes on", "[sagas][children]")
{
    Pair house{true};
    house.request("1", 500);
    house.settle();
    REQUIRE(house.payment("1").step == "approval");
    REQUIRE(house.sagas->cancel("booking", "1", "asked for"));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::stuck);
    CHECK(house.instance("1").why->code == "saga-past-no-return");
    CHECK(house.payment("1").status == SagaStatus::running);
    REQUIRE(house.sagas->skip("booking", "1", "pay", "the guest pays all the same"));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::compensated);
}

TEST_CASE("a child that takes longer than its step may is undone", "[sagas][children][deadline]")
{
    Pair house;
    house.request("1", 5'000);
    house.settle();
    if (GENERATE(false, true)) house.restart();
    house.simulated.advance(49h);
    house.finish();
    CHECK(house.payment("1").status == SagaStatus::compensated);
    CHECK(house.instance("1").why->code == "deadline-passed");
    CHECK(house.cards.refunded.size() == 1);
}

TEST_CASE("a child that is there already, or has no saga, fails the step and says why", "[sagas][children]")
{
    SECTION("it is of somebody else")
    {
        House house{saga<Booking>("booking", 1, begins_with_request(),
                                  step("pay", act{[](const Booking& booking) {
                                           return run("payment", StayId{"shared"}, Payment{booking.stay, 1, ""});
                                       }}))};
        house.close();
        house.versions.push_back(paying());
        house.open();
        for (const auto* stay : {"1", "2"}) house.request(stay);
        house.finish();
        int refused = 0;
        for (const auto* stay : {"1", "2"}) {
            const auto one = house.instance(stay);
            if (one.status == SagaStatus::completed) continue;
            ++refused;
            CHECK(one.why->code == "saga-exists");
        }
        CHECK(refused == 1);
        CHECK(house.cards.charged.size() == 1);
    }
    SECTION("nobody has added it")
    {
        House house{booking_that_pays()};
        house.request("1");
        house.finish();
        CHECK(house.instance("1").why->code == "no-such-saga");
        CHECK(house.instance("1").status == SagaStatus::compensated);
    }
}

TEST_CASE("killed after any task, a saga and its child lose nothing and double nothing", "[sagas][children][crash]")
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    INFO(kind.name);
    const int every = kind.name == std::string_view{"memory"} ? 2 : 10; // a disk takes its time
    for (int kill_after = 0; kill_after < 90; kill_after += every) {
        INFO("killed after " << kill_after << " tasks");
        Pair house{false, kind};
        house.request("1", 5'000);
        house.request("2", 500);
        const auto run_and_die = [&] {
            for (int tasks = 0; tasks < kill_after && house.simulated.run_one(); ++tasks) {
            }
            house.kill();
            if (kill_after % 3 == 0) std::filesystem::remove_all(house.directory.path() + "/sagas");
            house.open();
        };
        const bool is_cancelled = kill_after / every % 2 == 0;
        run_and_die();
        if (is_cancelled) {
            REQUIRE(house.commands->send(StayId{"1"}, Withdraw{}));
        } else {
            house.settle(); // it hears what happens after it has begun
            REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
        }
        run_and_die();
        house.finish();
        CHECK(house.notes("2") == Words{"paid", "booked slip-2"});
        CHECK(house.instance("2").status == SagaStatus::completed);
        if (is_cancelled) {
            CHECK(house.instance("1").status == SagaStatus::compensated);
            CHECK(house.types_of("room-1").size() % 2 == 0);
            const auto payment = house.sagas->find("payment", "1").value();
            CHECK((not payment || payment->status == SagaStatus::compensated));
        } else {
            CHECK(house.notes("1") == Words{"paid", "booked slip-1"});
            CHECK(house.instance("1").status == SagaStatus::completed);
        }
    }
}

TEST_CASE("a case of a saga that runs another one names it", "[sagas][children][testing]")
{
    const StayId stay{"1"};
    const auto saga = booking_that_pays();
    CHECK(given(saga, stay, Requested{500}, all_done).then(run("payment", stay, Payment{stay, 500, ""})));
    CHECK_FALSE(given(saga, stay, Requested{500}, all_done).then(run("payment", stay, Payment{stay, 501, ""})));
    CHECK(given(saga, stay, Requested{500}, all_done, Withdrawn{}).then(run("payment", stay, Payment{stay, 500, ""})));
    CHECK(given(saga, stay, Requested{500}, all_done, refused("declined")).then(send(RoomId{"1"}, Release{"1"})));
}

} // namespace stay_test
