// Commands that nobody waits for.
#include "support/answers.hpp"
#include "support/sending_machine.hpp"

#include <eventloom/framework/event_codec.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <thread>

namespace sending_test {

using namespace eventloom;
using namespace eventloom::testing;

// Rooms of a guest house: nobody sleeps in a room that is taken, whichever stream says so.
struct RoomTaken {
    int room = 0;
};
struct Rooms {
    static constexpr auto stream = "rooms";
    using Events                 = events<event<"room-taken", RoomTaken>>;
};
std::string room_tag(int room)
{
    return "room:" + std::to_string(room);
}
Tags tags_of(const RoomTaken& event)
{
    return {room_tag(event.room)};
}
struct Occupied {
    int room   = 0;
    bool taken = false;
};
Tags tags_of(const Occupied& view)
{
    return {room_tag(view.room)};
}
Occupied evolve(Occupied view, const RoomTaken&)
{
    view.taken = true;
    return view;
}
struct TakeRoom {
    int room = 0;
};
Occupied boundary_of(const TakeRoom& command)
{
    return {command.room, false};
}
result<RoomTaken> decide(const TakeRoom& command, const Occupied& view)
{
    if (view.taken) return refuse("room-taken", "Somebody has this room.");
    return RoomTaken{command.room};
}
static_assert(decision_context<Rooms>);

// A door that is opened once.
struct Opened {};
struct Open {};
struct Door {
    static constexpr auto category = "door";
    using Events                   = events<event<"door-opened", Opened>>;
    bool is_open                   = false;
};
Door evolve(Door door, const Opened&)
{
    door.is_open = true;
    return door;
}
result<Opened> decide(const Open&, const Door& door)
{
    if (door.is_open) return refuse("already-open", "This door is open.");
    return Opened{};
}
static_assert(aggregate<Door>);

} // namespace sending_test

template const eventloom::EventTypes& eventloom::event_types<sending_test::Door>();
template const eventloom::EventTypes& eventloom::event_types<sending_test::Rooms>();

