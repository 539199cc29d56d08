// What every place that keeps rows must do, below the tables: rows, checkpoints, and moments that stay as they were.
#include "projections/people.hpp"
#include "run/inline_model.hpp"

#include <eventloom/framework/cereal_codec.hpp>

#include <rapidcheck.h>

#include <filesystem>

namespace row_places_test {

using namespace people;
using Stored  = el::StoredRow<PersonId, Entry>;
using Entries = std::map<std::string, std::string>; // what stands at which key
const el::row_keys::OfTable keys;

// A place of rows under test.
struct Place {
    explicit Place(const Way& under_test) : way{under_test} { open(); }

    void open()
    {
        model.reset(); // before it is opened again
        if (way.place == el::RowPlace::log) return open_in_log();
        auto opened = el::open_read_model(runtime, way.place, directory.path() + "/model", *definition);
        REQUIRE(opened);
        model = opened.value();
    }
    void open_in_log()
    {
        if (not store || way.engine == el::testing::LogEngine::leveldb) {
            store.reset();
            store = el::testing::open_log(runtime, way.engine, directory.path() + "/log");
        }
        model = std::make_shared<el::InlineModel>(*store, definition->name(), "of the model/");
        REQUIRE(model->load(definition->version()));
    }

    const Way way;
    el::SimulatedExecutor simulated{1};
    el::Runtime runtime{simulated, simulated, simulated, el::system_files()};
    el::testing::TemporaryDirectory directory;
    std::shared_ptr<const el::UntypedProjection> definition = people::directory().definition;
    std::unique_ptr<el::EventStore> store; // where the rows lie in its log
    std::shared_ptr<el::ReadModel> model;
};

// Those that are there after a restart.
const std::vector<Way> lasting_ways{
    {el::RowPlace::leveldb}, {el::RowPlace::sqlite}, {el::RowPlace::log, el::testing::LogEngine::leveldb}};

std::string key_of(const std::string& who)
{
    return keys.row(el::ordered_key(PersonId{who}));
}
std::string row_of(const std::string& who, const std::string& city)
{
    std::string bytes;
    el::codec<Stored>::encode({{who}, {{}, city, {}, {}}}, bytes);
    return bytes;
}
std::string entry_of(const std::string& city, const std::string& who)
{
    return keys.index("city", el::ordered_key(city, Day{}, PersonId{who}));
}

void put(el::ModelBatch& batch, const std::string& who, const std::string& city)
{
    batch.put(key_of(who), row_of(who, city));
}

// Rows and index entries of a span, in the order in which they are scanned.
std::vector<std::pair<std::string, std::string>> scanned(const el::ReadModelView& view, const el::KeySpan& span,
                                                         bool backwards = false)
{
    std::vector<std::pair<std::string, std::string>> found;
    const auto cursor = view.scan(span, backwards);
    for (; cursor->valid(); cursor->next()) found.emplace_back(cursor->key(), cursor->value());
    REQUIRE(cursor->status());
    return found;
}

TEST_CASE("rows, their number and the checkpoint are written together and read back", "[projections][places]")
{
    Place place{GENERATE(from_range(every_way))};
    CHECK(place.model->checkpoint() == 0);
    CHECK_FALSE(place.model->find(key_of("ada")).value());
    el::ModelBatch batch;
    put(batch, "ada", "York");
    put(batch, "bob", "Hull");
    batch.remove(key_of("eve")); // which is not there
    batch.count({}, 2);
    REQUIRE(place.model->write(batch, 7));
    CHECK(place.model->checkpoint() == 7);
    CHECK(place.model->rows() == 2);
    CHECK(place.model->find(key_of("ada")).value() == row_of("ada", "York"));
    const auto view = place.model->view();
    CHECK(view->get(key_of("bob")).value() == row_of("bob", "Hull"));
    CHECK(view->number(el::row_keys::of_checkpoint()).value() == 7);
    CHECK(view->number(keys.row_count()).value() == 2);
    CHECK(view->number(el::row_keys::of_version()).value() == 1);

    el::ModelBatch less;
    put(less, "ada", "Leeds");
    less.remove(key_of("bob"));
    less.count({}, -1);
    REQUIRE(place.model->write(less, 8));
    CHECK(place.model->rows() == 1);
    CHECK(place.model->find(key_of("ada")).value() == row_of("ada", "Leeds"));
    CHECK_FALSE(place.model->find(key_of("bob")).value());
}

TEST_CASE("after opening again the rows are those of the checkpoint, and what was not written is not there",
          "[projections][places][crash]")
{
    Place place{GENERATE(from_range(lasting_ways))};
    el::ModelBatch written;
    put(written, "ada", "York");
    written.put(entry_of("York", "ada"), el::ordered_key(PersonId{"ada"}));
    written.count({}, 1);
    REQUIRE(place.model->write(written, 5));
    el::ModelBatch lost; // with the process, before it came to be written
    put(lost, "bob", "York");
    place.open();
    CHECK(place.model->checkpoint() == 5);
    CHECK(place.model->rows() == 1);
    CHECK(place.model->find(key_of("ada")).value() == row_of("ada", "York"));
    CHECK(place.model->find(entry_of("York", "ada")).value() == el::ordered_key(PersonId{"ada"}));
    CHECK_FALSE(place.model->find(key_of("bob")).value());
}

TEST_CASE("rows in memory begin anew, and so does their checkpoint", "[projections][places]")
{
    Place place{{el::RowPlace::memory}};
    el::ModelBatch batch;
    put(batch, "ada", "York");
    REQUIRE(place.model->write(batch, 5));
    place.open();
    CHECK(place.model->checkpoint() == 0);
    CHECK_FALSE(place.model->find(key_of("ada")).value());
    CHECK_FALSE(std::filesystem::exists(place.directory.path() + "/model"));
}

TEST_CASE("a view keeps its moment and its read model, also one that was replaced and goes", "[projections][places]")
{
    Place place{GENERATE(from_range(every_way))};
    el::ModelBatch batch;
    put(batch, "ada", "York");
    put(batch, "bob", "Hull");
    REQUIRE(place.model->write(batch, 1));
    auto view = place.model->view();
    el::ModelBatch more;
    more.remove(key_of("ada"));
    put(more, "bob", "Leeds");
    put(more, "eve", "York");
    REQUIRE(place.model->write(more, 2));
    place.model->remove_when_done();
    place.model.reset();
    CHECK(view->number(el::row_keys::of_checkpoint()).value() == 1);
    CHECK(view->get(key_of("ada")).value() == row_of("ada", "York"));
    CHECK(view->get(key_of("bob")).value() == row_of("bob", "Hull"));
    CHECK_FALSE(view->get(key_of("eve")).value());
    CHECK(scanned(*view, el::detail::keys_beginning_with(keys.row())).size() == 2);
    view.reset();
    CHECK_FALSE(std::filesystem::exists(place.directory.path() + "/model"));
}

// ---- random writes, and views of random moments, against plain maps

std::string drawn_person()
{
    return std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 6)));
}
std::string drawn_city()
{
    using namespace std::string_literals;
    return *rc::gen::element(""s, "a"s, "a\0b"s, "a\xff"s, "b"s);
}

