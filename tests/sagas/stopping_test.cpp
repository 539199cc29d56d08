// How a saga is stopped: cancelled by an event or a person, paused, skipped; and the point from which there is no way back.
#include "support/stay.hpp"

#include <catch2/catch.hpp>

namespace stay_test {

using Words = std::vector<std::string>;

Saga can_be_withdrawn()
{
    return saga<Booking>("booking", 1, begins_with_request(), cancelled_by<Withdrawn>{}, hold_the_room(),
                         charge_the_card(), no_return{}, note("booked"), note("sent"), say_why_it_failed());
}

TEST_CASE("an event cancels a saga while the provider is down, and nothing is charged after that", "[sagas][cancel]")
{
    House house{can_be_withdrawn()};
    house.cards.fails = 3;
    house.request("1");
    house.simulated.run_until_idle(); // the first call has failed
    REQUIRE(house.commands->send(StayId{"1"}, Withdraw{}));
    house.finish();
    house.simulated.advance(24h);
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.instance("1").why->code == "cancelled");
    CHECK(house.cards.asked == 1);
    CHECK(house.cards.charged.empty());
    CHECK(house.cards.refunded.size() == 1); // the call that failed may have charged
    CHECK(house.types_of("room-1") == Words{"room-held", "room-released"});
    CHECK(house.notes("1") == Words{"cancelled"});
}

TEST_CASE("a saga that is cancelled while a call is being made waits for its answer, and undoes it", "[sagas][cancel]")
{
    House house{can_be_withdrawn()};
    house.cards.is_silent = true;
    house.request("1");
    house.simulated.run_until_idle();
    REQUIRE(house.commands->send(StayId{"1"}, Withdraw{}));
    house.simulated.run_until_idle();
    CHECK(house.instance("1").status == SagaStatus::compensating);
    CHECK(house.cards.refunded.empty());
    const bool answers = GENERATE(true, false);
    if (answers) house.cards.answer_all();
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.cards.charged.size() == (answers ? 1 : 0));
    CHECK(house.cards.refunded.size() == 1);
}

TEST_CASE("work that was never asked for is not undone", "[sagas][cancel]")
{
    House house{can_be_withdrawn(), 1, {.at_once = 1}};
    house.cards.is_silent = true;
    house.request("first");
    house.simulated.run_until_idle();
    house.request("second");
    house.simulated.run_until_idle();
    REQUIRE(house.commands->send(StayId{"second"}, Withdraw{})); // its call waits for its turn
    house.simulated.run_until_idle();
    house.cards.is_silent = false;
    house.cards.answer_all();
    house.finish();
    CHECK(house.instance("second").status == SagaStatus::compensated);
    CHECK(house.cards.asked == 1);
    CHECK(house.cards.refunded.empty());
}

TEST_CASE("past the point of no return nothing is undone: a cancellation is refused, and a failure waits for a person",
          "[sagas][no-return]")
{
    House house{saga<Booking>("booking", 1, begins_with_request(), cancelled_by<Withdrawn>{}, hold_the_room(),
                              no_return{}, charge_the_card(), note("booked"))};
    house.cards.is_silent = true;
    house.request("1");
    house.simulated.run_until_idle();
    REQUIRE(house.commands->send(StayId{"1"}, Withdraw{}));
    house.simulated.run_until_idle();
    CHECK(house.sagas->cancel("booking", "1", "by phone").error().code == "saga-past-no-return");
    house.cards.declines = true;
    house.cards.answer_all();
    house.finish();
    auto stuck = house.instance("1");
    CHECK(stuck.status == SagaStatus::stuck);
    CHECK(stuck.why->code == "declined");
    CHECK(house.types_of("room-1") == Words{"room-held"});
    CHECK(house.log.lines(LogLevel::warning).front() == "warning saga-cancel-refused saga=booking key=1");
    house.cards.declines  = false;
    house.cards.is_silent = false;
    REQUIRE(house.sagas->retry("booking", "1", "the card works now"));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
}

TEST_CASE("a person cancels, and the history says why", "[sagas][cancel]")
{
    House house{can_be_withdrawn()};
    house.cards.is_silent = true;
    house.request("1");
    house.simulated.run_until_idle();
    REQUIRE(house.sagas->cancel("booking", "1", "asked for by phone"));
    CHECK(house.sagas->cancel("booking", "1", "again").error().code == "saga-being-undone");
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.sagas->cancel("booking", "1", "again").error().code == "saga-ended");
    CHECK(house.sagas->cancel("booking", "2", "nobody").error().code == "no-such-saga-instance");
    const auto history = house.sagas->show("booking", "1").value().history;
    CHECK(std::any_of(history.begin(), history.end(), [](const auto& entry) {
        return entry.what == "cancel-asked" && entry.detail == "asked for by phone";
    }));
}

