// Steps side by side, what is one append, where a saga begins, and that nothing is lost or doubled whenever the process dies.
#include "support/stay.hpp"

#include <eventloom/framework/stream_limits.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

namespace stay_test {

using Words = std::vector<std::string>;

Saga side_by_side()
{
    return saga<Booking>("booking", 1, begins_with_request(), cancelled_by<Withdrawn>{},
                         together(hold_the_room(), charge_the_card()), step("approval", await<Approved>{}),
                         note("booked"), say_why_it_failed());
}

TEST_CASE("steps side by side are asked for at once, and the next one begins when all are done", "[sagas][together]")
{
    House house{side_by_side()};
    house.cards.is_silent = true;
    house.request("1");
    house.simulated.run_until_idle();
    CHECK(house.types_of("room-1") == Words{"room-held"});
    CHECK(house.cards.asked == 1);
    CHECK(house.instance("1").step == "charge");
    house.cards.answer_all();
    house.settle();
    CHECK(house.instance("1").step == "approval");
}

TEST_CASE("when one of several steps side by side fails, the others are undone, the last one first",
          "[sagas][together]")
{
    House house{side_by_side()};
    const bool room_is_taken = GENERATE(true, false);
    if (room_is_taken) {
        REQUIRE(house.commands->send(RoomId{"1"}, Hold{"somebody"}));
    } else {
        house.cards.declines = true;
    }
    house.request("1");
    house.finish();
    const auto instance = house.instance("1");
    CHECK(instance.status == SagaStatus::compensated);
    CHECK(instance.why->code == (room_is_taken ? "taken" : "declined"));
    CHECK(house.cards.charged.size() == house.cards.refunded.size());
    if (not room_is_taken) CHECK(house.types_of("room-1") == Words{"room-held", "room-released"});
}

TEST_CASE("a command and the step that it ends are one append", "[sagas][one-append]")
{
    House house{saga<Booking>("booking", 1, begins_with_request(), hold_the_room(), note("booked"))};
    house.request("1");
    house.finish();
    Words log;
    for (const auto& event : read_all(*house.store.store)) log.push_back(event.type);
    CHECK(log == Words{"stay-requested", "saga-started", "saga-step-done", "room-held", "saga-step-done",
                       "saga-completed", "stay-noted"});
}

TEST_CASE("a saga whose activity nobody performs does not start, and says which", "[sagas][activities]")
{
    House house{saga<Booking>("booking", 1, begins_with_request(), note("booked"))};
    Sagas sagas{house.runtime, *house.store.store, *house.commands, *house.bus, house.directory.path() + "/others"};
    sagas.add(saga<Booking>("charging", 1, begins_with_request(), charge_the_card()));
    const auto started = sagas.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().code == "no-such-activity");
    CHECK(started.error().sentence == "started the saga charging and found no activity that answers Charge, which its "
                                      "step \"charge\" asks for; add it "
                                      "with sagas.perform<Charge>(...)");
}

TEST_CASE("a saga that begins from now on leaves out what was before, also when its table is made anew",
          "[sagas][begins]")
{
    House house{saga<Booking>("other", 1, begins_with_request(), note("other"))};
    house.request("before");
    house.finish();
    house.versions.push_back(saga<Booking>("booking", 1, from_now, begins_with_request(), note("booked")));
    house.restart();
    house.finish();
    house.request("after");
    house.finish();
    const bool made_anew = GENERATE(false, true);
    if (made_anew) {
        house.kill();
        std::filesystem::remove_all(house.directory.path() + "/sagas");
        house.open();
        house.finish();
    }
    CHECK(house.notes("before") == Words{"other"});
    CHECK(house.instance("after").status == SagaStatus::completed);
    CHECK(house.sagas->list({.saga = "booking"}).value().size() == 1);
}

TEST_CASE("a further begin event of a key begins nothing, and is reported", "[sagas][begins]")
{
    House house{saga<Booking>("booking", 1, begins_with_request(), note("booked"))};
    house.request("1");
    house.finish();
    house.request("1");
    house.finish();
    CHECK(house.notes("1") == Words{"booked"});
    CHECK(house.log.lines() == Words{"warning saga-begin-ignored saga=booking key=1 position=6 status=completed"});
}

