// What becomes of an exception in a saga's lambdas and activities: that instance stands still, visibly, and all others go on.
#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/sagas/saga.hpp>
#include <eventloom/sagas/sagas.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <stdexcept>

namespace saga_exceptions_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

// The place that throws today, for the trip "bad".
struct Broken {
    static inline std::string place;
    static inline std::string upcast;

    static void at(const std::string& here, const std::string& trip)
    {
        if (trip == "bad" && here == place) throw std::runtime_error{"trip is out of range"};
    }
};

// clang-format off
struct BookedV1 { std::string trip; };
struct Booked   { std::string trip; int seats = 1; };
struct Book     { std::string trip; };
struct Noted    { std::string what; };
struct Note     { std::string what; };
struct Charge   { using answer = int; std::string trip; };
struct Refund   { using answer = int; std::string trip; };
// clang-format on

Booked upcast(const BookedV1& earlier)
{
    Broken::at("upcast", earlier.trip);
    return {earlier.trip, 1};
}

struct Trip {
    static constexpr auto category = "trip";
    using Events                   = events<event<"booked", Booked, BookedV1>, event<"noted", Noted>>;
};
template <event_of<Trip> Fact>
Trip evolve(Trip trip, const Fact&)
{
    return trip;
}
result<Booked> decide(const Book& command, const Trip&)
{
    return Booked{command.trip};
}
result<Noted> decide(const Note& command, const Trip&)
{
    if (command.what == "charged bad") Broken::at("decide", "bad");
    return Noted{command.what};
}
static_assert(aggregate<Trip>);

struct Booking {
    std::string trip;
    int slip = 0;

    template <class Archive>
    void serialize(Archive& archive)
    {
        Broken::at(slip == 0 ? "serializer" : "serializer later", trip);
        archive(trip, slip);
    }
};

} // namespace saga_exceptions_test

template const eventloom::EventTypes& eventloom::event_types<saga_exceptions_test::Trip>();

namespace saga_exceptions_test {

Saga booking()
{
    return saga<Booking>("booking", 1, begins{[](const id<Trip>&, const Booked& event) {
                             Broken::at("begins", event.trip);
                             return Booking{event.trip};
                         }},
                         step("charge", act{[](const Booking& booking) {
                                  Broken::at("act", booking.trip);
                                  return call(Charge{booking.trip});
                              }},
                              keep{[](Booking& booking, const int& slip) {
                                  Broken::at("keep", booking.trip);
                                  booking.slip = slip;
                              }},
                              undo{[](const Booking& booking) {
                                  Broken::at("undo", booking.trip);
                                  return call(Refund{booking.trip});
                              }},
                              retry{.times = 3, .first_wait = 1s}),
                         step("note", act{[](const Booking& booking) {
                                  return send(id<Trip>{booking.trip}, Note{"charged " + booking.trip});
                              }},
                              retry{.times = 3, .first_wait = 1s}),
                         step("arrive", act{[](const Booking& booking) {
                                  Broken::at("last act", booking.trip);
                                  if (Broken::place == "undo" || Broken::place == "failed") {
                                      return call(Charge{booking.trip == "bad" ? "nobody" : booking.trip});
                                  }
                                  return call(Charge{booking.trip});
                              }}),
                         failed{[](const Booking& booking, const failure& why) {
                             Broken::at("failed", booking.trip);
                             return send(id<Trip>{booking.trip}, Note{why.code});
                         }});
}

struct Machine {
    SimulatedExecutor simulated{1};
    Runtime runtime{simulated, simulated, simulated, system_files()};
    std::unique_ptr<EventStore> store = open_memory_store(runtime);
    TemporaryDirectory directory;
    std::map<CallKey, std::string> charged;
    int refunded = 0;

    struct Agency {
        Agency(Machine& machine)
            : commands{machine.runtime, *machine.store}, bus{machine.runtime, *machine.store},
              sagas{machine.runtime, *machine.store, commands, bus, machine.directory.path() + "/sagas"}
        {
            sagas.add(booking());
            sagas.perform<Charge>([&machine](const Charge& charge, const CallKey& key) -> result<int> {
                Broken::at("activity", charge.trip);
                if (charge.trip == "nobody") return refuse("declined", "Nobody pays.");
                machine.charged.emplace(key, charge.trip);
                return 7;
            });
            sagas.perform<Refund>([&machine](const Refund&, const CallKey&) -> result<int> {
                ++machine.refunded;
                return 8;
            });
            REQUIRE(sagas.start());
        }
        CommandBus commands;
        EventBus bus;
        Sagas sagas;
    };
    std::unique_ptr<Agency> agency = std::make_unique<Agency>(*this);

    ~Machine() { Broken::place.clear(); }

