// Rows that are folded in memory when somebody asks.
#include "projections/people.hpp"

#include <eventloom/projections/live.hpp>

#include <rapidcheck.h>

#include <latch>
#include <thread>

namespace live_test {

using namespace people;
using Rows = std::map<std::string, std::string>; // the city of each person

const PersonId ada{"ada"};
const PersonId bob{"bob"};

// Where people live; counts the events that its handlers are given.
el::Projected<PersonId, Entry> homes(const std::shared_ptr<std::atomic<int>>& handled)
{
    return el::projection<PersonId, Entry>(
        "homes", 1, el::index("city", city_and_birth),
        [handled](Entry& row, const Joined& event) {
            ++*handled;
            row = {event.email, event.city, event.balance, event.born};
        },
        [handled](Entry& row, const Moved& event) {
            ++*handled;
            row.city = event.city;
        },
        [](Entry&, const Left&) { return el::drop_row; });
}
el::Projected<PersonId, Entry> homes()
{
    return homes(std::make_shared<std::atomic<int>>(0));
}

Joined in(const std::string& city)
{
    return {{}, city, {}, {}};
}

// A log of one kind, and what is recorded in it.
struct Log {
    explicit Log(const el::testing::StoreKind& kind) : store{kind.open(runtime)} {}

    el::SimulatedExecutor simulated{1};
    el::Runtime runtime{simulated, simulated, simulated, el::system_files()};
    el::testing::StoreUnderTest store;

