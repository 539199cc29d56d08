// What becomes of an exception in a projection's handlers, keys, indexes and serializers, and in who watches its rows.
#include "people.hpp"

#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/projections/live.hpp>
#include <eventloom/projections/watch.hpp>

#include <stdexcept>

namespace exceptions_test {

using namespace people;

// The place that throws today, at people who join from Atlantis.
struct Broken {
    static inline std::string place;

    static void at(const std::string& here, const std::string& city)
    {
        if (city == "Atlantis" && here == place) throw std::runtime_error{"there is no such city"};
    }
};

struct Seen {
    std::string city;
    int times = 0;

    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(city, times);
        Broken::at("serializer", city);
    }
};

// As Seen, by a part of another kind: `which` of them throws is said by Broken.
auto seen(std::uint32_t version = 1)
{
    return el::projection<PersonId, Seen>("seen", version,
                                          el::index("city",
                                                    [](const Seen& row) {
                                                        Broken::at("index", row.city);
                                                        return row.city;
                                                    }),
                                          el::unique_index("one Atlantis",
                                                           [](const Seen& row) -> std::optional<std::string> {
                                                               Broken::at("unique index", row.city);
                                                               return std::nullopt;
                                                           }),
                                          [](Seen& row, const Joined& event) {
                                              Broken::at("handler", event.city);
                                              row.city = event.city;
                                              ++row.times;
                                          });
}

// Keyed by what the event says.
auto keyed()
{
    return el::projection<CityName, City>("keyed", 1, el::from<Person>(), el::keyed_by([](const Joined& event) {
                                              Broken::at("key", event.city);
                                              return CityName{event.city};
                                          }),
                                          [](City& row, const Joined&) { ++row.people; });
}

auto sound()
{
    return el::projection<PersonId, City>("sound", 1, [](City& row, const Joined&) { ++row.people; });
}

Joined from(const std::string& city)
{
    return {{}, city, {1}, day(1)};
}

struct World {
    Machine machine;

    explicit World(const std::string& place, el::RowPlace rows = el::RowPlace::leveldb) : machine{rows}
    {
        Broken::place = place;
    }
    ~World() { Broken::place.clear(); }

    void people_join()
    {
        for (const auto* city : {"York", "Bath", "Atlantis", "York"}) {
            machine.record({std::to_string(machine.store->head())}, from(city));
        }
    }
    el::ProjectionStatus status(const std::string& name) const
    {
        for (const auto& status : machine.projections->status()) {
            if (status.name == name) return status;
        }
        FAIL("no such projection");
        return {};
    }
    void check_thrown(const el::Error& error) const
    {
        INFO(error.sentence);
        CHECK(error.code == "exception-in-user-code");
        CHECK(error.sentence.find("there is no such city") != std::string::npos);
        CHECK(error.sentence.find("person-2") != std::string::npos); // the event
    }
};

const std::vector<std::string> places_within{"handler", "index", "unique index", "serializer"};

TEST_CASE("a projection whose code throws stops at that event, at every later start too, and no other does",
          "[projections][failure][user-code]")
{
    World world{GENERATE(from_range(places_within)), GENERATE(from_range(every_lasting_place))};
    INFO(Broken::place);
    auto& machine = world.machine;
    auto rows     = std::optional{machine.add(seen()).value()}; // holds the read model
    machine.add(sound()).value();
    const bool live = GENERATE(true, false);
    if (live) REQUIRE(machine.catch_up());
    world.people_join();
    REQUIRE_FALSE(machine.catch_up());
    CHECK(world.status("sound").position == 4);
    REQUIRE(world.status("seen").state == el::ProjectionState::failed);
    CHECK(world.status("seen").position == 2);
    world.check_thrown(*world.status("seen").error);
    CHECK(rows->size().value() == 2);

    rows.reset();
    machine.reopen();
    machine.add(seen()).value();
    machine.add(sound()).value();
    REQUIRE_FALSE(machine.catch_up());
    CHECK(world.status("seen").position == 2);
    CHECK(world.status("sound").lag == 0);

    Broken::place.clear();
    machine.reopen();
    const auto mended = machine.add(seen());
    machine.add(sound()).value();
    REQUIRE(machine.catch_up());
    CHECK(mended.value().size().value() == 4);
    CHECK(machine.projections->verify("seen").value().differences_total == 0);
}

