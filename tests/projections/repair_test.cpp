// One row is made what the log gives, and all others stay as they are.
#include "projections/people.hpp"

#include <eventloom/projections/detail/row_keys.hpp>

#include "rows/generations.hpp"
#include "support/answers.hpp"

namespace repair_test {

using namespace people;

// What one city has: a row that many streams change.
struct Crowd {
    std::int64_t people = 0;
};

el::Projected<CityName, Crowd> crowds()
{
    return el::projection<CityName, Crowd>("crowds", 1, el::from<Person>(),
                                           el::index("people", [](const Crowd& row) { return row.people; }),
                                           el::keyed_by([](const Joined& event) { return CityName{event.city}; }),
                                           [](Crowd& row, const Joined&) { ++row.people; });
}

struct Resident {
    std::string city;
};
// A row for each stream, which is folded from that stream alone.
el::Projected<PersonId, Resident> residents()
{
    return el::projection<PersonId, Resident>(
        "residents", 1, el::index("city", [](const Resident& row) { return row.city; }),
        [](Resident& row, const Joined& event) { row.city = event.city; },
        [](Resident& row, const Moved& event) -> el::result<void> {
            if (event.city == "Atlantis") return el::fail(el::Failure::invalid, "no-such-city", "Nobody lives there.");
            row.city = event.city;
            return el::done();
        },
        [](Resident&, const Left&) { return el::drop_row; });
}

// Every key of a read model with its value, as they stand in its files.
using Bytes = std::map<std::string, std::string>;

struct Damaged : Machine {
    using Machine::Machine;

    // Three people, of whom eve has left, in every projection here.
    void settle()
    {
        record({"ada"}, Joined{"a@x", "York", {5}, day(1)});
        record({"bob"}, Joined{"b@x", "York", {7}, day(2)});
        record({"eve"}, Joined{"e@x", "Hull", {9}, day(3)});
        record({"eve"}, Left{"for the sea"});
        record({"bob"}, Moved{"Hull"});
        REQUIRE(catch_up());
    }

    std::shared_ptr<el::ReadModel> open(const std::string& name, const el::UntypedProjection& definition) const
    {
        const el::Generations generations{runtime, directory.path() + "/" + name};
        const auto number = generations.current().value()->number;
        return el::open_read_model(runtime, place, generations.directory_of(number), definition).value();
    }

    template <class Projected>
    Bytes bytes_of(const Projected& projected)
    {
        projections.reset();
        Bytes bytes;
        {
            const auto view   = open(projected.definition->name(), *projected.definition)->view();
            const auto cursor = view->scan({{}, "\xff"});
            for (; cursor->valid(); cursor->next()) bytes.emplace(cursor->key(), cursor->value());
        }
        reopen();
        return bytes;
    }