TEST_CASE("a step that cannot be done is left out by a person", "[sagas][skip]")
{
    House house{saga<Booking>("booking", 1, begins_with_request(), no_return{}, charge_the_card(), note("booked"))};
    house.cards.declines = true;
    house.request("1");
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::stuck);
    CHECK(house.sagas->skip("booking", "1", "booked", "no").error().code == "no-such-open-step");
    REQUIRE(house.sagas->skip("booking", "1", "charge", "paid in cash"));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.notes("1") == Words{"booked"});
}

TEST_CASE("a saga that is paused begins no work until it is resumed, or its time is over", "[sagas][pause]")
{
    House house{saga<Booking>("booking", 1, begins_with_request(), step("approval", await<Approved>{}),
                              charge_the_card(), note("booked"))};
    house.request("1");
    house.settle();
    const bool has_an_end = GENERATE(false, true);
    REQUIRE(house.sagas->pause("booking", "1", "an audit", has_an_end ? house.simulated.now() + 24h : Time::max()));
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"})); // is heard
    house.simulated.advance(1h);
    house.restart();
    house.simulated.advance(1h);
    CHECK(house.instance("1").paused_until.has_value());
    CHECK(house.instance("1").step == "charge");
    CHECK(house.cards.asked == 0);
    if (has_an_end) {
        house.simulated.advance(24h);
        CHECK_FALSE(house.instance("1").paused_until.has_value());
    } else {
        REQUIRE(house.sagas->resume("booking", "1", "the audit is over"));
    }
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
}

TEST_CASE("the whole may have a deadline", "[sagas][deadline]")
{
    House house{saga<Booking>("booking", 1, begins_with_request(), deadline{1h}, hold_the_room(),
                              step("approval", await<Approved>{}), note("booked"))};
    house.request("1");
    house.simulated.advance(59min);
    CHECK(house.instance("1").status == SagaStatus::running);
    house.simulated.advance(2min);
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.instance("1").why->code == "deadline-passed");
    CHECK(house.types_of("room-1") == Words{"room-held", "room-released"});
}

TEST_CASE("a cancellation that comes while the instance is stuck counts when it is retried", "[sagas][cancel][stuck]")
{
    static bool is_broken;
    is_broken = true;
    House house{saga<Booking>("booking", 1, begins_with_request(), cancelled_by<Withdrawn>{}, hold_the_room(),
                              step("charge", act{[](const Booking& booking) {
                                       if (is_broken) throw std::runtime_error{"broken"};
                                       return call(Charge{booking.stay.value, booking.cents});
                                   }}))};
    house.request("1");
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::stuck);
    REQUIRE(house.commands->send(StayId{"1"}, Withdraw{}));
    house.finish();
    is_broken = false;
    REQUIRE(house.sagas->retry("booking", "1"));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.cards.asked == 0);
    CHECK(house.types_of("room-1") == Words{"room-held", "room-released"});
}

TEST_CASE("a step whose activity says after the cancellation that its answer comes from elsewhere is undone, too",
          "[sagas][cancel][answered-later]")
{
    std::vector<std::function<void(result<Slip>)>> asked;
    House house{can_be_withdrawn()};
    house.kill();
    house.commands = std::make_unique<CommandBus>(house.runtime, *house.store.store);
    house.bus      = std::make_unique<EventBus>(house.runtime, *house.store.store);
    house.sagas    = std::make_unique<Sagas>(house.runtime, *house.store.store, *house.commands, *house.bus,
                                          house.directory.path() + "/sagas");
    house.sagas->add(can_be_withdrawn());
    house.sagas->perform_async<Charge>([&](const Charge&, const CallKey&, auto answer) { asked.push_back(answer); });
    house.sagas->perform<Refund>([&](const Refund& request, const CallKey& key) -> result<Slip> {
        house.cards.refunded.emplace(key, request.stay);
        return Slip{"back"};
    });
    REQUIRE(house.sagas->start());
    house.request("1");
    house.simulated.run_until_idle();
    REQUIRE(asked.size() == 1);
    REQUIRE(house.commands->send(StayId{"1"}, Withdraw{}));
    house.simulated.run_until_idle();
    asked.front()(answered_later());
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.cards.refunded.size() == 1);
}

} // namespace stay_test
