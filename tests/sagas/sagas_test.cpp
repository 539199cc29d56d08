#include "support/every_store.hpp"
#include "support/travel.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <map>

namespace sagas_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

// A travel agency: the flight and the hotel are commands, the card is an activity.
struct Machine {
    explicit Machine(std::uint64_t seed = 1) : simulated{seed} {}

    SimulatedExecutor simulated;
    Runtime runtime{simulated, simulated, simulated, system_files()};
    std::unique_ptr<EventStore> store = open_memory_store(runtime);
    TemporaryDirectory directory;
    Card card;
    std::unique_ptr<Agency> agency = open();

    std::unique_ptr<Agency> open() { return std::make_unique<Agency>(runtime, *store, directory.path(), card); }

    // As after a kill: nothing of the process is left, the disk is.
    void restart()
    {
        agency.reset();
        simulated.drop_everything();
        agency = open();
    }
    void book(const std::string& trip, int seats = 1) { REQUIRE(agency->commands.send(id<Trip>{trip}, Book{seats})); }
    void finish() { REQUIRE(agency->sagas.finish(simulated.now() + std::chrono::hours{24 * 30})); }
    SagaInstance instance(const std::string& trip) { return agency->sagas.show("booking", trip).value().instance; }
    std::vector<std::string> types_of(const std::string& stream)
    {
        std::vector<std::string> types;
        for (const auto& event : read_all(*store, {.scope = Scope::stream(stream)})) types.push_back(event.type);
        return types;
    }
};

using Types = std::vector<std::string>;

TEST_CASE("a saga takes its steps in order and completes", "[sagas]")
{
    Machine machine;
    machine.book("1");
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::completed);
    CHECK(machine.types_of("flight-1") == Types{"seat-held"});
    CHECK(machine.types_of("hotel-1") == Types{"room-held"});
    CHECK(machine.types_of("trip-1") == Types{"trip-booked", "trip-confirmed"});
    CHECK(machine.card.charged == std::map<std::string, int>{{"1", 1}});
    CHECK(machine.types_of("booking-1") == Types{"saga-started", "saga-step-done", "saga-step-done", "saga-step-done",
                                                 "saga-step-done", "saga-completed"});
    CHECK(machine.agency->sagas.count().value() == std::map<SagaStatus, std::uint64_t>{{SagaStatus::completed, 1}});
}

TEST_CASE("a refusal undoes the steps before it, the last first, and then says so", "[sagas][compensation]")
{
    Machine machine;
    machine.card.declines = true;
    machine.book("1");
    machine.finish();
    const auto instance = machine.instance("1");
    CHECK(instance.status == SagaStatus::compensated);
    REQUIRE(instance.why);
    CHECK(instance.why->step == "charge the card");
    CHECK(instance.why->code == "declined");
    CHECK(machine.types_of("flight-1") == Types{"seat-held", "seat-released"});
    CHECK(machine.types_of("hotel-1") == Types{"room-held", "room-released"});
    CHECK(machine.types_of("trip-1") == Types{"trip-booked", "trip-given-up"});
    // Released in reverse: the hotel was held last.
    std::map<std::string, Position> at;
    for (const auto& event : read_all(*machine.store)) at[event.type] = event.position;
    CHECK(at["room-released"] < at["seat-released"]);
    CHECK(machine.card.charged.empty());
    CHECK(machine.card.refunded.empty());
}

TEST_CASE("a step of several commands that is refused half-way undoes its own work too", "[sagas][compensation]")
{
    Machine machine;
    machine.book("1", 3); // the second leg has two seats only
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::compensated);
    CHECK(machine.types_of("flight-1") == Types{"seat-held", "seat-released"});
    CHECK(machine.types_of("flight-1b").empty());
    CHECK(machine.types_of("hotel-1").empty());
}

TEST_CASE("a fault is tried again with growing waits, at the times in the log", "[sagas][retry]")
{
    Machine machine;
    machine.card.failures = 3;
    const Time began      = machine.simulated.now();
    machine.book("1");
    CHECK(machine.agency->sagas.settle(machine.simulated.now() + 500ms));
    CHECK(machine.instance("1").attempts == 1);
    CHECK(machine.instance("1").next_attempt.value() == began + 1s);
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::completed);
    CHECK(machine.simulated.now() >= began + 7s); // 1 + 2 + 4
    CHECK(machine.simulated.now() < began + 8s);
    CHECK(machine.card.charged["1"] == 1);
}

TEST_CASE("retries that are used up fail the step, and its own undo runs: something may have happened",
          "[sagas][retry]")
{
    Machine machine;
    machine.card.failures = 1000;
    machine.book("1");
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::compensated);
    CHECK(machine.card.asked == 5);
    CHECK(machine.card.refund_asked == 1);
}

