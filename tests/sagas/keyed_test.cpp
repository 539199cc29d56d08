// Which instance an event belongs to, and what becomes of one that belongs to none.
#include "support/counting_store.hpp"
#include "support/stay.hpp"

#include <eventloom/framework/decision.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/sagas/handlers.hpp>
#include <eventloom/sagas/testing.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

namespace stay_test {

using Words = std::vector<std::string>;

namespace {

struct Seen {
    int approved = 0;
    std::string last;
};

// Notes of the form "KEY TEXT" are for the instance with that key, whichever stay they are written in.
Saga by_note(std::optional<Unheard> unheard = std::nullopt)
{
    const auto key   = keyed_by([](const Noted& note) {
        const auto blank = note.what.find(' ');
        return StayId{blank == std::string::npos ? std::string{} : note.what.substr(0, blank)};
    });
    const auto begin = [](Seen&, const StayId&, const Requested&) {};
    const auto noted = [](Seen& seen, const StayId&, const Noted& note) -> actions {
        seen.last = note.what;
        if (note.what.ends_with("over")) return {end_saga()};
        return {};
    };
    const auto held = [](Seen& seen, const StayId&, const Held&) { ++seen.approved; };
    return saga<StayId, Seen>("booking", 1, begins_with<Requested>{}, from<Stay, Room>{}, key,
                              keyed_by([](const Held& event) { return StayId{event.stay}; }),
                              unheard.value_or(Unheard::passed_over), begin, noted, held);
}

std::string state(House& house, const std::string& key)
{
    return house.sagas->show("booking", key).value().state_json;
}

} // namespace

TEST_CASE("a function of an event says which instance it belongs to", "[sagas][handlers][keyed]")
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    INFO(kind.name);
    House house{by_note(), 1, {}, kind};
    for (const auto* stay : {"1", "2"}) house.request(stay);
    REQUIRE(house.commands->send(StayId{"7"}, Note{"2 hello"}));
    REQUIRE(house.commands->send(RoomId{"9"}, Hold{"1"})); // the aggregate Room has no member of the id's type
    REQUIRE(house.commands->send(StayId{"1"}, Note{"nobody"}));
    house.settle();
    if (GENERATE(false, true)) house.restart();
    CHECK(state(house, "2").find("\"2 hello\"") != std::string::npos);
    CHECK(state(house, "1") == R"({"approved": 1,"last": ""})");
    CHECK(house.sagas->list().value().size() == 2);
    CHECK(house.sagas->unheard().empty()); // an event of none is not of one that is not there
    CHECK(given(by_note(), StayId{"1"}, Requested{1}, Noted{"1 over"}).then(end_saga()));
}

TEST_CASE("an event of an instance that is not there, or has ended, is counted", "[sagas][handlers][keyed]")
{
    House house{by_note()};
    REQUIRE(house.commands->send(StayId{"1"}, Note{"1 early"}));
    house.request("1");
    REQUIRE(house.commands->send(StayId{"1"}, Note{"1 over"}));
    for (int i = 0; i < 3; ++i) REQUIRE(house.commands->send(StayId{"1"}, Note{"1 late"}));
    house.settle();
    const auto unheard = house.sagas->unheard();
    REQUIRE(unheard.size() == 2);
    CHECK(unheard[0].event == "stay-noted");
    CHECK(unheard[0].why == "it has ended");
    CHECK(unheard[0].number == 3);
    CHECK(unheard[1].why == "there is none");
    CHECK(unheard[1].number == 1);
    CHECK(house.sagas->parked("booking").value().empty());
    CHECK(house.types_of("booking").empty());
}

TEST_CASE("a saga that parks such events keeps each of them once, also over crashes", "[sagas][handlers][keyed][crash]")
{
    for (int kill_after = 0; kill_after < 60; kill_after += 3) {
        House house{by_note(parks_unheard), static_cast<std::uint64_t>(kill_after) + 1};
        INFO("killed after " << kill_after << " tasks");
        REQUIRE(house.commands->send(StayId{"1"}, Note{"1 early"}));
        house.request("2");
        REQUIRE(house.commands->send(StayId{"2"}, Note{"2 over"}));
        REQUIRE(house.commands->send(StayId{"2"}, Note{"2 late"}));
        for (int tasks = 0; tasks < kill_after && house.simulated.run_one(); ++tasks) {
        }
        house.kill();
        if (kill_after % 2 == 0) std::filesystem::remove_all(house.directory.path() + "/sagas");
        house.open();
        house.settle();
        const auto parked = house.sagas->parked("booking").value();
        REQUIRE(parked.size() == 2);
        Words what;
        for (const auto& event : parked) what.push_back(event.key + ": " + event.event + ": " + event.why);
        std::sort(what.begin(), what.end());
        CHECK(what == Words{"1: stay-noted: there is none", "2: stay-noted: it has ended"});
        CHECK(house.sagas->following().value().at(0).parked == 2);
        CHECK(house.instance("2").status == SagaStatus::completed);
    }
    House house{by_note(parks_unheard)};
    REQUIRE(house.commands->send(StayId{"1"}, Note{"1 early"}));
    house.settle();
    const auto lines = house.log.lines();
    CHECK(std::any_of(lines.begin(), lines.end(), [](const auto& line) {
        return line.starts_with("warning saga-event-parked saga=booking key=1");
    }));
    CHECK(house.sagas->parked("nothing").error().code == "no-such-saga");
}