void write_something(el::ReadModel& model, Entries& entries)
{
    el::ModelBatch batch;
    for (int left = *rc::gen::inRange(1, 8); left > 0; --left) {
        const auto who  = drawn_person();
        const auto city = drawn_city();
        const bool row  = *rc::gen::arbitrary<bool>();
        const auto key  = row ? key_of(who) : entry_of(city, who);
        if (*rc::gen::inRange(0, 3) == 0) {
            batch.remove(key);
            entries.erase(key);
        } else {
            entries[key] = row ? row_of(who, city) : el::ordered_key(PersonId{who});
            batch.put(key, entries[key]);
        }
    }
    RC_ASSERT(model.write(batch, model.checkpoint() + 1).has_value());
}

void check_view(const el::ReadModelView& view, const Entries& entries)
{
    for (const auto& [key, stored] : entries) RC_ASSERT(view.get(key).value() == stored);
    const auto some_key = [] {
        return *rc::gen::arbitrary<bool>() ? key_of(drawn_person()) : entry_of(drawn_city(), drawn_person());
    };
    RC_ASSERT(view.get(some_key()).has_value());
    el::KeySpan span = *rc::gen::element(el::detail::keys_beginning_with(keys.row()),
                                         el::detail::keys_beginning_with(keys.index("city")));
    if (*rc::gen::arbitrary<bool>()) span.first = some_key();
    if (*rc::gen::arbitrary<bool>()) span.last = some_key();
    std::vector<std::pair<std::string, std::string>> wanted;
    for (const auto& entry : entries) {
        if (entry.first >= span.first && entry.first < span.last) wanted.push_back(entry);
    }
    RC_ASSERT(scanned(view, span) == wanted);
    std::reverse(wanted.begin(), wanted.end());
    RC_ASSERT(scanned(view, span, true) == wanted);
}