TEST_CASE("a step that is not done by its deadline fails, also when nobody answers", "[sagas][deadline]")
{
    Machine machine;
    machine.card.silent = true;
    const Time began    = machine.simulated.now();
    machine.book("1");
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::compensated);
    CHECK(machine.instance("1").why->code == "deadline-passed");
    CHECK(machine.simulated.now() >= began + 48h);
    CHECK(machine.card.refund_asked == 1);
    machine.card.answer_late(); // falls on deaf ears
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::compensated);
}

TEST_CASE("a deadline holds over a restart", "[sagas][deadline][crash]")
{
    Machine machine;
    machine.card.silent = true;
    const Time began    = machine.simulated.now();
    machine.book("1");
    machine.simulated.advance(47h);
    machine.restart();
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::compensated);
    CHECK(machine.simulated.now() >= began + 48h);
    CHECK(machine.simulated.now() < began + 49h);
}

TEST_CASE("a compensation that keeps failing parks the instance, and a retry takes it up again", "[sagas][stuck]")
{
    Machine machine;
    machine.card.declines = true;
    Hotel::closed         = true; // takes no release
    machine.book("1");
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::stuck);
    CHECK(machine.instance("1").why->code == "hotel-closed");
    CHECK(machine.agency->sagas.list({.status = SagaStatus::stuck}).value().size() == 1);

    CHECK(machine.agency->sagas.retry("booking", "2").error().code == "no-such-saga-instance");
    machine.restart(); // it stays stuck
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::stuck);
    Hotel::closed = false;
    REQUIRE(machine.agency->sagas.retry("booking", "1"));
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::compensated);
    CHECK(machine.types_of("hotel-1") == Types{"room-held", "room-released"});
    CHECK(machine.agency->sagas.retry("booking", "1").error().code == "saga-not-stuck");
}

TEST_CASE("an instance whose version this program does not have is parked by name", "[sagas][versions]")
{
    Machine machine;
    machine.card.silent = true;
    machine.book("1");
    CHECK_FALSE(machine.agency->sagas.settle(machine.simulated.now() + 1h));
    machine.agency.reset();
    machine.simulated.drop_everything();
    machine.agency =
        std::make_unique<Agency>(machine.runtime, *machine.store, machine.directory.path(), machine.card, 2);
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::stuck);
    CHECK(machine.instance("1").why->code == "unknown-saga-version");
}

// What must be true of every trip, whatever was killed when.
void check_effects(Machine& machine, int trips)
{
    for (int trip = 1; trip <= trips; ++trip) {
        const auto key      = std::to_string(trip);
        const auto instance = machine.instance(key);
        INFO("trip " << key << " is " << to_string(instance.status));
        const bool completed = instance.status == SagaStatus::completed;
        CHECK((completed || instance.status == SagaStatus::compensated));
        const auto flight = machine.types_of("flight-" + key);
        const auto hotel  = machine.types_of("hotel-" + key);
        CHECK(machine.types_of("trip-" + key).back() == (completed ? "trip-confirmed" : "trip-given-up"));
        if (completed) {
            CHECK(flight == Types{"seat-held"});
            CHECK(hotel == Types{"room-held"});
            CHECK(machine.card.charged[key] == 1);
        } else {
            CHECK((flight.empty() || flight == Types{"seat-held", "seat-released"}));
            CHECK((hotel.empty() || hotel == Types{"room-held", "room-released"}));
            CHECK(machine.card.charged[key] == machine.card.refunded[key]);
        }
    }
}

TEST_CASE("killed after any task, a saga repeats nothing and forgets nothing", "[sagas][crash]")
{
    for (const bool lost_directory : {false, true}) {
        bool reached_the_end = false;
        for (int kill_after = 0; not reached_the_end; ++kill_after) {
            Machine machine{static_cast<std::uint64_t>(kill_after) + 1};
            machine.card.failures      = kill_after % 3;
            machine.card.declines_trip = "2";
            for (int trip = 1; trip <= 3; ++trip) machine.book(std::to_string(trip));
            int tasks = 0;
            while (tasks < kill_after && machine.simulated.run_one()) ++tasks;
            reached_the_end = tasks < kill_after || kill_after == 400;
            machine.agency.reset();
            machine.simulated.drop_everything();
            if (lost_directory) std::filesystem::remove_all(machine.directory.path() + "/sagas");
            machine.agency = machine.open();
            machine.finish();
            INFO("killed after " << kill_after << " tasks" << (lost_directory ? ", engine's directory lost" : ""));
            check_effects(machine, 3);
        }
        CHECK(reached_the_end);
    }
}

TEST_CASE("one seed leaves one log, to the byte", "[sagas][determinism]")
{
    const auto log_of = [](std::uint64_t seed) {
        Machine machine{seed};
        machine.card.failures = 2;
        for (int trip = 1; trip <= 10; ++trip) machine.book(std::to_string(trip));
        machine.finish();
        return read_all(*machine.store);
    };
    CHECK(log_of(5) == log_of(5));
    CHECK(log_of(5) != log_of(6));
}

