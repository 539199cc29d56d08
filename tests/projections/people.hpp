// People who join, change and leave: a small domain for tests of tables and their indexes.
#pragma once

#include "projections/every_place.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/projections/detail/projections.hpp>
#include <eventloom/projections/projection.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace people {

namespace el = eventloom;
using el::testing::every_lasting_place;
using el::testing::every_place;
using el::testing::every_way;
using el::testing::inline_ways;
using el::testing::Way;

struct Pence {
    std::int64_t value = 0;

    friend auto operator<=>(const Pence&, const Pence&) = default;
};
using Day = std::chrono::sys_days;

struct Person;
using PersonId = el::id<Person>;

// clang-format off
struct Joined  { std::optional<std::string> email; std::string city; Pence balance; Day born; };
struct Moved   { std::string city; };
struct Written { std::optional<std::string> email; };
struct Swapped { PersonId one; PersonId other; }; // their addresses
struct Left    { std::string reason; };
// clang-format on

struct Person {
    static constexpr auto category = "person";
    using Events = el::events<el::event<"joined", Joined>, el::event<"moved", Moved>, el::event<"written", Written>,
                              el::event<"swapped", Swapped>, el::event<"left", Left>>;
};
template <el::event_of<Person> Fact>
Person evolve(Person person, const Fact&)
{
    return person;
}

struct Entry {
    std::optional<std::string> email;
    std::string city;
    Pence balance;
    Day born;
};
struct City {
    std::int64_t people = 0;
    Pence balance;
};
struct CityName {
    std::string value;

    friend auto operator<=>(const CityName&, const CityName&) = default;
};

using EntryTable = el::Rows<PersonId, Entry>;
using CityTable  = el::Rows<CityName, City>;

inline const auto city_and_birth = [](const Entry& row) { return std::tuple{row.city, row.born}; };

// One table, with every kind of index.
inline el::Projected<PersonId, Entry> directory(std::uint32_t version = 1)
{
    return el::projection<PersonId, Entry>(
        "directory", version, el::unique_index("email", [](const Entry& row) { return row.email; }),
        el::index("city", city_and_birth), el::index("balance", [](const Entry& row) { return row.balance; }),
        el::index("born", [](const Entry& row) { return row.born; }),

        [](Entry& row, const Joined& event) {
            row = {event.email, event.city, event.balance, event.born};
        },
        [](Entry& row, const Moved& event) { row.city = event.city; },
        [](Entry& row, const Written& event) { row.email = event.email; },
        [](EntryTable& rows, const Swapped& event) {
            std::swap(rows.update(event.one).email, rows.update(event.other).email);
        },
        [](Entry&, const Left&) { return el::drop_row; });
}

// Two tables, changed by one event.
inline auto census(std::uint32_t version = 1)
{
    return el::projection(
        "census", version,
        el::keep_table<CityName, City>("cities", el::index("people", [](const City& row) { return row.people; })),
        el::keep_table<PersonId, Entry>("people", el::unique_index("email", [](const Entry& row) { return row.email; }),
                                        el::index("city", city_and_birth)),

        [](CityTable& cities, EntryTable& people, const Joined& event, const el::RecordedEvent& where) {
            people.update(el::id_of_stream<Person>(where.stream)) = {event.email, event.city, event.balance,
                                                                     event.born};
            City& city                                            = cities.update({event.city});
            ++city.people;
            city.balance.value += event.balance.value;
        },
        [](Entry& row, const Written& event) { row.email = event.email; });
}

// An engine over a log, in memory unless it is said otherwise, on which time stands still.
struct Machine {
    Machine() = default;
    explicit Machine(el::RowPlace where) : place{where} {}
    explicit Machine(const Way& way) : place{way.place}, engine{way.engine} {}

    el::RowPlace place                  = el::RowPlace::leveldb;
    const el::testing::LogEngine engine = el::testing::LogEngine::memory;
    el::SimulatedExecutor simulated{1};
    el::Runtime runtime{simulated, simulated, simulated, el::system_files()};
    el::testing::TemporaryDirectory log_directory;
    std::unique_ptr<el::EventStore> store = el::testing::open_log(runtime, engine, log_directory.path());
    el::EventBus bus{runtime, *store};
    el::testing::TemporaryDirectory directory;
    std::unique_ptr<el::Projections> projections =
        std::make_unique<el::Projections>(runtime, *store, bus, directory.path());

    template <class Projected>
    auto add(const Projected& projected)
    {
        return projections->add(projected, {.kept_in = place});
    }

    void reopen()
    {
        projections.reset(); // before its directory is opened again
        projections = std::make_unique<el::Projections>(runtime, *store, bus, directory.path());
    }

    template <el::aggregate State, el::event_of<State> Fact>
    el::AppendRequest recording(const el::id<State>& to, const Fact& fact)
    {
        const auto& type = el::event_type<State, Fact>();
        el::NewEvent event{.id = simulated.next(), .type = std::string{type.name}, .data = {}, .metadata = {}};
        type.encode(&fact, event.data);
        return {.streams = {{to.stream(), el::ExpectedVersion::any(), {event}}}};
    }
    template <el::aggregate State, el::event_of<State> Fact>
    void record(const el::id<State>& to, const Fact& fact)
    {
        REQUIRE(store->append(recording<State>(to, fact)));
    }
    template <class Fact>
    void record(const PersonId& person, const Fact& fact)
    {
        record<Person>(person, fact);
    }

    el::result<void> catch_up()
    {
        projections->start();
        return projections->wait_for(store->head(), simulated.now() + std::chrono::hours{1});
    }
};

inline Day day(int number)
{
    return Day{std::chrono::days{number}};
}

// The keys of a page, as text.
template <class Page>
std::vector<std::string> keys_of(const el::result<Page>& page)
{
    REQUIRE(page);
    std::vector<std::string> keys;
    for (const auto& [key, row] : page.value().rows) keys.push_back(key.value);
    return keys;
}

} // namespace people