TEST_CASE("an instance of whose history a part is gone is stuck and says so, and others go on", "[sagas][history-lost]")
{
    House house{side_by_side()};
    house.request("1");
    house.settle();
    REQUIRE(set_stream_limits(*house.store.store, house.runtime.ids, "booking-1", {.max_count = 1}));
    const bool has_its_table = GENERATE(false, true);
    house.kill();
    if (not has_its_table) std::filesystem::remove_all(house.directory.path() + "/sagas");
    house.open();
    for (const auto* stay : {"1", "2"}) {
        if (stay == std::string{"2"}) house.request(stay);
        REQUIRE(house.commands->send(StayId{stay}, Approve{"Ada"}));
    }
    house.finish();
    CHECK(house.instance("2").status == SagaStatus::completed);
    if (has_its_table) { // which knows what is gone
        CHECK(house.instance("1").status == SagaStatus::completed);
    } else {
        CHECK(house.instance("1").status == SagaStatus::stuck);
        CHECK(house.instance("1").why->code == "saga-history-lost");
        CHECK(house.notes("1").empty());
        house.restart();
        house.finish();
        CHECK(house.instance("1").status == SagaStatus::stuck);
    }
}

TEST_CASE("an instance whose history was deleted has ended, and that is reported", "[sagas][history-lost]")
{
    House house{side_by_side()};
    house.request("1");
    house.settle();
    REQUIRE(delete_stream(*house.store.store, house.runtime.ids, "booking-1"));
    house.kill();
    std::filesystem::remove_all(house.directory.path() + "/sagas");
    house.open();
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    CHECK(house.notes("1").empty());
    CHECK(house.log.lines() == Words{"warning saga-history-deleted saga=booking key=1"});
}

TEST_CASE("an instance whose steps have changed under one version is stuck instead of guessing", "[sagas][versions]")
{
    House house{side_by_side()};
    house.request("1");
    house.settle();
    house.versions = {saga<Booking>("booking", 1, begins_with_request(), hold_the_room(), note("new"),
                                    charge_the_card(), step("approval", await<Approved>{}))};
    house.restart();
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::stuck);
    CHECK(house.instance("1").why->code == "other-saga-steps");
    house.versions = {side_by_side()};
    house.restart();
    REQUIRE(house.sagas->retry("booking", "1"));
    REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::completed);
}

// What must be true of every stay, whatever was killed when.
void check_effects(House& house, int stays)
{
    for (int stay = 1; stay <= stays; ++stay) {
        const auto key      = std::to_string(stay);
        const auto instance = house.instance(key);
        INFO("stay " << key << " is " << to_string(instance.status));
        const bool completed = instance.status == SagaStatus::completed;
        CHECK((completed || instance.status == SagaStatus::compensated));
        const auto of = [&](const std::map<CallKey, std::string>& calls) {
            return std::count_if(calls.begin(), calls.end(), [&](const auto& one) { return one.second == key; });
        };
        const auto room = house.types_of("room-" + key);
        if (completed) {
            CHECK(house.notes(key) == Words{"booked"});
            CHECK(room == Words{"room-held"});
            CHECK(of(house.cards.charged) == 1);
            CHECK(of(house.cards.refunded) == 0);
        } else {
            CHECK(house.notes(key).size() == 1);
            CHECK((room.empty() || room == Words{"room-held", "room-released"}));
            CHECK(of(house.cards.charged) <= of(house.cards.refunded));
        }
    }
}

TEST_CASE("killed after any task, with waits, cancellations and late answers, a saga loses and doubles nothing",
          "[sagas][crash]")
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    INFO(kind.name);
    int kill_after = 0;
    for (bool reached_the_end = false; not reached_the_end; kill_after += 3) {
        const auto seed = static_cast<std::uint64_t>(kill_after) + 1;
        House house{side_by_side(), seed, {}, kind};
        house.cards.fails     = kill_after % 4;
        house.cards.is_silent = kill_after % 2 == 1;
        for (int stay = 1; stay <= 3; ++stay) house.request(std::to_string(stay));
        int tasks       = 0;
        const auto kill = [&] {
            while (tasks < kill_after && house.simulated.run_one()) ++tasks;
            return tasks >= kill_after;
        };
        bool killed = kill();
        REQUIRE(house.commands->send(StayId{"1"}, Approve{"Ada"}));
        REQUIRE(house.commands->send(StayId{"2"}, Withdraw{}));
        killed                = killed || kill();
        house.cards.is_silent = false;
        house.cards.answer_all();
        killed          = killed || kill();
        reached_the_end = not killed || kill_after > 240;
        house.kill();
        if (kill_after % 5 == 0) std::filesystem::remove_all(house.directory.path() + "/sagas");
        house.open();
        REQUIRE(house.commands->send(StayId{"3"}, Approve{"Bob"}));
        INFO("killed after " << kill_after << " tasks");
        house.finish();
        check_effects(house, 3);
    }
}

} // namespace stay_test
