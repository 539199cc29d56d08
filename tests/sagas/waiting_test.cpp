// What a saga waits for: events, people, times, limits; and that waiting holds up nobody.
#include "support/stay.hpp"

#include <catch2/catch.hpp>

namespace stay_test {

using Words = std::vector<std::string>;

Saga waits_for_approval()
{
    return saga<Booking>(
        "booking", 1, begins_with_request(), hold_the_room(),
        step("approval", when{[](const Booking& booking) { return booking.cents > 1000; }}, await<Approved>{},
             keep{[](Booking& booking, const Approved& event) { booking.approved_by = event.by; }}, deadline{48h}),
        charge_the_card(), note("booked"), say_why_it_failed());
}

TEST_CASE("instances that wait for an answer hold up no other", "[sagas][waiting]")
{
    House house{waits_for_approval()};
    house.cards.is_silent = true;
    for (int stay = 0; stay < 300; ++stay) house.request("silent" + std::to_string(stay));
    house.simulated.run_until_idle();
    house.cards.is_silent = false;
    house.request("quick");
    house.simulated.run_until_idle();
    CHECK(house.instance("quick").status == SagaStatus::completed);
    CHECK(house.instance("silent7").status == SagaStatus::running);
}

TEST_CASE("the time of a step begins when it is first asked, not while it waits for its turn",
          "[sagas][waiting][deadline]")
{
    House house{waits_for_approval(), 1, {.at_once = 1}};
    house.cards.is_silent = true;
    for (int stay = 0; stay < 10; ++stay) house.request(std::to_string(stay));
    house.simulated.run_until_idle();
    // Each takes ten minutes, the last one begins after ninety; a step has fifteen.
    for (int stay = 0; stay < 10; ++stay) {
        house.simulated.advance(10min);
        house.cards.answer_all();
        house.simulated.run_until_idle();
    }
    for (int stay = 0; stay < 10; ++stay) {
        CHECK(house.instance(std::to_string(stay)).status == SagaStatus::completed);
    }
}

TEST_CASE("a step that waits for an event goes on with it, and keeps what it says", "[sagas][await]")
{
    House house{waits_for_approval()};
    house.request("1", 5000);
    house.settle();
    auto waiting = house.instance("1");
    CHECK(waiting.status == SagaStatus::running);
    CHECK(waiting.step == "approval");
    CHECK(waiting.waits_for == "the event stay-approved");
    CHECK(house.cards.asked == 0);

    const bool restarted = GENERATE(false, true);
    if (restarted) house.restart();
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.sagas->show("booking", "1").value().state_json.find("\"Ada\"") != std::string::npos);
}

TEST_CASE("a step is left out unless its condition holds", "[sagas][when]")
{
    House house{waits_for_approval()};
    house.request("1", 100);
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.types_of("booking-1") == Words{"saga-started", "saga-step-done", "saga-step-skipped", "saga-step-done",
                                               "saga-step-done", "saga-completed"});
}

TEST_CASE("an event that is not there by the deadline fails its step", "[sagas][await][deadline]")
{
    House house{waits_for_approval()};
    house.request("1", 5000);
    house.settle();
    const bool restarted = GENERATE(false, true);
    if (restarted) house.restart();
    house.simulated.advance(47h);
    CHECK(house.instance("1").status == SagaStatus::running);
    house.simulated.advance(2h);
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.instance("1").why->code == "deadline-passed");
    CHECK(house.types_of("room-1") == Words{"room-held", "room-released"});
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"})); // too late
    house.simulated.run_until_idle();
    CHECK(house.instance("1").status == SagaStatus::compensated);
}

TEST_CASE("an event that comes before its step is not lost", "[sagas][await]")
{
    House house{saga<Booking>("booking", 1, begins_with_request(), charge_the_card(),
                              step("approval", await<Approved>{}), note("booked"))};
    house.cards.is_silent = true;
    house.request("1");
    house.simulated.run_until_idle();
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.simulated.run_until_idle();
    house.cards.answer_all();
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.notes("1") == Words{"booked"});
}

TEST_CASE("a step that waits for a time goes on when it has come, also after a restart", "[sagas][until]")
{
    static Time arrival;
    House house{saga<Booking>("booking", 1, begins_with_request(),
                              step("until the day before", until{[](const Booking&) { return arrival - 24h; }}),
                              note("reminded"))};
    arrival = house.simulated.now() + 72h;
    house.request("1");
    house.settle();
    CHECK(house.instance("1").waits_for == "a time");
    const bool restarted = GENERATE(false, true);
    if (restarted) house.restart();
    house.simulated.advance(47h);
    CHECK(house.notes("1").empty());
    house.simulated.advance(2h);
    CHECK(house.notes("1") == Words{"reminded"});
    CHECK(house.instance("1").status == SagaStatus::completed);
}

