#include "projections/people.hpp"
#include "support/counting_store.hpp"

#include <filesystem>

namespace history_test {

using namespace people;

struct Told {
    el::Position position;
    std::string type;
    std::optional<std::string> before;
    std::optional<std::string> after;
};

el::result<el::Explanation> explain(const Machine& machine, const char* name, const el::RowName& row,
                                    std::vector<Told>& told)
{
    return machine.projections->explain(name, row, [&](const el::RowChange& change) -> el::result<void> {
        told.push_back({change.event.position, change.event.type, change.before, change.after});
        return el::done();
    });
}

bool holds(const std::optional<std::string>& json, const char* text)
{
    return json && json->find(text) != std::string::npos;
}

TEST_CASE("explain tells each event that changed a row, in order, with what it was and what it became",
          "[projections][explain]")
{
    Machine machine{GENERATE(from_range(every_place))};
    REQUIRE(machine.add(directory()));
    machine.record({"ada"}, Joined{"a@example.org", "York", {5}, day(1)});
    machine.record({"bob"}, Joined{"b@example.org", "York", {5}, day(1)});
    machine.record({"ada"}, Moved{"Hull"});
    machine.record({"ada"}, Moved{"Hull"});             // changes nothing
    machine.record({"eve"}, Swapped{{"ada"}, {"bob"}}); // of another stream, but it changes the row
    REQUIRE(machine.catch_up());
    machine.projections->stop();
    machine.record({"ada"}, Left{"tired"}); // the read model has not come so far
    std::vector<Told> told;
    const auto explained = explain(machine, "directory", {{}, "ada"}, told);
    REQUIRE(explained);
    CHECK(explained.value().position == 5);
    CHECK(explained.value().events == 3);
    REQUIRE(told.size() == 3);
    CHECK((told[0].position == 1 && not told[0].before && holds(told[0].after, "\"York\"")));
    CHECK((told[1].position == 3 && holds(told[1].before, "\"York\"") && holds(told[1].after, "\"Hull\"")));
    CHECK((told[2].position == 5 && told[2].type == "swapped" && holds(told[2].after, "b@example.org")));
    CHECK(explained.value().row == told[2].after);

    REQUIRE(machine.projections->drop("directory")); // and begin again, to the end
    REQUIRE(machine.catch_up());
    told.clear();
    REQUIRE(explain(machine, "directory", {{}, "ada"}, told));
    REQUIRE(told.size() == 4);
    CHECK((told[3].before == explained.value().row && not told[3].after));
}

TEST_CASE("what cannot be explained or shown is refused with a sentence, and leaves nothing behind",
          "[projections][explain][as-of]")
{
    Machine machine{GENERATE(from_range(every_lasting_place))};
    REQUIRE(machine.add(directory()));
    REQUIRE(machine.add(census()));
    REQUIRE(machine.add(el::projection<std::int64_t, City>(
        "numbers", 1, el::from<Person>(),
        [](el::Rows<std::int64_t, City>& rows, const Joined& event) { rows.update(event.balance.value); })));
    machine.record({"ada"}, Joined{{}, "York", {5}, day(1)});
    REQUIRE(machine.catch_up());
    std::vector<Told> told;
    CHECK(explain(machine, "census", {{}, "ada"}, told).error().sentence ==
          "asked for a row or a table of the projection census and found no name of a table, but several tables; name "
          "one "
          "of them: cities, people");
    CHECK(explain(machine, "census", {"towns", "ada"}, told).error().code == "no-such-table");
    CHECK(explain(machine, "directory", {"people", "ada"}, told).error().code == "no-such-table");
    CHECK(explain(machine, "numbers", {{}, "five"}, told).error().code == "not-a-key");
    CHECK(explain(machine, "numbers", {{}, "5"}, told).value().events == 1);
    CHECK(explain(machine, "directory", {{}, "nobody"}, told).value().events == 0);
    CHECK(explain(machine, "nothing", {{}, "ada"}, told).error().code == "no-such-projection");
    CHECK(machine.projections->as_of("nothing", 0).error().code == "no-such-projection");
    const auto beyond = machine.projections->as_of("directory", 2);
    REQUIRE_FALSE(beyond);
    CHECK(beyond.error().code == "no-such-position");
    CHECK(beyond.error().sentence.find("ends at 1") != std::string::npos);
    for (const char* name : {"directory", "census", "numbers"}) {
        std::vector<std::string> left;
        for (const auto& entry : std::filesystem::directory_iterator{machine.directory.path() + "/" + name}) {
            left.push_back(entry.path().filename());
        }
        std::sort(left.begin(), left.end());
        CHECK(left == std::vector<std::string>{"current", "generation-1"});
    }
}

// All rows of a table that answers, as JSON.
template <class Key, class Row>
void add_rows(std::vector<std::string>& all, const el::Table<Key, Row>& table)
{
    const auto page = table.all().value();
    for (const auto& row : page.rows) all.push_back(el::codec<el::StoredRow<Key, Row>>::to_json(row));
}

TEST_CASE("the rows as of a position are those of a log that ends there", "[projections][as-of]")
{
    Machine machine{GENERATE(from_range(every_way))};
    Machine cut; // gets the same events one by one, and is looked at after each
    REQUIRE(machine.add(directory()));
    REQUIRE(machine.add(census()));
    const auto people            = cut.projections->add(directory()).value();
    const auto [cities, persons] = cut.projections->add(census()).value();
    std::vector<std::vector<std::string>> then(1);
    const auto record = [&](const std::string& who, const auto& fact) {
        machine.record({who}, fact);
        cut.record({who}, fact);
        REQUIRE(cut.catch_up());
        auto& rows = then.emplace_back();
        add_rows(rows, people);
        add_rows(rows, cities);
        add_rows(rows, persons);
    };
    for (int i = 0; i < 50; ++i) {
        const auto who = std::to_string(cut.simulated.draw(8));
        switch (cut.simulated.draw(4)) {
        case 0:
            record(who, Moved{"city " + std::to_string(i % 3)});
            break;
        case 1:
            record(who, Left{"draws"});
            break;
        default:
            record(who, Joined{std::to_string(i) + "@example.org", "city " + std::to_string(i % 3), {i}, day(i)});
        }
    }
    REQUIRE(machine.catch_up());
    for (el::Position position = 0; position <= 50; ++position) {
        std::vector<std::string> rows;
        const auto directory_then = machine.projections->as_of("directory", position);
        const auto census_then    = machine.projections->as_of("census", position);
        REQUIRE(directory_then);
        REQUIRE(census_then);
        CHECK(directory_then.value().position().value() == position);
        for (const auto& page : {directory_then.value().all("").value(), census_then.value().all("cities").value(),
                                 census_then.value().all("people").value()}) {
            rows.insert(rows.end(), page.rows.begin(), page.rows.end());
        }
        CHECK(rows == then[position]);
        CHECK(machine.projections->row_as_of("directory", {{}, "3"}, position).value() ==
              directory_then.value().row({{}, "3"}).value());
    }
}

// One row for each account, which only its own events change.
auto accounts()
{
    return el::projection<PersonId, City>(
        "accounts", 1, [](City& row, const Joined& event) { row.people = static_cast<int>(event.balance.value); },
        [](City& row, const Moved&) { ++row.people; }, [](City&, const Left&) { return el::drop_row; });
}

TEST_CASE("a row that one stream makes is explained, and shown as it stood, by reading that stream alone",
          "[projections][explain][as-of]")
{
    Machine machine{GENERATE(from_range(every_place))};
    for (int i = 0; i < 100; ++i) machine.record({"other" + std::to_string(i)}, Joined{{}, "York", {i}, day(1)});
    machine.record({"ada"}, Joined{{}, "York", {5}, day(1)}); // at 101
    machine.record({"bob"}, Joined{{}, "York", {5}, day(1)});
    machine.record({"ada"}, Moved{"Hull"}); // at 103
    machine.record({"ada"}, Left{"tired"});
    el::testing::CountingStore counting{*machine.store};
    el::Projections projections{machine.runtime, counting, machine.bus, machine.directory.path()};
    const auto rows = projections.add(accounts(), {.kept_in = machine.place}).value();
    REQUIRE(projections.rebuild("accounts"));

    counting.counts = {};
    std::vector<std::optional<std::string>> told;
    const auto explained =
        projections.explain("accounts", {{}, "ada"}, [&](const el::RowChange& change) -> el::result<void> {
            told.push_back(change.after);
            return el::done();
        });
    REQUIRE(explained);
    REQUIRE(told.size() == 3);
    CHECK((holds(told[0], "\"people\": 5") && holds(told[1], "\"people\": 6") && not told[2]));
    CHECK(counting.counts.events_read == 3);

    counting.counts = {};
    const auto row  = [&](const char* key, el::Position position) {
        return projections.row_as_of("accounts", {{}, key}, position).value();
    };
    CHECK(not row("ada", 100));
    CHECK(row("ada", 101) == told[0]);
    CHECK(row("ada", 102) == told[0]);
    CHECK(row("ada", 103) == told[1]);
    CHECK(not row("ada", 104));
    CHECK(not row("nobody", 104));
    CHECK(counting.counts.events_read <= 5 * 3);
    CHECK(not row("", 104)); // no stream has such a name
    CHECK(projections.row_as_of("accounts", {{}, "ada"}, 105).error().code == "no-such-position");
    CHECK(projections.row_as_of("accounts", {"people", "ada"}, 1).error().code == "no-such-table");
}

TEST_CASE("a projection that is dropped begins anew, and what an earlier program left goes whole",
          "[projections][drop]")
{
    Machine machine{GENERATE(from_range(every_place))};
    {
        el::Projections earlier{machine.runtime, *machine.store, machine.bus, machine.directory.path()};
        REQUIRE(earlier.add(census()));
    }
    const auto rows = machine.add(directory()).value();
    machine.record({"ada"}, Joined{{}, "York", {5}, day(1)});
    REQUIRE(machine.catch_up());
    machine.projections->stop();
    CHECK(machine.projections->left_behind().value() == std::vector<std::string>{"census"});
    REQUIRE(machine.projections->drop("census"));
    CHECK_FALSE(std::filesystem::exists(machine.directory.path() + "/census"));
    CHECK(machine.projections->left_behind().value().empty());
    CHECK(machine.projections->drop("census").error().code == "no-such-projection");
    CHECK(machine.projections->drop("..").error().code == "no-such-projection");

    REQUIRE(machine.projections->drop("directory"));
    CHECK(rows.size().value() == 0);
    CHECK(rows.position().value() == 0);
    REQUIRE(machine.catch_up());
    CHECK(rows.size().value() == 1);
    REQUIRE(machine.projections->drop("directory")); // while it runs
    REQUIRE(machine.catch_up());
    CHECK(rows.size().value() == 1);
    CHECK(machine.projections->verify("directory").value().differences_total == 0);
}

} // namespace history_test
