// Sagas whose order the world decides: handlers of events, timers and answers.
#include "support/stay.hpp"

#include <eventloom/sagas/handlers.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

namespace stay_test {

using Words = std::vector<std::string>;

// What a watcher of a stay knows.
struct Watched {
    int cents     = 0;
    int reminders = 0;
    bool approved = false;
    std::string slip;
};
struct Remind {
    int number = 0;
};
struct Overdue {};

// A request is approved within two days, reminded of it once a day until then; it is charged when it is approved.
Saga watching()
{
    return saga<StayId, Watched>(
        "booking", 1, begins_with<Requested>{}, from<Room>{},
        [](Watched& watched, const StayId& stay, const Requested& event) -> actions {
            watched.cents = event.cents;
            return {send(stay, Note{"watched"}), wake(24h, Remind{1}), wake(48h, Overdue{})};
        },
        [](Watched& watched, const StayId& stay, const Remind& remind) -> actions {
            ++watched.reminders;
            return {send(stay, Note{"reminded " + std::to_string(remind.number)}),
                    wake(20h, Remind{remind.number + 1})};
        },
        [](Watched& watched, const StayId& stay, const Approved&) -> actions {
            watched.approved = true;
            return {wake_off<Remind>(), wake_off<Overdue>(), call(Charge{stay.value, watched.cents})};
        },
        [](Watched& watched, const StayId& stay, const Slip& slip) -> actions {
            watched.slip = slip.number;
            return {send(RoomId{stay.value}, Hold{stay.value}), send(stay, Note{"charged"}), end_saga()};
        },
        [](Watched&, const StayId& stay, const Overdue&) -> actions {
            return {send(stay, Note{"given up"}), fail_saga("overdue", "Nobody has approved it.")};
        },
        [](Watched&, const StayId&, const Withdrawn&) -> actions { return {end_saga()}; });
}

TEST_CASE("a saga of handlers goes on with each event, timer and answer", "[sagas][handlers]")
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    INFO(kind.name);
    House house{watching(), 1, {}, kind};
    house.request("1", 500);
    house.settle();
    CHECK(house.notes("1") == Words{"watched"});
    const bool restarted = GENERATE(false, true);
    if (restarted) house.restart();
    house.simulated.advance(25h);
    CHECK(house.notes("1") == Words{"watched", "reminded 1"});
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.notes("1") == Words{"watched", "reminded 1", "charged"});
    CHECK(house.types_of("room-1") == Words{"room-held"});
    CHECK(house.cards.charged.size() == 1);
    house.simulated.advance(24h * 7); // timers that were taken back do not come
    CHECK(house.notes("1").size() == 3);
    CHECK(house.sagas->show("booking", "1").value().state_json.find("slip-1") != std::string::npos);
}

TEST_CASE("timers come in their order, also after a restart, and each once", "[sagas][handlers][timers]")
{
    House house{watching()};
    house.request("1");
    house.settle();
    for (int hours = 0; hours < 50; ++hours) {
        house.simulated.advance(1h);
        if (hours % 7 == 3) house.restart();
    }
    house.simulated.advance(1h);
    house.finish();
    CHECK(house.notes("1") == Words{"watched", "reminded 1", "reminded 2", "given up"});
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.instance("1").why->code == "overdue");
}

TEST_CASE("what a handler decides is one append, and waiting writes nothing", "[sagas][handlers]")
{
    House house{watching()};
    house.request("1");
    house.settle();
    const auto head = house.store->head();
    Words log;
    for (const auto& event : read_all(*house.store.store)) log.push_back(event.type);
    CHECK(log == Words{"stay-requested", "saga-started", "saga-handled", "saga-step-done", "stay-noted"});
    house.simulated.advance(20h);
    CHECK(house.store->head() == head);
}

TEST_CASE("events of an instance that is not there, or has ended, are passed over", "[sagas][handlers]")
{
    House house{watching()};
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    CHECK(house.sagas->list().value().empty());
    house.request("2");
    REQUIRE(house.commands->send(StayId{"2"}, Withdraw{}));
    house.finish();
    CHECK(house.instance("2").status == SagaStatus::completed);
    REQUIRE(house.commands->send(StayId{"2"}, Approve{"Ada"}));
    house.finish();
    CHECK(house.cards.asked == 0);
    CHECK(house.notes("2") == Words{"watched"});
}

TEST_CASE("a command that is refused stops that instance, and it goes on when a person skips it",
          "[sagas][handlers][stuck]")
{
    House house{watching()};
    REQUIRE(house.commands->send(RoomId{"1"}, Hold{"somebody"}));
    house.request("1");
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    const auto stuck = house.instance("1");
    CHECK(stuck.status == SagaStatus::stuck);
    CHECK(stuck.why->code == "taken");
    CHECK(stuck.why->step == "Hold");
    house.restart();
    REQUIRE(house.sagas->skip("booking", "1", "Hold", "he sleeps elsewhere"));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.notes("1") == Words{"watched", "charged"});
}