namespace {

// A context of decisions, whose events are in no stream of their own.
struct Joined {
    StayId stay;
    std::string club;
};
Tags tags_of(const Joined& joined)
{
    return {"club:" + joined.club};
}
struct Clubs {
    static constexpr auto stream = "clubs";
    using Events                 = events<event<"club-joined", Joined>>;
};
struct Members {
    std::vector<std::string> clubs;
};

} // namespace

TEST_CASE("handlers hear events of a context of decisions, by the id in them", "[sagas][handlers][keyed]")
{
    House house{saga<StayId, Members>(
        "booking", 1, begins_with<Requested>{}, from<Stay, Clubs>{}, [](Members&, const StayId&, const Requested&) {},
        [](Members& members, const StayId&, const Joined& event) { members.clubs.push_back(event.club); })};
    for (const auto* stay : {"1", "2"}) house.request(stay);
    house.settle();
    for (const auto* club : {"chess", "golf"}) {
        auto joined = encoded<Clubs>(Joined{StayId{"2"}, club});
        joined.id   = house.simulated.next();
        AppendRequest request;
        request.streams.push_back({"clubs", ExpectedVersion::any(), {std::move(joined)}});
        REQUIRE(house.store->append(request));
    }
    house.settle();
    CHECK(state(house, "2") == R"({"clubs": ["chess","golf"]})");
    CHECK(state(house, "1") == R"({"clubs": []})");
}

namespace {

struct Counter {
    std::uint64_t noted = 0;
};

// A process over a store that counts what is read of it.
struct LongLived {
    SimulatedExecutor simulated{1};
    Runtime runtime{simulated, simulated, simulated, system_files()};
    StoreUnderTest kept;
    CountingStore store;
    TemporaryDirectory directory;
    std::unique_ptr<CommandBus> commands;
    std::unique_ptr<EventBus> bus;
    std::unique_ptr<Sagas> sagas;

    explicit LongLived(const StoreKind& kind) : kept{kind.open(runtime)}, store{*kept.store} { open(); }

    void open()
    {
        sagas.reset();
        bus.reset();
        commands = std::make_unique<CommandBus>(runtime, store);
        bus      = std::make_unique<EventBus>(runtime, store);
        sagas    = std::make_unique<Sagas>(runtime, store, *commands, *bus, directory.path() + "/sagas");
        sagas->add(saga<StayId, Counter>(
            "booking", 1, begins_with<Requested>{}, [](Counter&, const StayId&, const Requested&) {},
            [](Counter& counter, const StayId&, const Noted&) { ++counter.noted; }));
        REQUIRE(sagas->start());
    }

    void note(unsigned times)
    {
        constexpr unsigned together = 500;
        for (unsigned done = 0; done < times; done += together) {
            AppendRequest request;
            request.streams.push_back({"stay-1", ExpectedVersion::any(), {}});
            for (unsigned i = 0; i < std::min(together, times - done); ++i) {
                request.streams.back().events.push_back(encoded<Stay>(Noted{"x"}));
                request.streams.back().events.back().id = simulated.next();
            }
            REQUIRE(store.append(request));
            REQUIRE(sagas->settle(simulated.now()));
        }
    }
};

} // namespace

TEST_CASE("an instance that has heard 100,000 events stays as cheap as a new one", "[sagas][handlers][long]")
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    INFO(kind.name);
    const unsigned many = kind.name == std::string_view{"memory"} ? 100'000 : 1'000; // a disk syncs each
    LongLived house{kind};
    REQUIRE(house.commands->send(StayId{"1"}, Request{1}));
    const auto events_read = [&](const auto& work) {
        const auto before = house.store.counts.events_read;
        work();
        return house.store.counts.events_read - before;
    };
    house.note(100);
    const auto of_a_young_one = events_read([&] { house.note(1); });
    house.note(many);
    CHECK(events_read([&] { house.note(1); }) <= of_a_young_one);
    const auto found = house.sagas->find("booking", "1").value();
    CHECK(found->status == SagaStatus::running);
    CHECK(events_read([&] { house.open(); }) < 1'000); // of the rows that were written last
    CHECK(events_read([&] { house.note(1); }) < 10);
    CHECK(events_read([&] { CHECK(house.sagas->show("booking", "1", 20).value().history.size() == 20); }) == 20);
    const auto shown = house.sagas->show("booking", "1").value();
    CHECK(shown.history.size() == 1'000);
    CHECK(shown.earlier == many + 103 + 2 - 1'000); // it has begun with two
    CHECK(shown.state_json == "{\"noted\": " + std::to_string(many + 103) + "}");
}

} // namespace stay_test