    // Writes into the files what no handler has written.
    template <class Projected, class Write>
    void damage(const Projected& projected, const Write& write)
    {
        projections.reset();
        {
            const auto model = open(projected.definition->name(), *projected.definition);
            el::ModelBatch batch;
            write(batch);
            REQUIRE(model->write(batch, model->checkpoint()));
        }
        reopen();
    }
};

std::string row_key(const std::string& id, std::string_view table = {})
{
    return el::row_keys::OfTable{table}.row(el::ordered_key(id));
}
std::string city_entry(const std::string& city, const std::string& id)
{
    return el::row_keys::OfTable{}.index("city", el::ordered_key(city)) + el::ordered_key(id);
}

TEST_CASE("a row that was damaged is made what the log gives, with its entries, and all others stay byte for byte",
          "[projections][repair]")
{
    Damaged machine{GENERATE(from_range(every_lasting_place))};
    const auto projected = residents();
    REQUIRE(machine.add(projected));
    machine.settle();
    const auto whole = machine.bytes_of(projected);
    const auto key   = el::ordered_key(std::string{"bob"});
    SECTION("its bytes")
    {
        machine.damage(projected, [&](el::ModelBatch& batch) { batch.put(row_key("bob"), whole.at(row_key("ada"))); });
    }
    SECTION("bytes that cannot be read")
    {
        if (machine.place == el::RowPlace::sqlite) return; // what has no columns cannot be written there
        machine.damage(projected, [&](el::ModelBatch& batch) {
            auto bytes = whole.at(row_key("bob"));
            bytes.resize(bytes.size() - 1);
            batch.put(row_key("bob"), bytes);
        });
    }
    SECTION("an entry that leads to it and should not, and one that is missing")
    {
        machine.damage(projected, [&](el::ModelBatch& batch) {
            batch.remove(city_entry("Hull", "bob"));
            batch.put(city_entry("York", "bob"), key);
        });
    }
    SECTION("the row itself is missing, and was counted down or not")
    {
        const auto counted = GENERATE(0, -1);
        machine.damage(projected, [&](el::ModelBatch& batch) {
            batch.remove(row_key("bob"));
            batch.count("", counted);
        });
    }
    REQUIRE(machine.add(projected));
    CHECK(machine.projections->verify("residents").value().differences_total > 0);
    const auto repaired = machine.projections->repair("residents", {.table = {}, .key = "bob"});
    REQUIRE(repaired);
    CHECK(repaired.value().position == 5);
    CHECK(repaired.value().after->find("Hull") != std::string::npos);
    CHECK(machine.projections->verify("residents").value().differences_total == 0);
    CHECK(machine.bytes_of(projected) == whole);
}

TEST_CASE("a row that the log does not give is removed, and nothing else", "[projections][repair]")
{
    Damaged machine{GENERATE(from_range(every_lasting_place))};
    const auto projected = residents();
    REQUIRE(machine.add(projected));
    machine.settle();
    const auto whole = machine.bytes_of(projected);
    machine.damage(projected, [&](el::ModelBatch& batch) {
        batch.put(row_key("eve"), whole.at(row_key("ada")));
        batch.put(city_entry("York", "eve"), el::ordered_key(std::string{"eve"}));
        batch.count("", 1);
    });
    REQUIRE(machine.add(projected));
    const auto repaired = machine.projections->repair("residents", {.table = {}, .key = "eve"});
    REQUIRE(repaired);
    CHECK(repaired.value().before);
    CHECK_FALSE(repaired.value().after);
    CHECK(repaired.value().entries == 1);
    CHECK(machine.bytes_of(projected) == whole);
}

TEST_CASE("a row that other streams change, too, is folded from the whole log", "[projections][repair]")
{
    Damaged machine{GENERATE(from_range(every_lasting_place))};
    const auto projected = crowds();
    REQUIRE(machine.add(projected));
    machine.settle();
    const auto whole = machine.bytes_of(projected);
    machine.damage(projected, [&](el::ModelBatch& batch) { batch.put(row_key("York"), whole.at(row_key("Hull"))); });
    const auto table = machine.add(projected).value();
    machine.record({"joe"}, Joined{"j@x", "York", {1}, day(4)}); // which the projection has not handled yet
    REQUIRE(machine.projections->repair("crowds", {.table = {}, .key = "York"}));
    CHECK(table.get({"York"}).value()->people == 2);
    REQUIRE(machine.catch_up());
    CHECK(table.get({"York"}).value()->people == 3);
    CHECK(machine.projections->verify("crowds").value().differences_total == 0);
}

TEST_CASE("one of several tables is repaired with its own entries, in unique indexes too, and its own number of rows",
          "[projections][repair][tables]")
{
    Damaged machine{GENERATE(from_range(every_lasting_place))};
    const auto projected   = census();
    const auto& definition = *projected.definition;
    const auto whole_of    = [&] { return machine.bytes_of(el::Projected<PersonId, Entry>{projected.definition}); };
    REQUIRE(machine.add(projected));
    machine.settle();
    const auto whole = whole_of();
    const auto email = definition.tables()[1].keys.index("email", el::ordered_key(std::optional{std::string{"b@x"}}));
    REQUIRE(whole.contains(email));
    machine.damage(el::Projected<PersonId, Entry>{projected.definition}, [&](el::ModelBatch& batch) {
        batch.remove(row_key("bob", "people"));
        batch.put(email, el::ordered_key(std::string{"ada"}));
        batch.count("people", -1);
    });
    REQUIRE(machine.add(projected));
    REQUIRE(machine.projections->repair("census", {.table = "people", .key = "bob"}));
    CHECK(machine.projections->verify("census").value().differences_total == 0);
    CHECK(whole_of() == whole);
}

TEST_CASE("a repair leaves out what the projection went on without", "[projections][repair][dead-letters]")
{
    Damaged machine;
    const auto projected = residents();
    const el::ProjectionOptions parking{.on_failure = el::OnFailure::park};
    REQUIRE(machine.projections->add(projected, parking));
    machine.settle();
    machine.record({"bob"}, Moved{"Atlantis"});
    REQUIRE(machine.catch_up());
    REQUIRE(machine.projections->dead_letters("residents").value().size() == 1);
    const auto whole = machine.bytes_of(projected);
    machine.damage(projected, [&](el::ModelBatch& batch) { batch.remove(row_key("bob")); });
    REQUIRE(machine.projections->add(projected, parking));
    REQUIRE(machine.projections->repair("residents", {.table = {}, .key = "bob"}));
    CHECK(machine.bytes_of(projected) == whole);
}

TEST_CASE("a repair while the projection follows the log loses nothing, and tells who watches the row",
          "[projections][repair]")
{
    Damaged machine{GENERATE(from_range(every_place))};
    const auto table = machine.add(crowds()).value();
    machine.settle();
    const auto meanwhile = [&](el::Position, el::Position) -> el::result<void> {
        if (machine.store->head() < 7) machine.record({"joe"}, Joined{"j@x", "York", {1}, day(4)});
        return el::done();
    };
    REQUIRE(machine.projections->repair("crowds", {.table = {}, .key = "York"}, meanwhile));
    REQUIRE(machine.catch_up());
    CHECK(table.get({"York"}).value()->people > 2);
    CHECK(machine.projections->verify("crowds").value().differences_total == 0);
}

TEST_CASE("what cannot be repaired is refused with a sentence, and nothing is changed", "[projections][repair]")
{
    Damaged machine;
    REQUIRE(machine.add(crowds()));
    REQUIRE(machine.add(census()));
    REQUIRE(machine.add(el::projection<std::int64_t, Crowd>(
        "ages", 1, el::from<Person>(),
        el::keyed_by([](const Joined& event) { return std::int64_t{event.born.time_since_epoch().count()}; }),
        [](Crowd& row, const Joined&) { ++row.people; })));
    machine.settle();
    const auto code_of = [&](const std::string& name, const el::RowName& row) {
        const auto repaired = machine.projections->repair(name, row);
        REQUIRE_FALSE(repaired);
        CHECK(repaired.error().sentence.size() > 20);
        return repaired.error().code;
    };
    CHECK(code_of("nobody", {.table = {}, .key = "York"}) == "no-such-projection");
    CHECK(code_of("census", {.table = {}, .key = "York"}) == "no-such-table");
    CHECK(code_of("census", {.table = "towns", .key = "York"}) == "no-such-table");
    CHECK(code_of("ages", {.table = {}, .key = "ten"}) == "not-a-key");
    const auto during = [&](el::Position, el::Position) -> el::result<void> {
        CHECK(code_of("crowds", {.table = {}, .key = "York"}) == "rebuild-under-way");
        return el::done();
    };
    REQUIRE(machine.projections->rebuild("crowds", during));
    CHECK(machine.projections->verify("crowds").value().differences_total == 0);
}

TEST_CASE("verify names an entry of an index by the index and its row, and cuts a row that is long",
          "[projections][repair]")
{
    Damaged machine{GENERATE(from_range(every_lasting_place))};
    const auto projected = residents();
    REQUIRE(machine.add(projected));
    machine.settle();
    machine.record({"dan"}, Joined{{}, std::string(5'000, 'x'), {1}, day(1)});
    REQUIRE(machine.catch_up());
    const auto whole = machine.bytes_of(projected);
    machine.damage(projected, [&](el::ModelBatch& batch) {
        batch.remove(city_entry("Hull", "bob"));
        batch.put(city_entry("Rome", "nobody"), el::ordered_key(std::string{"nobody"}));
        batch.put(row_key("dan"), whole.at(row_key("ada")));
    });
    REQUIRE(machine.add(projected));
    const auto report = machine.projections->verify("residents").value();
    std::string all;
    for (const auto& difference : report.differences) {
        CHECK(difference.sentence.size() < 1'000);
        CHECK(std::all_of(difference.sentence.begin(), difference.sentence.end(), [](char c) { return c >= ' '; }));
        all += difference.sentence + "\n";
    }
    INFO(all);
    CHECK(all.find("is missing from the read model: index city, of the row {\"key\": \"bob\"") != std::string::npos);
    CHECK(all.find("not in what the log gives: index city, of a row that is not there") != std::string::npos);
}

} // namespace repair_test
