// A saga whose state has changed, while its version has not.
#include "support/every_store.hpp"
#include "support/travel.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/sagas/saga.hpp>
#include <eventloom/storage/database.hpp>
#include <eventloom/storage/system_files.hpp>

#include "program/instance.hpp"

#include <eventloom/framework/detail/value_codec.hpp>

#include <catch2/catch.hpp>

namespace saga_shapes_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

struct Answer {
    int number = 0;
};
struct Ask {
    using answer         = Answer;
    std::int64_t price   = 0;
    std::int64_t deposit = 0;
};

struct Before {
    std::int64_t price   = 500;
    std::int64_t deposit = 10'000;
};
struct Swapped {
    std::int64_t deposit = 10'000;
    std::int64_t price   = 500;
};
struct Longer {
    std::int64_t price   = 500;
    std::int64_t deposit = 10'000;
    std::string note     = "x";
};

template <class State>
Saga charging()
{
    return saga<State>("charging", 1, begins{[](const id<Trip>&, const TripBooked&) { return State{}; }},
                       step("ask", act{[](const State& state) {
                                return call(Ask{state.price, state.deposit});
                            }}));
}

struct Machine {
    SimulatedExecutor simulated{1};
    Runtime runtime{simulated, simulated, simulated, system_files()};
    std::unique_ptr<EventStore> store = open_memory_store(runtime);
    TemporaryDirectory directory;
    CommandBus commands{runtime, *store};
    EventBus bus{runtime, *store};
    std::unique_ptr<Sagas> sagas;
    bool is_silent = false;
    std::vector<std::int64_t> asked; // the prices

    template <class State>
    void run()
    {
        sagas.reset();
        simulated.drop_everything();
        sagas = std::make_unique<Sagas>(runtime, *store, commands, bus, directory.path() + "/sagas");
        sagas->add(charging<State>());
        sagas->perform_async<Ask>([this](const Ask& ask, const CallKey&, auto answer) {
            asked.push_back(ask.price);
            if (not is_silent) answer(Answer{1});
        });
        REQUIRE(sagas->start());
    }
    void book(const std::string& trip) { REQUIRE(commands.send(id<Trip>{trip}, Book{1})); }
    void finish()
    {
        REQUIRE(sagas->finish(simulated.now() + 24h));
        CHECK_FALSE(sagas->error());
    }
    SagaInstance instance(const std::string& trip) { return sagas->show("charging", trip).value().instance; }
};

template <class After>
void check_that_it_is_parked()
{
    Machine machine;
    machine.is_silent = true;
    machine.run<Before>();
    machine.book("1");
    CHECK_FALSE(machine.sagas->settle(machine.simulated.now() + 1h));
    REQUIRE(machine.asked == std::vector<std::int64_t>{500});

    machine.is_silent = false;
    machine.run<After>();
    machine.book("2"); // and everything else goes on
    machine.finish();
    CHECK(machine.asked == std::vector<std::int64_t>{500, 500});
    CHECK(machine.instance("2").status == SagaStatus::completed);
    CHECK(machine.instance("1").status == SagaStatus::stuck);
    CHECK(machine.instance("1").why->code == "other-saga-state");
    CHECK_THAT(machine.instance("1").why->reason, Catch::Contains("give the changed saga a new version"));
    CHECK(machine.sagas->show("charging", "1").value().state_json == "null"); // not what it is not
    REQUIRE(machine.sagas->retry("charging", "1"));
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::stuck);

    machine.run<Before>(); // the program that can read it takes it up
    REQUIRE(machine.sagas->retry("charging", "1"));
    machine.finish();
    CHECK(machine.instance("1").status == SagaStatus::completed);
    CHECK(machine.asked == std::vector<std::int64_t>{500, 500, 500});
}

TEST_CASE("an instance whose state has changed under one version is parked with a sentence, and all others go on",
          "[sagas][versions][shapes]")
{
    SECTION("two members were swapped")
    {
        check_that_it_is_parked<Swapped>();
    }
    SECTION("one was added")
    {
        check_that_it_is_parked<Longer>();
    }
}

// The log as a program has left it that recorded neither shapes nor places.
std::unique_ptr<EventStore> log_of_earlier_program(Machine& machine)
{
    auto store = open_memory_store(machine.runtime);
    for (const auto& recorded : read_all(*machine.store)) {
        NewEvent event{.id             = recorded.id,
                       .type           = recorded.type,
                       .schema_version = recorded.schema_version,
                       .data           = recorded.data,
                       .metadata       = recorded.metadata};
        if (event.type == "saga-started") {
            event.schema_version = 1;
            event.data.clear();
            REQUIRE(detail::with_facts<instance::Instance>(recorded, "saga", [&](const auto& fact) {
                if constexpr (std::is_same_v<std::decay_t<decltype(fact)>, instance::Started>) {
                    const instance::StartedV1 earlier{fact.version, fact.state, fact.begun_by, fact.correlation,
                                                      fact.at};
                    codec<instance::StartedV1>::encode(earlier, event.data);
                }
            }));
        }
        REQUIRE(store->append(to(recorded.stream, ExpectedVersion::any(), {event})));
    }
    return store;
}

TEST_CASE("an instance that an earlier program has begun, which recorded no shape, goes on",
          "[sagas][versions][shapes]")
{
    const bool with_table = GENERATE(true, false);
    Machine machine;
    machine.is_silent = true;
    machine.run<Before>();
    machine.book("1");
    CHECK_FALSE(machine.sagas->settle(machine.simulated.now() + 1h));
    const auto earlier = log_of_earlier_program(machine);
    machine.sagas.reset();
    machine.simulated.drop_everything();
    REQUIRE(read_all(*earlier, {.scope = Scope::type("saga-started")}).at(0).schema_version == 1);
    const auto directory = machine.directory.path() + "/sagas";
    if (with_table) {
        // A table without a version is of an earlier program, whatever it holds.
        const auto table = Database::open(machine.runtime, {.directory = directory}).value();
        Batch batch;
        batch.remove("v");
        batch.put("o-of-old", "");
        REQUIRE(table->write(batch, Durability::buffered));
    } else {
        REQUIRE(remove_database(machine.runtime, directory));
    }

    CommandBus commands{machine.runtime, *earlier};
    EventBus bus{machine.runtime, *earlier};
    Sagas sagas{machine.runtime, *earlier, commands, bus, directory};
    sagas.add(charging<Before>());
    std::vector<std::int64_t> asked;
    sagas.perform<Ask>([&](const Ask& ask, const CallKey&) -> result<Answer> {
        asked.push_back(ask.price);
        return Answer{1};
    });
    REQUIRE(sagas.start());
    REQUIRE(sagas.finish(machine.simulated.now() + 24h));
    CHECK(sagas.show("charging", "1").value().instance.status == SagaStatus::completed);
    CHECK(asked == std::vector<std::int64_t>{500});
}

} // namespace saga_shapes_test