    template <class Fact>
    void record(const PersonId& person, const Fact& fact)
    {
        const auto& type = el::event_type<Person, Fact>();
        el::NewEvent event{.id = simulated.next(), .type = std::string{type.name}, .data = {}, .metadata = {}};
        type.encode(&fact, event.data);
        REQUIRE(store->append({.streams = {{person.stream(), el::ExpectedVersion::any(), {event}}}}));
    }
};

Rows cities_of(const el::Table<PersonId, Entry>& table)
{
    Rows rows;
    const auto page = table.all();
    REQUIRE(page);
    for (const auto& [key, row] : page.value().rows) rows[key.value] = row.city;
    return rows;
}

TEST_CASE("a live table has what was just written, and folds each event once", "[projections][live]")
{
    const auto& kind = GENERATE(from_range(el::testing::every_store()));
    INFO(kind.name);
    Log log{kind};
    const auto handled = std::make_shared<std::atomic<int>>(0);
    const auto live    = el::live(*log.store.store, homes(handled));
    log.record(ada, in("York"));
    log.record(bob, in("Hull"));
    CHECK(*handled == 0);
    const auto table = live.now();
    REQUIRE(table);
    CHECK(cities_of(table.value()) == Rows{{"ada", "York"}, {"bob", "Hull"}});
    CHECK(table.value().position().value() == 2);
    CHECK(*handled == 2);

    log.record(ada, Moved{"Leeds"});
    log.record(bob, Left{});
    CHECK(cities_of(table.value()) == Rows{{"ada", "York"}, {"bob", "Hull"}}); // nobody has asked anew
    REQUIRE(live.now());
    CHECK(cities_of(table.value()) == Rows{{"ada", "Leeds"}});
    CHECK(keys_of(table.value().by("city", std::string{"Leeds"})) == std::vector<std::string>{"ada"});
    REQUIRE(live.now());
    CHECK(*handled == 3);
}

TEST_CASE("one row of a live table is folded from its stream alone, where no other stream can change it",
          "[projections][live]")
{
    const auto& kind = GENERATE(from_range(el::testing::every_store()));
    INFO(kind.name);
    Log log{kind};
    const auto handled = std::make_shared<std::atomic<int>>(0);
    const auto live    = el::live(*log.store.store, homes(handled));
    log.record(ada, in("York"));
    for (int i = 0; i < 10; ++i) log.record(PersonId{"other-" + std::to_string(i)}, in("Hull"));
    log.record(ada, Moved{"Leeds"});
    CHECK(live.get(ada).value()->city == "Leeds");
    CHECK(*handled == 2);
    CHECK(live.get(PersonId{"other-7"}).value()->city == "Hull");
    CHECK(*handled == 3);
    CHECK_FALSE(live.get(bob).value());
    log.record(ada, Left{});
    CHECK_FALSE(live.get(ada).value());
}

TEST_CASE("one row that several streams change is folded from all of them", "[projections][live]")
{
    Machine machine;
    machine.record(ada, in("York"));
    machine.record(bob, in("York"));
    const auto by_city =
        el::live(*machine.store,
                 el::projection<CityName, City>("cities", 1, el::from<Person>(),
                                                el::keyed_by([](const Joined& event) { return CityName{event.city}; }),
                                                [](City& row, const Joined&) { ++row.people; }));
    CHECK(by_city.get({"York"}).value()->people == 2);

    // Its handler of Swapped takes the whole table.
    const auto people = el::live(*machine.store, directory());
    machine.record(ada, Written{"ada@example.org"});
    machine.record(bob, Written{"bob@example.org"});
    machine.record(PersonId{"clerk"}, Swapped{ada, bob});
    CHECK(people.get(ada).value()->email == "bob@example.org");

    // Nobody else may live there, which no single stream tells.
    const auto unique =
        el::live(*machine.store,
                 el::projection<PersonId, Entry>("addresses", 1,
                                                 el::unique_index("city", [](const Entry& row) { return row.city; }),
                                                 [](Entry& row, const Joined& event) { row.city = event.city; }));
    const auto row = unique.get(ada);
    REQUIRE_FALSE(row);
    CHECK(row.error().code == "unique-index-violated");
}

TEST_CASE("live tables of one projection are seen in one moment", "[projections][live]")
{
    Machine machine;
    const auto live = el::live(*machine.store, census());
    machine.record(ada, in("York"));
    auto tables = live.now();
    REQUIRE(tables);
    const auto [cities, people] = el::at_one_moment(tables.value());
    machine.record(bob, in("York"));
    tables = live.now();
    REQUIRE(tables);
    CHECK(cities.get({"York"}).value()->people == 1);
    CHECK(people.size().value() == 1);
    CHECK(std::get<0>(tables.value()).get({"York"}).value()->people == 2);
    CHECK(std::get<1>(tables.value()).size().value() == 2);
}

TEST_CASE("a live table says which event it cannot handle, and tries it again when it is asked again",
          "[projections][live]")
{
    Machine machine;
    const auto broken = std::make_shared<bool>(true);
    const auto live   = el::live(
        *machine.store,
        el::projection<PersonId, Entry>("homes", 1, [broken](Entry& row, const Joined& event) -> el::result<void> {
            row.city = event.city;
            if (*broken && event.city == "Hull") {
                return el::refuse("no-hull", "Hull is closed.");
            }
            return el::done();
        }));
    machine.record(ada, in("York"));
    const auto table = live.now().value();
    machine.record(ada, in("Leeds"));
    machine.record(bob, in("Hull"));
    machine.record(ada, in("Ely"));
    for (int times = 0; times < 2; ++times) {
        const auto asked = live.now();
        REQUIRE_FALSE(asked);
        CHECK(asked.error().code == "no-hull");
        CHECK(asked.error().sentence.find("event 3 (person-bob") != std::string::npos);
        CHECK(cities_of(table) == Rows{{"ada", "Leeds"}});
    }
    *broken = false;
    REQUIRE(live.now());
    CHECK(cities_of(table) == Rows{{"ada", "Ely"}, {"bob", "Hull"}});
}

TEST_CASE("a live table with more rows than are allowed says so, and keeps what it has", "[projections][live]")
{
    Machine machine;
    const auto live = el::live(*machine.store, homes(), {.rows_max = 2});
    machine.record(ada, in("York"));
    machine.record(bob, in("York"));
    const auto table = live.now().value();
    machine.record(PersonId{"eve"}, in("York"));
    for (int times = 0; times < 2; ++times) {
        const auto asked = live.now();
        REQUIRE_FALSE(asked);
        CHECK(asked.error().code == "too-many-live-rows");
    }
    CHECK(table.get(ada).value()->city == "York");
    CHECK(live.get(PersonId{"eve"}).value()->city == "York"); // of one stream: nothing is kept
}

TEST_CASE("whatever happens, a live table is what a kept one becomes, and so is each row of it",
          "[projections][live][model]")
{
    CHECK(rc::check("live", [] {
        Machine machine{el::RowPlace::memory};
        const auto kept = machine.add(homes()).value();
        const auto live = el::live(*machine.store, homes());
        for (int left = *rc::gen::inRange(0, 40); left > 0; --left) {
            const PersonId who{std::to_string(*rc::gen::inRange(0, 5))};
            const std::string city(1, static_cast<char>('a' + *rc::gen::inRange(0, 3)));
            switch (*rc::gen::inRange(0, 4)) {
            case 0:
                machine.record(who, in(city));
                break;
            case 1:
                machine.record(who, Moved{city});
                break;
            case 2:
                machine.record(who, Left{});
                break;
            default:
                RC_ASSERT(live.now().has_value()); // and a fold ends here
            }
        }
        RC_ASSERT(machine.catch_up().has_value());
        const auto rows = cities_of(kept);
        RC_ASSERT(cities_of(live.now().value()) == rows);
        for (int i = 0; i < 5; ++i) {
            const PersonId who{std::to_string(i)};
            const auto row   = live.get(who).value();
            const auto found = rows.find(who.value);
            RC_ASSERT(row.has_value() == (found != rows.end()));
            if (row) RC_ASSERT(row->city == found->second);
        }
    }));
}

TEST_CASE("each of many who ask a live table at once sees what was written before", "[projections][live]")
{
    el::SystemExecutor executor;
    const el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    const auto store = el::open_memory_store(runtime);
    const auto live  = el::live(*store, homes());
    std::atomic<int> missed{0};
    std::latch all_are_there{4};
    const auto write_and_ask = [&](const std::string& who) {
        const auto& type = el::event_type<Person, Joined>();
        all_are_there.arrive_and_wait();
        for (int i = 0; i < 300; ++i) {
            const PersonId person{who + std::to_string(i)};
            el::NewEvent event{.id = runtime.ids.next(), .type = std::string{type.name}, .data = {}, .metadata = {}};
            const Joined fact = in("York");
            type.encode(&fact, event.data);
            if (not store->append({.streams = {{person.stream(), el::ExpectedVersion::any(), {event}}}})) ++missed;
            const auto table = live.now();
            if (not table || not table.value().get(person).value()) ++missed;
        }
    };
    std::vector<std::thread> all;
    for (const auto* who : {"a", "b", "c", "d"}) all.emplace_back(write_and_ask, who);
    for (auto& one : all) one.join();
    CHECK(missed == 0);
    CHECK(live.now().value().size().value() == 1'200);
}

TEST_CASE("a live table is told when the log ends before what it has folded", "[projections][live]")
{
    // A store whose log can be taken back, as no engine does while it is open.
    class Restorable final : public el::EventStore {
    public:
        el::EventStore* now = nullptr;

        el::result<el::Appended> append(const el::AppendRequest& request) override { return now->append(request); }
        void append(el::AppendRequest request, el::AppendCompletion done) override
        {
            now->append(std::move(request), std::move(done));
        }
        std::unique_ptr<el::EventCursor> read(const el::ReadRequest& request) const override
        {
            return now->read(request);
        }
        el::result<std::optional<el::RecordedEvent>> find_event(const el::Uuid& id) const override
        {
            return now->find_event(id);
        }
        el::result<std::uint64_t> stream_length(std::string_view of) const override { return now->stream_length(of); }
        el::result<std::vector<std::string>> stored_types() const override { return now->stored_types(); }
        el::result<std::optional<el::CommandRecord>> find_command(const el::Uuid& id) const override
        {
            return now->find_command(id);
        }
        el::Position head() const override { return now->head(); }
        el::Observation observe(el::CommitObserver observer) override { return now->observe(std::move(observer)); }
    };
    Log log{el::testing::every_store().front()};
    Log earlier{el::testing::every_store().front()};
    log.record(ada, in("York"));
    log.record(bob, in("Hull"));
    earlier.record(ada, in("York"));
    Restorable store;
    store.now       = log.store.store.get();
    const auto rows = el::live(store, homes());
    CHECK(cities_of(rows.now().value()).size() == 2);
    store.now       = earlier.store.store.get();
    const auto told = rows.now();
    REQUIRE_FALSE(told);
    CHECK(told.error().code == "log-behind-checkpoint");
    CHECK(cities_of(el::live(store, homes()).now().value()) == Rows{{"ada", "York"}});
}

} // namespace live_test