TEST_CASE("an answer that comes from elsewhere is taken after restarts, once", "[sagas][answered-later]")
{
    static std::vector<CallKey> asked;
    asked.clear();
    House house{waits_for_approval()};
    house.close();
    const auto open = [&] {
        house.commands = std::make_unique<CommandBus>(house.runtime, *house.store.store);
        house.bus      = std::make_unique<EventBus>(house.runtime, *house.store.store);
        house.sagas    = std::make_unique<Sagas>(house.runtime, *house.store.store, *house.commands, *house.bus,
                                              house.directory.path() + "/sagas");
        house.sagas->add(
            saga<Booking>("booking", 1, begins_with_request(),
                          step("charge", act{[](const Booking& booking) {
                                   return call(Charge{booking.stay.value, booking.cents});
                               }},
                               keep{[](Booking& booking, const Slip& slip) { booking.slip = slip.number; }}),
                          note("paid")));
        house.sagas->perform<Charge>([](const Charge&, const CallKey& key) -> result<Slip> {
            asked.push_back(key);
            return answered_later();
        });
        REQUIRE(house.sagas->start());
    };
    open();
    house.request("1");
    house.settle();
    REQUIRE(asked.size() == 1);
    CHECK(house.instance("1").waits_for == "the answer to the call " + to_string(asked.front()));
    house.kill();
    open();
    house.settle();
    CHECK(asked.size() == 1); // it is not asked again
    house.simulated.advance(24h * 7);
    REQUIRE(house.sagas->answer<Charge>(asked.front(), Slip{"by webhook"}));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.sagas->show("booking", "1").value().state_json.find("by webhook") != std::string::npos);
    CHECK(house.sagas->answer<Charge>(asked.front(), Slip{"again"}).error().code == "answered-otherwise");
    CHECK(house.notes("1") == Words{"paid"});
}

TEST_CASE("the answer to the call of an undo may come from elsewhere, too, and it is asked for once",
          "[sagas][answered-later]")
{
    House house{
        saga<Booking>("booking", 1, begins_with_request(),
                      step("hold", act{[](const Booking&) { return actions{}; }}, undo{[](const Booking& booking) {
                               return call(Charge{booking.stay.value, 1});
                           }}),
                      step("approval", await<Approved>{}))};
    house.cards.later = true;
    house.request("1");
    house.finish();
    REQUIRE(house.sagas->cancel("booking", "1", "by phone"));
    house.simulated.advance(24h);
    CHECK(house.cards.asked == 1);
    CHECK(house.instance("1").status == SagaStatus::compensating);
    CHECK(house.instance("1").step == "hold");
    house.restart();
    house.finish();
    CHECK(house.cards.asked == 1);
    REQUIRE(house.sagas->answer<Charge>(house.cards.keys.front(), Slip{"back"}));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::compensated);
}

TEST_CASE("work of a step that follows a call is done, too, and keep gets the answer", "[sagas][actions]")
{
    House house{saga<Booking>("booking", 1, begins_with_request(), step("all", act{[](const Booking& booking) {
                                                                            return actions{
                                                                                send(booking.stay, Note{"before"}),
                                                                                call(Charge{booking.stay.value, 1}),
                                                                                send(booking.stay, Note{"after"})};
                                                                        }}))};
    house.request("1");
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.notes("1") == Words{"before", "after"});
    CHECK(house.cards.charged.size() == 1);
}

TEST_CASE("a step that was asked for is not left out by what a step beside it changes", "[sagas][when][together]")
{
    House house{
        saga<Booking>("booking", 1, begins_with_request(),
                      together(step("charge", when{[](const Booking& booking) { return booking.slip.empty(); }},
                                    act{[](const Booking& booking) {
                                        return call(Charge{booking.stay.value, booking.cents});
                                    }},
                                    undo{[](const Booking& booking) { return call(Refund{booking.stay.value}); }}),
                               step("approval", await<Approved>{},
                                    keep{[](Booking& booking, const Approved&) { booking.slip = "free"; }})),
                      step("never", await<Withdrawn>{}, deadline{1h}))};
    house.cards.is_silent = true;
    house.request("1");
    house.simulated.run_until_idle();
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.simulated.run_until_idle();
    house.cards.answer_all();
    house.finish();
    house.simulated.advance(2h);
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.cards.charged.size() == 1);
    CHECK(house.cards.refunded.size() == 1);
}