namespace sending_test {

TEST_CASE("thousands of commands are in flight at once, and each is answered once", "[framework][command-bus][sending]")
{
    const std::string kind = GENERATE("memory", "LevelDB");
    SendingMachine machine{kind};
    constexpr int counters = 300;
    constexpr int commands = 3'000;
    std::vector<Kept> kept(commands);
    for (int i = 0; i < commands; ++i) {
        machine.commands.send(id<Counter>{std::to_string(i % counters)}, Add{1}, {}, kept.at(i).taker());
    }
    if (kind == "LevelDB") CHECK(std::all_of(kept.begin(), kept.end(), [](const Kept& one) { return one.none(); }));
    machine.simulated.run_until_idle();
    for (int i = 0; i < commands; ++i) {
        REQUIRE(kept.at(i).only());
        REQUIRE(kept.at(i).only().value().last_version == static_cast<Version>(i / counters));
    }
    CHECK(machine.store.head() == commands);
    for (int i = 0; i < counters; ++i) {
        REQUIRE(machine.value_of(id<Counter>{std::to_string(i)}) == commands / counters);
    }
}

TEST_CASE("threads that do not wait for their commands get each answer once",
          "[framework][command-bus][sending][threads]")
{
    const std::string kind = GENERATE("memory", "LevelDB");
    SystemExecutor executor{{.threads = 2}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    const auto under_test = kind_named(kind).open(runtime);
    CommandBus commands{runtime, *under_test.store};
    constexpr int each = 500;
    constexpr int all  = 4 * each;
    std::vector<std::atomic<int>> answers(all);
    std::atomic<int> answered{0};
    std::atomic<int> carried_out{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < each; ++i) {
                const int number = thread * each + i;
                commands.send(id<Counter>{std::to_string(i % 50)}, Add{1}, {}, [&, number](result<Receipt> answer) {
                    if (answer) ++carried_out;
                    ++answers[static_cast<std::size_t>(number)];
                    ++answered;
                });
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(executor.wait_until([&] { return answered == all; }, system_clock().now() + std::chrono::minutes{5}));
    CHECK(carried_out == all);
    CHECK(std::all_of(answers.begin(), answers.end(), [](const auto& count) { return count == 1; }));
    CHECK(under_test.store->head() == all);
}

TEST_CASE("commands to one aggregate that nobody waits for do not stand in each other's way",
          "[framework][command-bus][sending]")
{
    const std::string kind = GENERATE("memory", "LevelDB");
    SendingMachine machine{kind};
    CommandBus once{machine.runtime, machine.store, {.attempts = 1}};
    std::vector<Kept> kept(200);
    for (auto& one : kept) once.send(machine.counter, Add{1}, {}, one.taker());
    // Refused at once when their turn comes: however many they are, the stack does not grow.
    std::vector<Kept> refused(20'000);
    for (auto& one : refused) once.send(machine.counter, Add{-1}, {}, one.taker());
    machine.simulated.run_until_idle();
    for (std::size_t i = 0; i < kept.size(); ++i) REQUIRE(kept[i].only().value().last_version == i);
    for (const auto& one : refused) REQUIRE(one.only().error().code == "not-positive");
}

TEST_CASE("a command that nobody waits for is decided again when another was first",
          "[framework][command-bus][sending]")
{
    const NoInterruption at_the_end;
    const std::string kind = GENERATE("memory", "LevelDB");
    SendingMachine machine{kind};
    CommandBus other{machine.runtime, machine.store};
    int decided = 0;
    // What is sent within the decision is written before it.
    Interruption::run = [&] {
        if (++decided <= 3) other.send(machine.counter, Add{10}, {}, [](const result<Receipt>&) {});
    };
    Kept kept;
    machine.commands.send(machine.counter, AddSlowly{1}, {}, kept.taker());
    machine.simulated.run_until_idle();
    REQUIRE(kept.only());
    CHECK(decided == 4);
    CHECK(machine.value_of(machine.counter) == 31);
}

TEST_CASE("attempts that are answered at once do not fill the stack", "[framework][command-bus][sending]")
{
    const NoInterruption at_the_end;
    SendingMachine machine;
    constexpr unsigned attempts = 20'000;
    CommandBus patient{machine.runtime, machine.store, {.attempts = attempts}};
    unsigned decided  = 0;
    Interruption::run = [&] {
        ++decided;
        REQUIRE(machine.commands.send(machine.counter, Add{1}));
    };
    Kept kept;
    patient.send(machine.counter, AddSlowly{1}, {}, kept.taker());
    CHECK(kept.only().error().code == "wrong-expected-version");
    CHECK(decided == attempts);
}

TEST_CASE("a command that is sent twice at the same time acts once, and gets one answer twice",
          "[framework][command-bus][sending][idempotency]")
{
    const std::string kind = GENERATE("memory", "LevelDB");
    SendingMachine machine{kind};
    const SendOptions options{.command_id = derived_uuid({"open", "the door"})};
    const id<Door> door{"1"};
    std::array<Kept, 3> kept;
    for (auto& one : kept) machine.commands.send(door, Open{}, options, one.taker());
    Kept another;
    machine.commands.send(door, Open{}, {.command_id = derived_uuid({"open", "it again"})}, another.taker());
    machine.simulated.run_until_idle();
    for (const auto& one : kept) CHECK(one.only().value().position == 1);
    CHECK_FALSE(kept[0].only().value().repeated);
    CHECK(kept[1].only().value().repeated);
    CHECK(kept[2].only().value().repeated);
    CHECK(code_of(another.only()) == "already-open");
    CHECK(machine.store.head() == 1);
}

TEST_CASE("a decision within a boundary does not wait either, and is decided again", "[framework][decision][sending]")
{
    const std::string kind = GENERATE("memory", "LevelDB");
    SendingMachine machine{kind};
    std::array<Kept, 3> kept;
    const std::array<int, 3> rooms{1, 2, 1};
    for (std::size_t i = 0; i < rooms.size(); ++i) {
        machine.commands.decide<Rooms>(TakeRoom{rooms.at(i)}, {}, kept.at(i).taker());
    }
    machine.simulated.run_until_idle();
    CHECK(kept[0].only());
    CHECK(kept[1].only());
    CHECK(code_of(kept[2].only()) == "room-taken");
    CHECK(machine.store.head() == 2);
}

TEST_CASE("what fails before it is decided is answered at once", "[framework][command-bus][sending]")
{
    SendingMachine machine{"LevelDB"};
    Kept nameless;
    machine.commands.send(id<Counter>{""}, Add{1}, {}, nameless.taker());
    CHECK(code_of(nameless.only()) == "empty-id");
    Kept invalid;
    machine.commands.send(machine.counter, Add{1'000'001}, {}, invalid.taker());
    CHECK(code_of(invalid.only()) == "too-much");
    Kept refused;
    machine.commands.send(machine.counter, Add{-1}, {}, refused.taker());
    CHECK(code_of(refused.only()) == "not-positive");
    Kept nothing;
    machine.commands.send(machine.counter, Add{0}, {}, nothing.taker());
    CHECK(nothing.only().value().events == 0);
}

TEST_CASE("a command that waits is sent within a task of a simulated machine, and posts none",
          "[framework][command-bus][sending]")
{
    SendingMachine machine{"LevelDB"};
    machine.simulated.run_until_idle();
    Kept kept;
    machine.simulated.post([&] { kept.taker()(machine.commands.send(machine.counter, Add{1})); });
    REQUIRE(machine.simulated.run_one());
    CHECK(kept.only().value().events == 1);
    CHECK_FALSE(machine.simulated.run_one());
}

TEST_CASE("what is in flight is answered when its bus has gone, or when the store closes",
          "[framework][command-bus][sending]")
{
    const bool store_first = GENERATE(false, true);
    std::vector<Kept> kept(50);
    {
        SendingMachine machine{"LevelDB"};
        auto bus = std::make_unique<CommandBus>(machine.runtime, machine.store);
        for (auto& one : kept) bus->send(machine.counter, Add{1}, {}, one.taker());
        bus.reset();
        CHECK(kept.front().none());
        if (not store_first) machine.simulated.run_until_idle();
    }
    // The one that was being written; the others had not had their turn, and nothing was written of them.
    CHECK(kept.front().only());
    for (std::size_t i = 1; i < kept.size(); ++i) {
        REQUIRE_FALSE(kept[i].only());
        CHECK(kept[i].only().error().code == "command-bus-stopped");
    }
}

TEST_CASE("states are let go of while commands are in flight, and none of them comes back",
          "[framework][command-bus][sending]")
{
    SendingMachine machine{"LevelDB"};
    CommandBus other{machine.runtime, machine.store};
    for (int i = 0; i < 20; ++i) {
        Kept kept;
        machine.commands.send(machine.counter, Add{1}, {}, kept.taker());
        REQUIRE(machine.commands.forget_states());
        machine.simulated.run_until_idle();
        REQUIRE(kept.only());
        REQUIRE(other.send(machine.counter, Add{1}));
        REQUIRE(machine.value_of(machine.counter) == 2 * (i + 1));
    }
    CHECK(&machine.commands.store() == &machine.store);
}

} // namespace sending_test
