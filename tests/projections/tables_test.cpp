#include "projections/people.hpp"

#include <eventloom/projections/ranges.hpp>

#include <range/v3/range/conversion.hpp>
#include <range/v3/view/take.hpp>
#include <range/v3/view/transform.hpp>

#include <csignal>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

namespace tables_test {

using namespace people;
using Keys = std::vector<std::string>;

Joined joined(std::optional<std::string> email, std::string city = "York", std::int64_t pence = 0, int born = 0)
{
    return {std::move(email), std::move(city), Pence{pence}, day(born)};
}

TEST_CASE(
    "two rows with one value in a unique index stop the projection, which names the event, the index and both keys",
    "[projections][tables][unique]")
{
    Machine machine{GENERATE(from_range(every_place))};
    const auto rows = machine.add(directory()).value();
    machine.record({"ada"}, joined("ada@example.org"));
    machine.record({"bob"}, joined("bob@example.org"));
    machine.record({"bob"}, Moved{"Leeds"});
    machine.record({"bob"}, Written{"ada@example.org"});
    machine.record({"eve"}, joined("eve@example.org"));
    const auto failed = machine.catch_up();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == "unique-index-violated");
    for (const char* named : {"event 4 (person-bob, version 2)", "row bob", "row ada", "\"email\""}) {
        CHECK(failed.error().sentence.find(named) != std::string::npos);
    }

    // It stands before that event, whole: rows, entries and checkpoint.
    CHECK(rows.position().value() == 3);
    CHECK(rows.size().value() == 2);
    CHECK(rows.get({"bob"}).value()->city == "Leeds");
    CHECK(rows.one("email", std::optional<std::string>{"ada@example.org"}).value()->key.value == "ada");
    CHECK(rows.one("email", std::optional<std::string>{"bob@example.org"}).value()->key.value == "bob");
    CHECK(machine.projections->verify("directory").value().differences_total == 0);
}

TEST_CASE("a unique value that one row has given up may be another's", "[projections][tables][unique]")
{
    Machine machine{GENERATE(from_range(every_way))};
    const auto rows    = machine.add(directory()).value();
    const bool at_once = GENERATE(true, false); // in one batch, or a batch for each event
    const auto record  = [&](const char* who, const auto& fact) {
        machine.record({who}, fact);
        if (not at_once) REQUIRE(machine.catch_up());
    };
    record("ada", joined("a@example.org"));
    record("bob", joined("b@example.org"));
    record("ada", Swapped{{"ada"}, {"bob"}}); // each takes what the other gives up, in one event
    record("ada", Left{});                    // a row that goes gives its value up
    record("eve", joined("b@example.org"));   //
    record("bob", Written{std::nullopt});     // and so does one that has none any more
    record("dan", joined("a@example.org", "Hull"));
    record("fay", joined(std::nullopt)); // many may have none
    REQUIRE(machine.catch_up());
    const auto owner = [&](const char* email) {
        return rows.one("email", std::optional<std::string>{email}).value()->key;
    };
    CHECK(owner("a@example.org") == PersonId{"dan"});
    CHECK(owner("b@example.org") == PersonId{"eve"});
    CHECK(keys_of(rows.by("email", std::optional<std::string>{})) == Keys{"bob", "fay"});
    CHECK(keys_of(rows.in_order_of("email")) == Keys{"bob", "fay", "dan", "eve"});
    CHECK(machine.projections->verify("directory").value().differences_total == 0);
}