TEST_CASE("a provider that is down for an hour fails none of ten thousand, is tried a bounded number of times, and all "
          "are done after",
          "[sagas][activities][outage]")
{
    constexpr int stays = 10'000;
    House house{saga<Booking>("booking", 1, begins_with_request(), hold_the_room(),
                              step("charge", act{[](const Booking& booking) {
                                       return call(Charge{booking.stay.value, booking.cents});
                                   }},
                                   keep{[](Booking& booking, const Slip& slip) { booking.slip = slip.number; }},
                                   retry{.times = 20, .first_wait = 1s}, deadline{48h}),
                              note("booked")),
                1,
                {.per_second = 100, .tries_again_every = 10s}};
    house.cards.fails = stays * 1'000; // more often than anybody asks
    const Time began  = house.simulated.now();
    for (int stay = 0; stay < stays; ++stay) house.request(std::to_string(stay));
    house.simulated.advance(1h);
    CHECK(house.sagas->count().value() == std::map<SagaStatus, std::uint64_t>{{SagaStatus::running, stays}});
    CHECK(house.cards.asked <= 10 + 361); // until it stopped being asked, then once in ten seconds
    CHECK(house.sagas->activities().front().stopped_since.has_value());

    house.cards.fails = 0;
    house.finish();
    CHECK(house.sagas->count().value() == std::map<SagaStatus, std::uint64_t>{{SagaStatus::completed, stays}});
    CHECK(house.cards.charged.size() == stays);
    CHECK(house.simulated.now() - began >= 1h + 99s); // no more than a hundred in a second
    CHECK(house.simulated.now() - began < 1h + 180s);
}

TEST_CASE("an answer from elsewhere that comes while the instance is stuck counts, and is undone when it is cancelled",
          "[sagas][answered-later][stuck]")
{
    static bool is_broken;
    is_broken = true;
    House house{
        saga<Booking>("booking", 1, begins_with_request(),
                      together(step("charge", act{[](const Booking& b) {
                                        return call(Charge{b.stay.value, b.cents});
                                    }},
                                    keep{[](Booking& b, const Slip& s) { b.slip = s.number; }},
                                    undo{[](const Booking& b) { return call(Refund{b.stay.value}); }}),
                               note("noted"), step("approval", await<Approved>{}, keep{[](Booking&, const Approved&) {
                                                       if (is_broken) throw std::runtime_error{"broken"};
                                                   }})),
                      step("wait", await<Withdrawn>{}))};
    house.cards.later = true;
    house.request("1");
    house.finish();
    REQUIRE(house.cards.keys.size() == 1);
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::stuck);
    CHECK(house.sagas->answer<Charge>(house.cards.keys.front(), Slip{"s"}));
    const auto t = house.types_of("booking-1");
    CHECK(std::find(t.begin(), t.end(), "saga-step-undone") == t.end());
    is_broken = false;
    CHECK(house.sagas->retry("booking", "1"));
    house.finish();
    CHECK(house.instance("1").step == "wait");
    CHECK(house.cards.asked == 1);
    CHECK(house.sagas->cancel("booking", "1", "x"));
    house.finish();
    CHECK(house.notes("1") == Words{"noted", "not noted"});
}

TEST_CASE("a condition counts also when an event of a step beside it came early", "[sagas][when][together]")
{
    House house{saga<Booking>("booking", 1, begins_with_request(), step("wait", await<Withdrawn>{}),
                              together(step("approval", await<Approved>{}),
                                       step("never", when{[](const Booking&) { return false; }},
                                            act{[](const Booking& b) { return send(b.stay, Note{"never"}); }})))};
    house.request("1");
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    REQUIRE(house.commands->send(StayId{"1"}, Withdraw{}));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.notes("1").empty());
}

TEST_CASE("work after a call that is answered from elsewhere stops the instance, because nobody would do it",
          "[sagas][actions][answered-later]")
{
    House house{
        saga<Booking>("booking", 1, begins_with_request(),
                      step("all", act{[](const Booking& booking) {
                               return actions{call(Charge{booking.stay.value, 1}), send(booking.stay, Note{"after"})};
                           }}))};
    house.cards.later = true;
    house.request("1");
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::stuck);
    CHECK(house.instance("1").why->code == "answered-later-not-last");
}

} // namespace stay_test