TEST_CASE("a projection whose code throws parks the event where it is told to, in its place, in a rebuild too",
          "[projections][failure][dead-letters][user-code]")
{
    World world{GENERATE(from_range(places_within)), GENERATE(from_range(every_place))};
    INFO(Broken::place);
    auto& machine = world.machine;
    const auto rows =
        machine.projections->add(seen(), {.kept_in = machine.place, .on_failure = el::OnFailure::park}).value();
    if (GENERATE(true, false)) REQUIRE(machine.catch_up());
    world.people_join();
    REQUIRE(machine.catch_up());
    const auto check = [&] {
        const auto letters = machine.projections->dead_letters("seen").value();
        REQUIRE(letters.size() == 1);
        CHECK(letters[0].position == 3);
        world.check_thrown(letters[0].error);
        CHECK(rows.size().value() == 3);
        CHECK(rows.count_by("city", std::string{"York"}).value() == 2);
        CHECK(machine.projections->verify("seen").value().differences_total == 0);
    };
    check();
    REQUIRE(machine.projections->rebuild("seen"));
    check();
    Broken::place.clear();
    REQUIRE(machine.projections->rebuild("seen"));
    CHECK(machine.projections->dead_letters("seen").value().empty());
    CHECK(rows.size().value() == 4);
}

TEST_CASE("a projection whose code throws is started again as its restarts say", "[projections][failure][user-code]")
{
    World world{GENERATE(from_range(places_within))};
    INFO(Broken::place);
    auto& machine = world.machine;
    const auto rows =
        machine.projections->add(seen(), {.restarts = {.times = 3, .first_wait = std::chrono::seconds{10}}}).value();
    world.people_join();
    machine.projections->start();
    machine.simulated.advance(std::chrono::seconds{1});
    CHECK(world.status("seen").position == 2);
    Broken::place.clear();
    machine.simulated.advance(std::chrono::seconds{60});
    CHECK(world.status("seen").state == el::ProjectionState::running);
    CHECK(rows.size().value() == 4);
}

TEST_CASE("an inline projection whose code throws refuses that append alone", "[projections][inline][user-code]")
{
    World world{GENERATE(from_range(places_within)), el::RowPlace::log};
    INFO(Broken::place);
    auto& machine   = world.machine;
    const auto rows = machine.add(seen()).value();
    machine.record({"0"}, from("York"));
    const auto refused = machine.store->append(machine.recording<Person>({"1"}, from("Atlantis")));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "exception-in-user-code");
    machine.record({"2"}, from("Bath"));
    CHECK(machine.store->head() == 2);
    CHECK(rows.size().value() == 2);
}

TEST_CASE("a key that throws, and a row that cannot be shown, are told where they are asked for",
          "[projections][failure][user-code]")
{
    World world{"key"};
    auto& machine = world.machine;
    machine.add(keyed()).value();
    const auto rows = machine.add(seen()).value();
    world.people_join();
    REQUIRE_FALSE(machine.catch_up());
    world.check_thrown(*world.status("keyed").error);
    CHECK(world.status("seen").lag == 0);

    Broken::place      = "serializer";
    const auto damaged = rows.get({"2"});
    REQUIRE_FALSE(damaged);
    CHECK(damaged.error().sentence.find("there is no such city") != std::string::npos);
    CHECK(rows.get({"0"}).value()->city == "York");
}

TEST_CASE("a live table whose code throws says so and tries that event again, and the rows before it are there",
          "[projections][live][user-code]")
{
    World world{GENERATE(from_range(places_within))};
    INFO(Broken::place);
    world.people_join();
    const auto live  = el::live(*world.machine.store, seen());
    const auto asked = live.now();
    REQUIRE_FALSE(asked);
    world.check_thrown(asked.error());
    Broken::place.clear();
    CHECK(live.now().value().size().value() == 4);
}

TEST_CASE("a handler that throws at the rows that it watches is called no more, says why, and holds up nothing",
          "[projections][watch][user-code]")
{
    World world{""};
    auto& machine       = world.machine;
    const auto rows     = machine.add(seen()).value();
    const auto throwing = el::watch(
        machine.runtime.executor, rows,
        [](const el::TableChanges<PersonId, Seen>&) -> el::result<void> { throw std::runtime_error{"no screen"}; },
        {.name = "screen"});
    int told = 0;
    const auto other =
        el::watch(machine.runtime.executor, rows, [&](const el::TableChanges<PersonId, Seen>&) -> el::result<void> {
            ++told;
            return el::done();
        });
    world.people_join();
    REQUIRE(machine.catch_up());
    machine.simulated.run_until_idle();
    REQUIRE(throwing->error());
    CHECK(throwing->error()->code == "exception-in-user-code");
    CHECK(throwing->error()->sentence.find("screen") != std::string::npos);
    CHECK(told > 0);
    CHECK_FALSE(other->error());
}

TEST_CASE("a progress that throws ends its rebuild with an error, and the old rows answer", "[projections][user-code]")
{
    World world{""};
    auto& machine   = world.machine;
    const auto rows = machine.add(seen()).value();
    world.people_join();
    REQUIRE(machine.catch_up());
    const auto rebuilt = machine.projections->rebuild(
        "seen", [](el::Position, el::Position) -> el::result<void> { throw std::runtime_error{"no terminal"}; });
    REQUIRE_FALSE(rebuilt);
    CHECK(rebuilt.error().code == "exception-in-user-code");
    CHECK(rows.size().value() == 4);
    CHECK(machine.projections->rebuild("seen"));
}

} // namespace exceptions_test
