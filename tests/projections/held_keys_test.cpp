// What follows a dead letter for the same key, where a projection parks that too.
#include "people.hpp"

namespace held_keys_test {

using namespace people;
using Positions = std::vector<el::Position>;

const el::ProjectionOptions parking_keys{.on_failure = el::OnFailure::park_key};

Joined from(const std::string& city)
{
    return {{}, city, {1}, day(1)};
}

el::Error no_such_city()
{
    return {el::Failure::invalid, "no-such-city", "There is no Atlantis."};
}

struct Stay {
    std::string arrived_in;
    std::string city;
    std::int64_t moves = 0;
};

// Does not take people who come from Atlantis, or move to it; `unless` says that it does today.
el::Projected<PersonId, Stay> stays(const bool& unless)
{
    return el::projection<PersonId, Stay>(
        "stays", 1, el::index("city", [](const Stay& row) { return row.city; }),
        [&unless](Stay& row, const Joined& event) -> el::result<void> {
            row.arrived_in = row.city = event.city;
            return event.city != "Atlantis" || unless ? el::result<void>{el::done()} : no_such_city();
        },
        [&unless](Stay& row, const Moved& event) -> el::result<void> {
            row.city = event.city;
            ++row.moves;
            return event.city != "Atlantis" || unless ? el::result<void>{el::done()} : no_such_city();
        },
        [](Stay&, const Left&) { return el::drop_row; });
}

struct House {
    Machine machine;
    bool takes_all = false;

    explicit House(el::RowPlace place = el::RowPlace::leveldb) : machine{place} {}