TEST_CASE("an event that comes while the instance is stuck is heard when it goes on", "[sagas][handlers][stuck]")
{
    static bool is_broken;
    is_broken = true;
    House house{saga<StayId, Watched>(
        "booking", 1, begins_with<Requested>{},
        [](Watched&, const StayId&, const Requested&) -> actions { return wait(); },
        [](Watched& watched, const StayId&, const Approved&) -> actions {
            if (is_broken) throw std::runtime_error{"broken"};
            watched.approved = true;
            return wait();
        },
        [](Watched& watched, const StayId& stay, const Withdrawn&) -> actions {
            return {send(stay, Note{watched.approved ? "approved and withdrawn" : "withdrawn"}), end_saga()};
        })};
    house.request("1");
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    CHECK(house.instance("1").why->code == "exception-in-user-code");
    REQUIRE(house.commands->send(StayId{"1"}, Withdraw{}));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::stuck);
    is_broken = false;
    REQUIRE(house.sagas->retry("booking", "1"));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
    CHECK(house.notes("1") == Words{"approved and withdrawn"});
}

TEST_CASE("killed after any task, a saga of handlers loses nothing and doubles nothing", "[sagas][handlers][crash]")
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    INFO(kind.name);
    bool reached_the_end = false;
    for (int kill_after = 0; not reached_the_end; kill_after += 3) {
        House house{watching(), static_cast<std::uint64_t>(kill_after) + 1, {}, kind};
        house.cards.fails = kill_after % 3;
        for (const auto* stay : {"1", "2", "3"}) house.request(stay);
        int tasks       = 0;
        const auto kill = [&] {
            while (tasks < kill_after && house.simulated.run_one()) ++tasks;
            return tasks >= kill_after;
        };
        bool killed = kill();
        REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
        REQUIRE(house.commands->send(StayId{"2"}, Withdraw{}));
        killed          = killed || kill();
        reached_the_end = not killed || kill_after > 150;
        house.kill();
        if (kill_after % 5 == 0) std::filesystem::remove_all(house.directory.path() + "/sagas");
        house.open();
        INFO("killed after " << kill_after << " tasks");
        house.finish();
        house.simulated.advance(72h);
        house.finish();
        CHECK(house.instance("1").status == SagaStatus::completed);
        CHECK(house.notes("1") == Words{"watched", "charged"});
        CHECK(house.types_of("room-1") == Words{"room-held"});
        CHECK(house.instance("2").status == SagaStatus::completed);
        CHECK(house.notes("2") == Words{"watched"});
        CHECK(house.notes("3") == Words{"watched", "reminded 1", "reminded 2", "given up"});
        CHECK(house.cards.charged.size() == 1);
    }
}

struct P {};
struct A {};
struct B {};

TEST_CASE("timers that are overdue are heard in the order of their times", "[sagas][handlers][timers]")
{
    House house{saga<StayId, P>(
        "booking", 1, begins_with<Requested>{},
        [](P&, const StayId&, const Requested&) -> actions {
            return {wake(48h, B{}), wake(24h, A{})};
        },
        [](P&, const StayId& s, const A&) -> actions { return {send(s, Note{"A"})}; },
        [](P&, const StayId& s, const B&) -> actions { return {send(s, Note{"B"})}; })};
    house.request("1");
    house.settle();
    house.close();
    house.simulated.advance(72h);
    house.open();
    house.finish();
    CHECK(house.notes("1") == Words{"A", "B"});
    house.simulated.advance(1h);
    CHECK(house.notes("1") == Words{"A", "B"});
}

TEST_CASE("an answer from elsewhere to a saga of handlers that was cancelled is refused",
          "[sagas][handlers][answered-later]")
{
    House house{saga<StayId, P>(
        "booking", 1, begins_with<Requested>{},
        [](P&, const StayId& s, const Requested&) -> actions {
            return {call(Charge{s.value, 1})};
        },
        [](P&, const StayId& s, const Slip&) -> actions { return {send(s, Note{"slip"})}; })};
    house.cards.later = true;
    house.request("1");
    house.finish();
    CHECK(house.instance("1").waits_for.find("answer") != std::string::npos);
    CHECK(house.sagas->cancel("booking", "1", "x"));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::compensated);
    const auto before = house.types_of("booking-1").size();
    CHECK_FALSE(house.sagas->answer<Charge>(house.cards.keys.front(), Slip{"s"}));
    CHECK(house.types_of("booking-1").size() == before);
}

TEST_CASE("the history of a saga of handlers says which event was heard", "[sagas][handlers]")
{
    House house{saga<StayId, P>("booking", 1, begins_with<Requested>{},
                                [](P&, const StayId&, const Requested&) -> actions { return {}; })};
    house.request("1");
    house.finish();
    const auto shown = house.sagas->show("booking", "1").value();
    CHECK(shown.history.at(1).detail == "stay-requested");
}

TEST_CASE("an answer that comes after another attempt has been answered is heard by no handler",
          "[sagas][handlers][late]")
{
    House house{saga<StayId, P>(
                    "booking", 1, begins_with<Requested>{},
                    [](P&, const StayId& stay, const Requested&) -> actions {
                        return {call(Charge{stay.value, 1})};
                    },
                    [](P&, const StayId& stay, const Slip&) -> actions { return {send(stay, Note{"slip"})}; }),
                1,
                {.attempt_time = 1min}};
    house.cards.is_silent = true;
    house.request("1");
    house.simulated.run_until_idle();
    house.cards.is_silent = false;
    house.simulated.advance(2min); // the first attempt is given up, the second one answers
    REQUIRE(house.notes("1") == Words{"slip"});
    house.cards.answer_all();
    house.finish();
    CHECK(house.notes("1") == Words{"slip"});
    CHECK(house.types_of("booking-1").back() == "saga-answered-late");
}

} // namespace stay_test
