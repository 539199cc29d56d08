// What is wrong with a saga, or with what it begins with, is said.
#include "support/every_store.hpp"
#include "support/travel.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

namespace saga_definition_test {

using namespace eventloom;
using namespace eventloom::testing;

struct Machine {
    SimulatedExecutor simulated{1};
    Runtime runtime{simulated, simulated, simulated, system_files()};
    std::unique_ptr<EventStore> store = open_memory_store(runtime);
    TemporaryDirectory directory;
    Card card;
    CommandBus commands{runtime, *store};
    EventBus bus{runtime, *store};
    std::unique_ptr<Sagas> sagas = make();

    std::unique_ptr<Sagas> make()
    {
        return std::make_unique<Sagas>(runtime, *store, commands, bus, directory.path() + "/sagas");
    }
    void record(const std::string& stream)
    {
        auto event = encoded<Trip>(TripBooked{1});
        event.id   = runtime.ids.next();
        REQUIRE(store->append(to(stream, ExpectedVersion::any(), {std::move(event)})));
    }
    void finish()
    {
        REQUIRE(sagas->start());
        REQUIRE(sagas->finish(simulated.now() + std::chrono::hours{24 * 30}));
    }
};

TEST_CASE("a begin event in a stream without an id begins an instance that is stuck and says so", "[sagas][stuck]")
{
    Machine machine;
    for (const char* stream : {"trip", "trip", "trip-1"}) machine.record(stream);
    add_booking(*machine.sagas, machine.card);
    machine.finish();
    const auto check = [&] {
        CHECK(machine.sagas->show("booking", "1").value().instance.status == SagaStatus::completed);
        const auto stuck = machine.sagas->list({.status = SagaStatus::stuck}).value();
        REQUIRE(stuck.size() == 2); // each of the two events has one
        CHECK(stuck[0].key != stuck[1].key);
        REQUIRE(stuck[0].why);
        CHECK(stuck[0].why->code == "begin-event-without-id");
        CHECK(
            stuck[0].why->reason.find("began the saga booking with \"trip-booked\" and found no id in the name of its "
                                      "stream") != std::string::npos);
        return stuck[0].key;
    };
    const auto key = check();

    SECTION("a retry finds the same")
    {
        REQUIRE(machine.sagas->retry("booking", key));
        machine.finish();
        check();
    }
    SECTION("built again from the log, too")
    {
        machine.sagas.reset();
        machine.simulated.drop_everything();
        std::filesystem::remove_all(machine.directory.path() + "/sagas");
        machine.sagas = machine.make();
        add_booking(*machine.sagas, machine.card);
        machine.finish();
        check();
    }
}

TEST_CASE("a begin event whose id is too long for the saga's stream begins one that is stuck, and others go on",
          "[sagas][stuck]")
{
    Machine machine;
    const std::string longest(StoreLimits{}.stream_name_bytes - std::string_view{"trip-"}.size(), 'x');
    machine.record("trip-" + longest);
    machine.record("trip-1");
    add_booking(*machine.sagas, machine.card);
    machine.finish();
    CHECK(machine.sagas->show("booking", "1").value().instance.status == SagaStatus::completed);
    const auto stuck = machine.sagas->list({.status = SagaStatus::stuck}).value();
    REQUIRE(stuck.size() == 1);
    REQUIRE(stuck.front().why);
    CHECK(stuck.front().why->code == "invalid-stream-name");
}

TEST_CASE("a saga, or an activity, that is added twice is an error when the engine is opened", "[sagas]")
{
    Machine machine;
    add_booking(*machine.sagas, machine.card);
    SECTION("the saga")
    {
        add_booking(*machine.sagas, machine.card);
        for (const auto& refused : {machine.sagas->start(), machine.sagas->open()}) {
            REQUIRE_FALSE(refused);
            CHECK(refused.error().kind == Failure::invalid);
            CHECK(refused.error().code == "saga-added-twice");
            CHECK(refused.error().sentence == "added version 1 of the saga booking and found that it had been added "
                                              "before; add each version of a saga once");
        }
    }
    SECTION("the activity")
    {
        machine.sagas->perform<RefundCard>([](const RefundCard&, const CallKey&) { return Slip{"back"}; });
        const auto refused = machine.sagas->start();
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == "activity-added-twice");
        CHECK(refused.error().sentence.find("RefundCard") != std::string::npos);
    }
}

} // namespace saga_definition_test