    template <class Projected>
    auto add(const Projected& projected, el::ProjectionOptions options = parking_keys)
    {
        options.kept_in = machine.place;
        return machine.projections->add(projected, options).value();
    }
    std::vector<el::DeadLetter> letters() const
    {
        return machine.projections->dead_letters(machine.projections->status().front().name).value();
    }
    Positions positions() const
    {
        Positions found;
        for (const auto& letter : letters()) found.push_back(letter.position);
        return found;
    }
    Positions waits() const
    {
        Positions found;
        for (const auto& letter : letters()) found.push_back(letter.waits_for);
        return found;
    }
    void check_rows_follow_from_the_log() const
    {
        const auto verified = machine.projections->verify(machine.projections->status().front().name);
        REQUIRE(verified);
        INFO((verified.value().differences.empty() ? "" : verified.value().differences.front().sentence));
        CHECK(verified.value().differences_total == 0);
    }
};

// Ada's arrival is not taken; she and bob move twice each.
void live_there(House& house, bool at_once)
{
    const auto caught_up = [&] {
        if (at_once) REQUIRE(house.machine.catch_up());
    };
    house.machine.record({"ada"}, from("Atlantis"));
    caught_up();
    house.machine.record({"bob"}, from("York"));
    for (const auto* const city : {"Hull", "Bath"}) {
        house.machine.record({"ada"}, Moved{city});
        caught_up();
        house.machine.record({"bob"}, Moved{city});
        caught_up();
    }
    REQUIRE(house.machine.catch_up());
}

TEST_CASE("what follows a dead letter for the same row waits, in order, and all other rows go on",
          "[projections][failure][dead-letters]")
{
    House house{GENERATE(from_range(every_place))};
    const auto rows = house.add(stays(house.takes_all));
    live_there(house, GENERATE(true, false));
    CHECK_FALSE(rows.get({"ada"}).value()); // not half of her
    CHECK(rows.get({"bob"}).value()->moves == 2);
    CHECK(house.positions() == Positions{1, 3, 5});
    CHECK(house.waits() == Positions{0, 1, 1});
    CHECK(house.letters().at(0).error.code == "no-such-city");
    CHECK(house.letters().at(1).error.code == "waits-for-dead-letter");
    CHECK(house.letters().at(1).error.sentence.find("position 1") != std::string::npos);
    house.check_rows_follow_from_the_log();

    // A rebuild with the same handlers ends in the same, one with handlers that take it has all of them in their order.
    REQUIRE(house.machine.projections->rebuild("stays"));
    CHECK(house.positions() == Positions{1, 3, 5});
    house.machine.record({"ada"}, Moved{"Rome"});
    REQUIRE(house.machine.catch_up());
    CHECK(house.positions() == Positions{1, 3, 5, 7});
    house.check_rows_follow_from_the_log();
    house.takes_all = true;
    REQUIRE(house.machine.projections->rebuild("stays"));
    CHECK(house.letters().empty());
    CHECK(rows.get({"ada"}).value()->arrived_in == "Atlantis");
    CHECK(rows.get({"ada"}).value()->moves == 3);
    house.check_rows_follow_from_the_log();
}

TEST_CASE("what waits for a dead letter waits after a restart, too", "[projections][failure]")
{
    House house{GENERATE(from_range(every_lasting_place))};
    {
        house.add(stays(house.takes_all));
        live_there(house, true);
    }
    house.machine.reopen();
    const auto rows = house.add(stays(house.takes_all));
    house.machine.record({"ada"}, Moved{"Rome"});
    REQUIRE(house.machine.catch_up());
    CHECK_FALSE(rows.get({"ada"}).value());
    CHECK(house.positions() == Positions{1, 3, 5, 7});
    CHECK(house.waits() == Positions{0, 1, 1, 1});
    house.check_rows_follow_from_the_log();
}

TEST_CASE("a dead letter that is discarded gives those that wait for it their turn, in order",
          "[projections][failure][dead-letters]")
{
    House house{GENERATE(from_range(every_place))};
    const auto rows = house.add(stays(house.takes_all));
    live_there(house, false);
    SECTION("the one that failed")
    {
        REQUIRE(house.machine.projections->discard_dead_letter("stays", 1));
        CHECK(house.letters().empty());
        CHECK(rows.get({"ada"}).value()->city == "Bath");
        CHECK(rows.get({"ada"}).value()->moves == 2);
        house.takes_all = true;
        REQUIRE(house.machine.projections->rebuild("stays"));
        CHECK(rows.get({"ada"}).value()->arrived_in.empty());
    }
    SECTION("one that waits: the others wait on")
    {
        REQUIRE(house.machine.projections->discard_dead_letter("stays", 3));
        CHECK(house.positions() == Positions{1, 5});
        CHECK_FALSE(rows.get({"ada"}).value());
        house.takes_all = true;
        REQUIRE(house.machine.projections->rebuild("stays"));
        CHECK(rows.get({"ada"}).value()->moves == 1);
    }
    SECTION("one after another fails: that one is waited for then")
    {
        house.machine.record({"ada"}, Moved{"Atlantis"});
        house.machine.record({"ada"}, Moved{"Rome"});
        REQUIRE(house.machine.catch_up());
        REQUIRE(house.machine.projections->discard_dead_letter("stays", 1));
        CHECK(house.positions() == Positions{7, 8});
        CHECK(house.waits() == Positions{0, 7});
        CHECK(rows.get({"ada"}).value()->moves == 2);
    }
    house.check_rows_follow_from_the_log();
}

TEST_CASE("the key is that of the row, whatever the stream", "[projections][failure][dead-letters]")
{
    House house;
    bool takes_all  = false;
    const auto rows = house.add(el::projection<CityName, City>(
        "arrivals", 1, el::from<Person>(), el::keyed_by([](const Joined& event) { return CityName{event.city}; }),
        [&takes_all](City& city, const Joined& event) -> el::result<void> {
            ++city.people;
            city.balance.value += event.balance.value;
            return event.balance.value >= 0 || takes_all ? el::result<void>{el::done()} : no_such_city();
        }));
    const auto with = [](const std::string& city, std::int64_t pence) { return Joined{{}, city, {pence}, day(1)}; };
    house.machine.record({"ada"}, with("York", 1));
    house.machine.record({"bob"}, with("York", -1));
    house.machine.record({"cid"}, with("York", 2));
    house.machine.record({"bob"}, with("Hull", 3)); // another row, of the stream of the one that failed
    REQUIRE(house.machine.catch_up());
    CHECK(house.positions() == Positions{2, 3});
    CHECK(rows.get({"York"}).value()->people == 1);
    CHECK(rows.get({"Hull"}).value()->people == 1);
    house.check_rows_follow_from_the_log();
    takes_all = true;
    REQUIRE(house.machine.projections->rebuild("arrivals"));
    CHECK(rows.get({"York"}).value()->balance.value == 2);
}

TEST_CASE("of a handler that takes whole tables what follows in the stream of its event waits",
          "[projections][failure][dead-letters]")
{
    House house;
    const auto rows = house.add(el::projection<PersonId, Entry>(
        "entries", 1,
        [](EntryTable& all, const Joined& event, const el::RecordedEvent& where) -> el::result<void> {
            all.update(el::id_of_stream<Person>(where.stream)).city = event.city;
            return event.city == "Atlantis" ? no_such_city() : el::result<void>{el::done()};
        },
        [](Entry& row, const Written& event) { row.email = event.email; },
        [](EntryTable& all, const Swapped& event) {
            std::swap(all.update(event.one).email, all.update(event.other).email);
        },
        [](Entry& row, const Moved& event) -> el::result<void> {
            row.city = event.city;
            return event.city == "Atlantis" ? no_such_city() : el::result<void>{el::done()};
        }));
    house.machine.record({"ada"}, from("Atlantis"));
    house.machine.record({"ada"}, Written{"a@example.org"}); // a row's, of a stream that is held
    house.machine.record({"bob"}, from("York"));
    house.machine.record({"bob"}, Written{"b@example.org"});
    house.machine.record({"cid"}, Moved{"Atlantis"});         // a row's
    house.machine.record({"cid"}, from("York"));              // tables', in the stream of one that failed
    house.machine.record({"bob"}, Swapped{{"bob"}, {"cid"}}); // tables', in another stream
    REQUIRE(house.machine.catch_up());
    CHECK(house.positions() == Positions{1, 2, 5, 6});
    CHECK(house.waits() == Positions{0, 1, 0, 5});
    CHECK(rows.get({"cid"}).value()->email == "b@example.org");
    house.check_rows_follow_from_the_log();
}

TEST_CASE("whatever fails and waits, rows and dead letters are what one fold of the log gives",
          "[projections][failure][dead-letters]")
{
    House house{GENERATE(from_range(every_place))};
    auto& simulated = house.machine.simulated;
    const auto rows =
        house.add(stays(house.takes_all), {.on_failure = el::OnFailure::park_key, .events_between_writes = 50});
    const std::vector<std::string> cities{"York", "Hull", "Bath", "Rome", "Atlantis"};
    for (int i = 0; i < 600; ++i) {
        const PersonId who{"p" + std::to_string(simulated.draw(40))};
        const auto& city = cities[simulated.draw(cities.size())];
        switch (simulated.draw(4)) {
        case 0:
            house.machine.record(who, from(city));
            break;
        case 1:
            house.machine.record(who, Left{"bored"});
            break;
        default:
            house.machine.record(who, Moved{city});
        }
        if (simulated.draw(20) == 0) REQUIRE(house.machine.catch_up());
        const auto letters = house.letters();
        if (not letters.empty() && simulated.draw(60) == 0) {
            const auto chosen = letters[simulated.draw(letters.size())].position;
            REQUIRE(house.machine.projections->discard_dead_letter("stays", chosen));
        }
    }
    REQUIRE(house.machine.catch_up());
    CHECK(house.letters().size() > 10);
    house.check_rows_follow_from_the_log();
    for (const auto& letter : house.letters()) {
        CHECK((letter.waits_for == 0) == (letter.error.code == "no-such-city"));
    }
}

TEST_CASE("another program that folds the same events has the same rows wait", "[projections][failure][diff]")
{
    House house;
    const auto rows = house.add(stays(house.takes_all));
    live_there(house, false);
    const auto cursor = house.machine.store->read({});
    const auto folded = house.machine.projections->fold("stays", [&] { return cursor->next(); });
    REQUIRE(folded);
    CHECK(folded.value().all("").value().rows ==
          house.machine.projections->rows_now("stays").value().all("").value().rows);
}

} // namespace held_keys_test