TEST_CASE("whatever is written, each view gives what a map of its moment gives", "[projections][places][model]")
{
    const auto way = GENERATE(from_range(every_way));
    INFO(way);
    CHECK(rc::check("views", [&] {
        Place place{way};
        Entries entries;
        std::vector<std::pair<std::shared_ptr<const el::ReadModelView>, Entries>> views;
        for (int left = *rc::gen::inRange(0, 25); left > 0; --left) {
            write_something(*place.model, entries);
            if (*rc::gen::inRange(0, 3) == 0) views.emplace_back(place.model->view(), entries);
            if (not views.empty() && *rc::gen::inRange(0, 4) == 0) {
                const auto which = views.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(views));
                check_view(*which->first, which->second);
                views.erase(which);
            }
        }
        for (const auto& [view, then] : views) check_view(*view, then);
        check_view(*place.model->view(), entries);
    }));
}

// ---- above: what the engine makes of a place

TEST_CASE("a projection may move to another place, and is folded there anew", "[projections][places]")
{
    Machine machine;
    REQUIRE(machine.add(directory()));
    machine.record({"ada"}, Joined{{}, "York", {5}, day(1)});
    REQUIRE(machine.catch_up());
    for (const auto place :
         {el::RowPlace::log, el::RowPlace::sqlite, el::RowPlace::memory, el::RowPlace::leveldb, el::RowPlace::log}) {
        machine.place = place;
        machine.reopen();
        const auto rows = machine.add(directory());
        REQUIRE(rows);
        machine.projections->start();
        machine.record({"ada"}, Moved{"York"});
        REQUIRE(machine.catch_up());
        CHECK(rows.value().get({"ada"}).value()->city == "York");
        CHECK(rows.value().size().value() == 1);
        CHECK(machine.projections->verify("directory").value().differences_total == 0);
        CHECK(machine.projections->left_behind().value().empty());
    }
}

TEST_CASE("a read model goes on from its checkpoint after a restart, with its rows", "[projections][places]")
{
    Machine machine{GENERATE(from_range(every_place))};
    const bool lasts = machine.place != el::RowPlace::memory;
    REQUIRE(machine.add(census()));
    machine.record({"ada"}, Joined{{}, "York", {5}, day(1)});
    machine.record({"bob"}, Joined{{}, "York", {5}, day(1)});
    REQUIRE(machine.catch_up());
    machine.reopen();
    const auto [cities, people] = machine.add(census()).value();
    CHECK(cities.position().value() == (lasts ? 2u : 0u));
    CHECK(people.size().value() == (lasts ? 2u : 0u));
    CHECK(machine.projections->status().at(0).rows == (lasts ? 3u : 0u));
    machine.record({"eve"}, Joined{{}, "York", {5}, day(1)});
    REQUIRE(machine.catch_up());
    CHECK(cities.get({"York"}).value()->people == 3);
    CHECK(people.size().value() == 3);
    CHECK(machine.projections->verify("census").value().differences_total == 0);
}

TEST_CASE("rows that are asked for while they are being written are those that were written", "[projections][places]")
{
    Machine machine{GENERATE(from_range(every_place))};
    const auto counts =
        el::projection<CityName, City>("counts", 1, el::from<Person>(),
                                       [](CityTable& rows, const Moved& event) { ++rows.update({event.city}).people; });
    // No row stays in memory from one batch to the next.
    const auto rows = machine.projections->add(counts, {.kept_in = machine.place, .rows_bytes_max = 1}).value();
    std::map<std::string, std::int64_t> expected;
    for (int i = 0; i < 20'000; ++i) {
        const auto city = "city " + std::to_string(machine.simulated.draw(50));
        machine.record({"ada"}, Moved{city});
        ++expected[city];
    }
    REQUIRE(machine.projections->rebuild("counts"));
    std::map<std::string, std::int64_t> found;
    const auto page = rows.all().value();
    for (const auto& [city, row] : page.rows) found[city.value] = row.people;
    CHECK(found == expected);
}

} // namespace row_places_test