// The parts of an agency over any store, not started.
struct Parts {
    Parts(Machine& machine, EventStore& store)
        : commands{machine.runtime, store}, bus{machine.runtime, store},
          sagas{machine.runtime, store, commands, bus, machine.directory.path() + "/sagas"}
    {
        add_booking(sagas, machine.card);
    }
    CommandBus commands;
    EventBus bus;
    Sagas sagas;
};

// The log as it was when it had so many events.
std::unique_ptr<EventStore> restored(const Machine& machine, Position head)
{
    auto store = open_memory_store(machine.runtime);
    for (const auto& event : read_all(*machine.store, {.limit = head})) {
        NewEvent again{event.id, event.type, event.schema_version, event.data, event.metadata};
        REQUIRE(store->append(to(event.stream, ExpectedVersion::any(), {std::move(again)})));
    }
    return store;
}

TEST_CASE("sagas over a log that was restored to an earlier moment do not start, and say what to do",
          "[sagas][restored]")
{
    Machine machine;
    machine.book("1");
    machine.finish();
    const Position first = machine.store->head();
    machine.book("2");
    machine.finish();
    const Position last = machine.store->head();
    machine.agency.reset();
    // Before the second began, and in the middle of it: the engine knows of its beginning and of its end.
    const Position head = GENERATE_COPY(as<Position>{}, first, last - 1);
    const auto store    = restored(machine, head);
    auto parts          = std::make_unique<Parts>(machine, *store);
    const auto refused  = parts->sagas.start();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == Failure::corrupt);
    CHECK(refused.error().code == "log-behind-checkpoint");
    CHECK(refused.error().sentence.find("remove the directory " + machine.directory.path() + "/sagas") !=
          std::string::npos);
    CHECK(store->head() == head);
    CHECK(parts->sagas.list().value().size() == 2); // what it knew can be looked at

    SECTION("without its database it knows from the log what is to be done, and does it")
    {
        parts.reset();
        std::filesystem::rename(machine.directory.path() + "/sagas", machine.directory.path() + "/put-aside");
        Parts anew{machine, *store};
        REQUIRE(anew.sagas.start());
        REQUIRE(anew.sagas.finish(machine.simulated.now() + 1h));
        const auto counted            = anew.sagas.count().value();
        const std::uint64_t instances = head == first ? 1 : 2;
        CHECK(counted == std::map<SagaStatus, std::uint64_t>{{SagaStatus::completed, instances}});
        CHECK(machine.card.charged["1"] == 1);
    }
}

TEST_CASE("a saga that has the category of an aggregate is refused, whichever came first", "[sagas]")
{
    Machine machine;
    machine.agency.reset();
    Parts parts{machine, *machine.store};
    struct Booking {}; // of the saga's name
    SECTION("the aggregate")
    {
        REQUIRE(parts.commands.take_category("booking", typeid(Booking), "Booking"));
        const auto refused = parts.sagas.start();
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == "category-taken");
    }
    SECTION("the saga")
    {
        REQUIRE(parts.sagas.start());
        CHECK(parts.commands.take_category("booking", typeid(Booking), "Booking").error().sentence ==
              "asked for Booking of the category \"booking\" and found that this category is of the saga booking; give "
              "each its own category");
    }
}

TEST_CASE("an attempt that a clock far ahead has put off is made when the clock is right again", "[sagas][clock]")
{
    const bool restarted = GENERATE(false, true);
    Machine machine;
    const Time right      = machine.simulated.now();
    machine.card.failures = 2;
    machine.simulated.set_clock(right + std::chrono::days{365 * 80});
    machine.book("1");
    CHECK(machine.agency->sagas.settle(machine.simulated.now() + 500ms));
    CHECK(machine.instance("1").next_attempt.value() > right + std::chrono::days{365 * 79});
    machine.simulated.set_clock(right);
    if (restarted) machine.restart();
    CHECK(machine.agency->sagas.finish(machine.simulated.now() + 1h));
    CHECK(machine.instance("1").status == SagaStatus::completed);
    CHECK(machine.simulated.now() < right + 1h);
    CHECK(machine.card.charged["1"] == 1);
}

TEST_CASE("a deadline that a clock far ahead has set is over in the time that the step was given", "[sagas][clock]")
{
    Machine machine;
    const Time right    = machine.simulated.now();
    machine.card.silent = true;
    machine.simulated.set_clock(right + std::chrono::days{365 * 80});
    machine.book("1");
    CHECK_FALSE(machine.agency->sagas.settle(machine.simulated.now() + 1h));
    machine.simulated.set_clock(right);
    machine.restart();
    CHECK(machine.agency->sagas.finish(machine.simulated.now() + std::chrono::hours{24 * 5}));
    CHECK(machine.instance("1").why->code == "deadline-passed");
    CHECK(machine.simulated.now() < right + std::chrono::hours{24 * 5});
}

} // namespace sagas_test