    // As after a kill.
    void restart()
    {
        agency.reset();
        simulated.drop_everything();
        agency = std::make_unique<Agency>(*this);
    }
    void book(const std::string& trip) { REQUIRE(agency->commands.send(id<Trip>{trip}, Book{trip})); }
    void finish()
    {
        INFO((agency->sagas.error() ? agency->sagas.error()->sentence : ""));
        REQUIRE(agency->sagas.finish(simulated.now() + std::chrono::hours{24 * 30}));
    }
    SagaInstance instance(const std::string& trip)
    {
        const auto shown = agency->sagas.show("booking", trip);
        INFO((shown ? "" : shown.error().sentence));
        REQUIRE(shown);
        return shown.value().instance;
    }
    void check_stuck()
    {
        const auto bad = instance("bad");
        CHECK(bad.status == SagaStatus::stuck);
        REQUIRE(bad.why);
        INFO(bad.why->reason);
        CHECK(bad.why->code == "exception-in-user-code");
        CHECK(bad.why->reason.find("trip is out of range") != std::string::npos);
    }
};

TEST_CASE(
    "a saga's lambda that throws parks that instance alone, across restarts, and a retry goes on when it is mended",
    "[sagas][user-code]")
{
    Machine machine;
    const std::string place = GENERATE("begins", "act", "keep", "serializer", "serializer later", "last act");
    INFO(place);
    Broken::place = place;
    for (const auto* trip : {"good", "bad", "fine"}) machine.book(trip);
    machine.finish();
    machine.check_stuck();
    for (const auto* trip : {"good", "fine"}) CHECK(machine.instance(trip).status == SagaStatus::completed);
    CHECK(machine.agency->sagas.count().value()[SagaStatus::stuck] == 1);

    // Every later start has the same, and others begin and end.
    machine.restart();
    machine.book("next");
    machine.finish();
    machine.check_stuck();
    CHECK(machine.instance("next").status == SagaStatus::completed);
    REQUIRE(machine.agency->sagas.retry("booking", "bad")); // not mended: parked again
    machine.finish();
    machine.check_stuck();

    Broken::place.clear();
    REQUIRE(machine.agency->sagas.retry("booking", "bad"));
    machine.finish();
    CHECK(machine.instance("bad").status == SagaStatus::completed);
    CHECK(machine.agency->sagas.show("booking", "bad").value().state_json.find("7") != std::string::npos);
    CHECK(std::count_if(machine.charged.begin(), machine.charged.end(),
                        [](const auto& one) { return one.second == "bad"; }) == 2); // once for each of its steps
}

TEST_CASE("a lambda that throws while a saga is undone parks the instance, and a retry undoes the rest",
          "[sagas][compensation][user-code]")
{
    Machine machine;
    const std::string place = GENERATE("undo", "failed");
    INFO(place);
    Broken::place = place;
    machine.book("bad");
    machine.finish();
    machine.check_stuck();
    machine.restart();
    machine.finish();
    machine.check_stuck();
    Broken::place.clear();
    REQUIRE(machine.agency->sagas.retry("booking", "bad"));
    machine.finish();
    CHECK(machine.instance("bad").status == SagaStatus::compensated);
    CHECK(machine.refunded == 1);
}

TEST_CASE("an activity, and a decider of a command, that throw are tried again, and then fail their step",
          "[sagas][retry][user-code]")
{
    Machine machine;
    const std::string place = GENERATE("activity", "decide");
    INFO(place);
    Broken::place = place;
    machine.book("bad");
    machine.book("good");
    REQUIRE(machine.agency->sagas.settle(machine.simulated.now()));
    CHECK(machine.instance("bad").attempts == 1);
    CHECK(machine.instance("good").status == SagaStatus::completed);
    machine.finish();
    const auto bad = machine.instance("bad");
    CHECK(bad.status == SagaStatus::compensated);
    CHECK(bad.why->code == "exception-in-user-code");
    CHECK(machine.refunded == 1); // something may have been done

    machine.book("bad"); // an ended instance stays ended; mended, the next goes well
    Broken::place.clear();
    machine.book("next");
    machine.finish();
    CHECK(machine.instance("next").status == SagaStatus::completed);
}

TEST_CASE("a begin event whose upcast throws parks the instance that it would begin", "[sagas][user-code]")
{
    Machine machine;
    Broken::place = "upcast";
    for (const auto* trip : {"bad", "good"}) {
        NewEvent earlier = note_of(machine.runtime, {}, "booked");
        codec<BookedV1>::encode({trip}, earlier.data);
        REQUIRE(machine.store->append(to("trip-" + std::string{trip}, ExpectedVersion::any(), {earlier})));
    }
    machine.finish();
    machine.check_stuck();
    CHECK(machine.instance("good").status == SagaStatus::completed);
    Broken::place.clear();
    REQUIRE(machine.agency->sagas.retry("booking", "bad"));
    machine.finish();
    CHECK(machine.instance("bad").status == SagaStatus::completed);
}

} // namespace saga_exceptions_test