TEST_CASE("money, times and texts stand in their natural order in an index", "[projections][tables][queries]")
{
    Machine machine{GENERATE(from_range(every_way))};
    const auto rows = machine.add(directory()).value();
    machine.record({"a"}, joined({}, "London", -5, 20'000));
    machine.record({"b"}, joined({}, "Lon", 300, -20'000)); // before 1970
    machine.record({"c"}, joined({}, "Ålesund", 0, 0));
    machine.record({"d"}, joined({}, "Leeds", -4'000'000'000'000, 1));
    machine.record({"e"}, joined({}, "Londonderry", 4'000'000'000'000, -1));
    machine.record({"f"}, joined({}, "London", 256, 19'999));
    REQUIRE(machine.catch_up());
    CHECK(keys_of(rows.in_order_of("balance")) == Keys{"d", "a", "c", "f", "b", "e"});
    CHECK(keys_of(rows.by_range("balance", Pence{-5}, Pence{300})) == Keys{"a", "c", "f"});
    CHECK(rows.count_by_range("balance", Pence{-5}, Pence{300}).value() == 3);
    CHECK(keys_of(rows.in_order_of("born")) == Keys{"b", "e", "c", "d", "f", "a"});
    CHECK(keys_of(rows.in_order_of("city")) == Keys{"d", "b", "f", "a", "e", "c"});

    CHECK(keys_of(rows.by("city", std::string{"London"})) == Keys{"f", "a"});
    CHECK(keys_of(rows.by("city", std::tuple{std::string{"London"}, day(20'000)})) == Keys{"a"});
    CHECK(keys_of(rows.by("city", el::starting_with{"Lon"})) == Keys{"b", "f", "a", "e"});
    CHECK(keys_of(rows.by("city", el::starting_with{"Lon"}, {.limit = 2, .backwards = true, .after = {}})) ==
          Keys{"e", "a"});
    CHECK(rows.count_by("city", el::starting_with{"London"}).value() == 3);
    CHECK(keys_of(rows.by_range("city", std::tuple{std::string{"London"}, day(0)},
                                std::tuple{std::string{"London"}, day(20'000)})) == Keys{"f"});
    CHECK(rows.count_between({"b"}, {"e"}).value() == 3);
    CHECK(keys_of(rows.under(el::starting_with{""})) == Keys{"a", "b", "c", "d", "e", "f"});
    CHECK(rows.count_under(el::starting_with{"c"}).value() == 1);
}

TEST_CASE("the rows of a query are a range of one moment, fetched page by page", "[projections][tables][ranges]")
{
    Machine machine{GENERATE(from_range(every_way))};
    const auto rows = machine.add(directory()).value();
    for (int i = 0; i < 25; ++i)
        machine.record({std::string(1, static_cast<char>('a' + i))}, joined({}, "York", -i, i));
    REQUIRE(machine.catch_up());
    const auto key  = ranges::views::transform([](const auto& row) { return row.key.value; });
    const auto keys = [&](auto range) {
        auto found = range | key | ranges::to<std::vector>;
        CHECK(range.status());
        return found;
    };
    const std::size_t limit = GENERATE(1, 4, 5, 25, 256);
    const auto forwards     = rows_of(rows, {.limit = limit, .backwards = false, .after = {}});
    const auto backwards    = rows_of(rows, {.limit = limit, .backwards = true, .after = {}});
    machine.record({"z"}, joined({}, "York", -100, 100)); // after the moment of the ranges
    REQUIRE(machine.catch_up());
    const auto whole    = keys(forwards.all());
    const auto reversed = Keys{whole.rbegin(), whole.rend()};
    REQUIRE(whole.size() == 25);
    CHECK(whole.front() == "a");
    CHECK(keys(backwards.all()) == reversed);
    CHECK(keys(forwards.in_order_of("balance")) == reversed);
    CHECK(keys(backwards.in_order_of("balance")) == whole);
    CHECK(keys(forwards.between({"c"}, {"f"})) == Keys{"c", "d", "e"});
    CHECK(keys(forwards.under(el::starting_with{"g"})) == Keys{"g"});
    CHECK(keys(forwards.by("city", std::string{"York"})) == whole);
    CHECK(keys(forwards.by("city", std::string{"Hull"})).empty());
    CHECK(keys(backwards.by_range("born", day(3), day(6))) == Keys{"f", "e", "d"});
    auto first = forwards.all();
    CHECK((first | key | ranges::views::take(3) | ranges::to<std::vector>) == Keys{"a", "b", "c"});
    CHECK(keys(rows_of(rows, {.limit = limit, .backwards = false, .after = {}}).all()).size() == 26);
}

TEST_CASE("a range fetches no page before it is needed, and ends at an error, which it says",
          "[projections][tables][ranges]")
{
    std::vector<std::string> fetched;
    using People     = el::Page<PersonId, Entry>;
    const auto fetch = [&](const el::PageRequest& request) -> el::result<People> {
        fetched.push_back(request.after);
        if (request.after == "second") return el::fail(el::Failure::corrupt, "torn", "The page is torn.");
        return People{{{{"1"}, {}}, {{"2"}, {}}}, request.after.empty() ? "first" : "second"};
    };
    el::RowRange<PersonId, Entry> range{fetch, {.limit = 2, .backwards = false, .after = {}}};
    CHECK(fetched.empty());
    CHECK((range | ranges::views::take(1) | ranges::to<std::vector>).size() == 1);
    CHECK(fetched == Keys{""});
    CHECK(range.status());

    el::RowRange<PersonId, Entry> whole{fetch, {.limit = 2, .backwards = false, .after = {}}};
    std::size_t rows = 0;
    for (const auto& row : whole) rows += row.key.value.size();
    CHECK(rows == 4);
    REQUIRE_FALSE(whole.status());
    CHECK(whole.status().error().code == "torn");
}

TEST_CASE("several tables of a projection are changed by one event and seen in one moment",
          "[projections][tables][several]")
{
    Machine machine{GENERATE(from_range(every_way))};
    const auto tables = machine.add(census()).value();
    machine.record({"ada"}, joined("ada@example.org", "York", 5));
    machine.record({"bob"}, joined("bob@example.org", "York", 6));
    machine.record({"eve"}, joined("eve@example.org", "Hull", -7));
    REQUIRE(machine.catch_up());
    const auto then = el::at_one_moment(tables);
    machine.record({"fay"}, joined({}, "York", 1));
    machine.record({"ada"}, Written{"a@example.org"});
    REQUIRE(machine.catch_up());

    const auto& [cities, people] = tables;
    CHECK(cities.get({"York"}).value()->people == 3);
    CHECK(cities.get({"York"}).value()->balance == Pence{12});
    CHECK(people.get({"ada"}).value()->email == "a@example.org");
    CHECK(keys_of(cities.in_order_of("people", {.limit = 1, .backwards = true, .after = {}})) == Keys{"York"});
    CHECK(keys_of(people.by("city", std::string{"York"})) == Keys{"ada", "bob", "fay"});
    CHECK(cities.size().value() == 2);
    CHECK(people.size().value() == 4);
    CHECK(machine.projections->status().at(0).rows == 6);

    const auto& [cities_then, people_then] = then;
    CHECK(cities_then.get({"York"}).value()->people == 2);
    CHECK(people_then.size().value() == 3);
    CHECK(people_then.position().value() == 3);
    CHECK(cities_then.position().value() == 3);

    REQUIRE(machine.projections->rebuild("census"));
    CHECK(people.size().value() == 4);
    CHECK(people_then.size().value() == 3);
    CHECK(machine.projections->verify("census").value().rows == 6);
    CHECK(machine.projections->verify("census").value().differences_total == 0);
}

TEST_CASE("an event that breaks a rule of one table changes none of the projection's tables",
          "[projections][tables][several]")
{
    Machine machine{GENERATE(from_range(every_place))};
    const auto [cities, people] = machine.add(census()).value();
    machine.record({"ada"}, joined("ada@example.org", "York"));
    machine.record({"bob"}, joined("ada@example.org", "York"));
    const auto failed = machine.catch_up();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().sentence.find("row bob of people") != std::string::npos);
    CHECK(cities.get({"York"}).value()->people == 1);
    CHECK(people.size().value() == 1);
    CHECK(people.position().value() == 1);
}

TEST_CASE("verify names the table of a row that is not what the log gives", "[projections][tables][verify]")
{
    Machine machine{GENERATE(from_range(every_lasting_place))};
    machine.record({"ada"}, joined({}, "York"));
    const auto fold_with = [&](auto projected) {
        machine.reopen();
        REQUIRE(machine.add(projected));
        REQUIRE(machine.catch_up());
    };
    // The rows of another program, whose handler counts wrongly, under the eyes of this one.
    fold_with(el::projection(
        "census", 1, el::keep_table<CityName, City>("cities"), el::keep_table<PersonId, Entry>("people"),
        [](CityTable& cities, EntryTable& people, const Joined& event, const el::RecordedEvent& where) {
            people.update(el::id_of_stream<Person>(where.stream)) = {event.email, event.city, {}, event.born};
            cities.update({event.city}).people                    = 7;
        }));
    fold_with(el::projection("census", 1, el::keep_table<CityName, City>("cities"),
                             el::keep_table<PersonId, Entry>("people"),
                             [](CityTable& cities, EntryTable& people, const Joined& event) {
                                 people.update({"ada"})             = {event.email, event.city, {}, event.born};
                                 cities.update({event.city}).people = 1;
                             }));
    const auto report = machine.projections->verify("census");
    REQUIRE(report);
    REQUIRE(report.value().differences_total == 1);
    const auto& sentence = report.value().differences.front().sentence;
    CHECK(sentence.find("a row of cities is not what the log gives") == 0);
    CHECK(sentence.find("\"people\": 7") != std::string::npos);
    CHECK(sentence.find("\"people\": 1") != std::string::npos);
}

TEST_CASE("a function may say which row an event means", "[projections][tables]")
{
    Machine machine{GENERATE(from_range(every_way))};
    const auto rows =
        machine
            .add(el::projection<CityName, City>("arrivals", 1, el::from<Person>(),
                                                el::keyed_by([](const Joined& event) { return CityName{event.city}; }),
                                                [](City& row, const Joined&) { ++row.people; }))
            .value();
    for (const char* city : {"York", "Hull", "York"}) machine.record({"someone"}, joined({}, city));
    REQUIRE(machine.catch_up());
    CHECK(rows.get({"York"}).value()->people == 2);
    CHECK(rows.get({"Hull"}).value()->people == 1);
}

TEST_CASE("keys are read as people type them, and written so that they can be typed again", "[projections][keys]")
{
    using Parts = std::tuple<std::string, std::int64_t, bool>;
    CHECK(el::parse_key<PersonId>("a/b\\").value().value == "a/b\\");
    CHECK(el::key_text(PersonId{"a/b\\"}) == "a/b\\");
    CHECK(el::parse_key<std::uint64_t>("18446744073709551615").value() == 18'446'744'073'709'551'615u);
    CHECK(el::parse_key<Day>("1969-12-31").value() == day(-1));
    CHECK(el::key_text(Parts{"a/b\\", -7, true}) == "a\\/b\\\\/-7/true");
    CHECK(el::parse_key<Parts>("a\\/b\\\\/-7/true").value() == Parts{"a/b\\", -7, true});
    for (const char* wrong : {"", "a", "a/1", "a/1/maybe", "a/1x/true", "a/1/true/", "a//true"}) {
        INFO(wrong);
        REQUIRE_FALSE(el::parse_key<Parts>(wrong));
        CHECK(el::parse_key<Parts>(wrong).error().code == "not-a-key");
    }
    CHECK(el::parse_key<Parts>("?").error().sentence.find("text/whole number/true or false") != std::string::npos);
    CHECK_FALSE(el::parse_key<std::uint64_t>("-1"));
    CHECK_FALSE(el::parse_key<Day>("1969-13-31"));
    CHECK_FALSE(el::parse_key<std::optional<int>>("1"));
}

// With functions of its own for cereal.
struct Seat {
    std::string row;
    std::int32_t number = 0;

    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(number);
    }
};
struct Place {
    std::string hall;
    Seat seat;
};

TEST_CASE("a struct in a key is typed by its members, as it is ordered, whatever its own functions write",
          "[projections][keys]")
{
    const Place place{"north", {"a/b", 7}};
    CHECK(el::key_text(place) == "north/a\\/b/7");
    const auto typed = el::parse_key<Place>("north/a\\/b/7");
    REQUIRE(typed);
    CHECK(el::ordered_key(typed.value()) == el::ordered_key(place));
    CHECK(el::parse_key<Seat>("a/7").value().number == 7);
    CHECK(el::parse_key<std::pair<Seat, bool>>("a/7/true").value().first.row == "a");
    CHECK(el::parse_key<std::array<Seat, 2>>("a/7/b/8").value()[1].row == "b");
    CHECK(el::parse_key<Place>("north/7").error().sentence.find("text/text/whole number") != std::string::npos);
}

struct Meeting {
    PersonId with;
};
using Stranger = el::id<struct Other>;

// What a process of its own says when the call ends it.
std::string last_words(const std::function<void()>& call)
{
    int ends[2] = {-1, -1};
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);
        ::dup2(ends[1], STDERR_FILENO);
        call();
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string words;
    for (char byte = 0; ::read(ends[0], &byte, 1) == 1;) words += byte;
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    return words;
}

TEST_CASE("a query with a mistake of the program ends it with the name of the index, or of the id",
          "[projections][tables]")
{
    Machine machine{every_place[0]};
    const auto meetings =
        machine
            .add(el::projection<PersonId, Meeting>("meetings", 1, el::index("with", &Meeting::with),
                                                   [](Meeting& row, const Swapped& event) { row.with = event.other; }))
            .value();
    const auto says = [](const std::string& words, const std::string& sentence) {
        INFO(words);
        CHECK(words.find(sentence) != std::string::npos);
    };
    says(last_words([&] { static_cast<void>(meetings.by("whit", PersonId{"ada"})); }),
         "a query names the index \"whit\", and the table has only: with");
    says(last_words([&] { static_cast<void>(meetings.by("with", Stranger{"ada"})); }),
         "a query asks the index \"with\" for an id of tables_test::Other, and it has ids of people::Person");
    says(last_words([&] { static_cast<void>(meetings.by("with", 1)); }),
         "a query asks the index \"with\" for values of another type");
    says(last_words([&] { static_cast<void>(meetings.under(Stranger{"ada"})); }),
         "a query asks a table for an id of tables_test::Other, and it has ids of people::Person");
    CHECK(meetings.by("with", std::string{"ada"}).value().rows.empty()); // a text may be any id
}

} // namespace tables_test
