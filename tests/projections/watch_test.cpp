// Who watches a table is told of its rows as they change.
#include "projections/people.hpp"

#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/projections/live.hpp>
#include <eventloom/projections/watch.hpp>

namespace watch_test {

using namespace people;
using Changes = el::TableChanges<PersonId, Entry>;
using Texts   = std::vector<std::string>;

const PersonId ada{"ada"};
const PersonId bob{"bob"};
const PersonId eve{"eve"};

Joined in(const std::string& city)
{
    return {{}, city, {}, {}};
}

std::string city_of(const std::optional<Entry>& row)
{
    return row ? row->city : "nowhere";
}

// "2: ada York>Leeds, bob nowhere>Hull"
std::string text_of(const Changes& changes)
{
    std::string text = std::to_string(changes.position) + ":";
    if (changes.read_anew) text += " read anew";
    for (const auto& [key, before, after] : changes.rows) {
        text += " " + key.value + " " + city_of(before) + ">" + city_of(after);
    }
    return text;
}

// Keeps what it is told.
struct Notes {
    std::shared_ptr<el::Subscription> watch(el::Executor& executor, const el::Table<PersonId, Entry>& table,
                                            const el::WatchOptions& options = {})
    {
        return el::watch(
            executor, table,
            [this](const Changes& changes) -> el::result<void> {
                told.push_back(text_of(changes));
                return el::done();
            },
            options);
    }

    Texts told;
};

// Everything that was recorded is in the table, and everybody has been told.
void settle(Machine& machine)
{
    REQUIRE(machine.catch_up());
    machine.simulated.run_until_idle();
}

TEST_CASE("who watches a table is told what each row was and what it is, in order, when the table has it",
          "[projections][watch]")
{
    Machine machine{GENERATE(from_range(every_way))};
    INFO(machine.place);
    const auto table = machine.add(directory()).value();
    machine.record(ada, in("York"));
    settle(machine);
    Texts told;
    const auto watching = el::watch(machine.simulated, table, [&](const Changes& changes) -> el::result<void> {
        told.push_back(text_of(changes));
        for (const auto& [key, before, after] : changes.rows) {
            BOOST_OUTCOME_TRY(const auto row, table.get(key));
            CHECK(city_of(row) == city_of(after));
        }
        BOOST_OUTCOME_TRY(const auto position, table.position());
        CHECK(position == changes.position);
        return el::done();
    });
    settle(machine);
    CHECK(told.empty()); // from now on
    machine.record(ada, Moved{"Leeds"});
    settle(machine);
    machine.record(bob, in("Hull"));
    settle(machine);
    machine.record(ada, Left{});
    settle(machine);
    machine.record(bob, Moved{"Hull"}); // where he was
    settle(machine);
    CHECK(told == Texts{"2: ada York>Leeds", "3: bob nowhere>Hull", "4: ada Leeds>nowhere"});
    CHECK(watching->position() == 4);
    CHECK_FALSE(watching->error());
}

TEST_CASE("a row that many events of one write change is told as one change, and one that is as it was as none",
          "[projections][watch]")
{
    Machine machine{GENERATE(from_range(every_place))};
    const auto table = machine.add(directory()).value();
    Notes notes;
    const auto watching = notes.watch(machine.simulated, table);
    machine.record(ada, in("York"));
    machine.record(bob, in("Hull"));
    machine.record(ada, Moved{"Leeds"});
    machine.record(ada, Moved{"Ely"});
    machine.record(bob, Left{});
    settle(machine); // catches up, with one write
    CHECK(notes.told == Texts{"5: ada nowhere>Ely"});
}

TEST_CASE("each table of a projection tells of its own rows", "[projections][watch]")
{
    Machine machine;
    const auto [cities, people] = machine.add(census()).value();
    Texts told;
    Notes notes;
    const auto of_people = notes.watch(machine.simulated, people);
    const auto of_cities = el::watch(machine.simulated, cities, [&](const auto& changes) -> el::result<void> {
        for (const auto& [key, before, after] : changes.rows) {
            told.push_back(key.value + " " + std::to_string(after->people));
        }
        return el::done();
    });
    machine.record(ada, in("York"));
    settle(machine);
    machine.record(bob, in("York"));
    settle(machine);
    machine.record(bob, Written{"bob@example.org"});
    settle(machine);
    CHECK(told == Texts{"York 1", "York 2"});
    CHECK(notes.told == Texts{"1: ada nowhere>York", "2: bob nowhere>York", "3: bob York>York"});
}

TEST_CASE("a slow handler holds up nobody, and is told to read anew when more waits for it than may",
          "[projections][watch]")
{
    Machine machine;
    const auto table = machine.add(directory()).value();
    el::SimulatedExecutor slow{1}; // runs only when the test says so
    Notes of_slow;
    Notes of_quick;
    const auto limits         = GENERATE(el::WatchOptions{.name = {}, .rows_max = 3, .bytes_max = 1 << 20},
                                         el::WatchOptions{.name = {}, .rows_max = 100, .bytes_max = 600});
    const auto watches_slowly = of_slow.watch(slow, table, limits);
    const auto watches        = of_quick.watch(machine.simulated, table);
    machine.record(ada, in("1"));
    settle(machine);
    slow.run_until_idle();
    CHECK(of_slow.told == Texts{"1: ada nowhere>1"});
    const std::string padding(100, '-');
    for (int city = 2; city <= 5; ++city) {
        machine.record(ada, Moved{std::to_string(city) + padding});
        settle(machine);
    }
    CHECK(of_quick.told.size() == 5);
    slow.run_until_idle();
    REQUIRE(of_slow.told.size() == 2);
    CHECK(of_slow.told[1] == "5: read anew");
    machine.record(ada, Moved{"6"});
    settle(machine);
    slow.run_until_idle();
    CHECK(of_slow.told.back() == "6: ada 5" + padding + ">6");
}

TEST_CASE("one write with more changes than may wait is told as one to read anew", "[projections][watch]")
{
    Machine machine;
    const auto table = machine.add(directory()).value();
    Notes few;
    Notes many;
    const auto watches_few  = few.watch(machine.simulated, table, {.name = {}, .rows_max = 2});
    const auto watches_many = many.watch(machine.simulated, table, {.name = {}, .rows_max = 3});
    for (const auto& who : {ada, bob, eve}) machine.record(who, in("York"));
    settle(machine);
    CHECK(few.told == Texts{"3: read anew"});
    CHECK(many.told == Texts{"3: ada nowhere>York bob nowhere>York eve nowhere>York"});
}

TEST_CASE("a handler that fails is called no more, says why, and holds up neither the table nor another",
          "[projections][watch]")
{
    Machine machine;
    const auto table = machine.add(directory()).value();
    int called       = 0;
    Notes notes;
    const auto failing  = el::watch(machine.simulated, table, [&](const Changes&) -> el::result<void> {
        ++called;
        return el::refuse("page-closed", "The page was closed.");
    });
    const auto watching = notes.watch(machine.simulated, table);
    machine.record(ada, in("York"));
    settle(machine);
    machine.record(ada, Moved{"Leeds"});
    settle(machine);
    CHECK(called == 1);
    REQUIRE(failing->error());
    CHECK(failing->error()->code == "page-closed");
    CHECK(notes.told.size() == 2);
    CHECK(table.get(ada).value()->city == "Leeds");
}

TEST_CASE("who watches a table through a rebuild or a drop is told to read it anew, and goes on",
          "[projections][watch]")
{
    Machine machine{GENERATE(from_range(every_way))};
    const auto table = machine.add(directory()).value();
    machine.record(ada, in("York"));
    settle(machine);
    Notes notes;
    const auto watching = notes.watch(machine.simulated, table);
    REQUIRE(machine.projections->rebuild("directory"));
    machine.simulated.run_until_idle();
    machine.record(bob, in("Hull"));
    settle(machine);
    CHECK(notes.told == Texts{"1: read anew", "2: bob nowhere>Hull"});
    notes.told.clear();
    REQUIRE(machine.projections->drop("directory"));
    settle(machine); // by then the log was folded anew; the handler was called before that, or after it
    REQUIRE_FALSE(notes.told.empty());
    CHECK(notes.told.front().ends_with(": read anew"));
    CHECK(watching->position() == 2);
}

TEST_CASE("a handler is called no more when its subscription was stopped or has gone", "[projections][watch]")
{
    Machine machine;
    const auto table = machine.add(directory()).value();
    Notes stopped;
    Notes gone;
    auto stops = stopped.watch(machine.simulated, table);
    auto goes  = gone.watch(machine.simulated, table);
    machine.record(ada, in("York"));
    REQUIRE(machine.catch_up());
    stops->stop();
    goes.reset();
    machine.record(ada, Moved{"Leeds"});
    settle(machine);
    CHECK(stopped.told.size() <= 1);
    CHECK(gone.told.size() <= 1);

    std::shared_ptr<el::Subscription> itself;
    int called = 0;
    itself     = el::watch(machine.simulated, table, [&](const Changes&) -> el::result<void> {
        ++called;
        itself->stop();
        return el::done();
    });
    machine.record(ada, Moved{"Ely"});
    settle(machine);
    machine.record(ada, Moved{"York"});
    settle(machine);
    CHECK(called == 1);
}

// Rows in a map, and something that happens in the middle of a write.
class InterruptedRows final : public el::ReadModel {
public:
    InterruptedRows() : ReadModel{"a test"} {}
    el::result<std::optional<std::string>> find(std::string_view key) const override
    {
        const auto found = rows_.find(std::string{key});
        return found == rows_.end() ? std::nullopt : std::optional{found->second};
    }
    std::shared_ptr<const el::ReadModelView> view() const override { return nullptr; }

    std::function<el::result<void>()> in_the_middle = [] { return el::done(); };

private:
    el::result<void> commit(const el::ModelBatch& batch) override
    {
        BOOST_OUTCOME_TRY(in_the_middle());
        for (std::size_t i = 0; i < batch.size(); ++i) rows_[std::string{batch[i].key}] = batch[i].stored;
        return el::done();
    }

    std::map<std::string, std::string> rows_;
};

// A table of interrupted rows.
struct Interrupted {
    Interrupted() { current->replace(model); }

    el::result<void> write(const PersonId& who, const std::string& city, el::Position position) const
    {
        std::string stored;
        el::codec<el::StoredRow<PersonId, Entry>>::encode({who, {{}, city, {}, {}}}, stored);
        el::ModelBatch batch;
        batch.put(el::row_keys::OfTable{}.row(el::ordered_key(who)), stored);
        return model->write(batch, position);
    }

    el::SimulatedExecutor simulated{1};
    std::shared_ptr<InterruptedRows> model    = std::make_shared<InterruptedRows>();
    std::shared_ptr<el::CurrentModel> current = std::make_shared<el::CurrentModel>();
    el::Projected<PersonId, Entry> projected  = directory();
    const el::Table<PersonId, Entry> table{projected.definition, 0, current};
};

TEST_CASE("a watcher that begins in the middle of a write is told to read the table again after it",
          "[projections][watch]")
{
    Interrupted rows;
    Notes early;
    Notes late;
    const auto watches = early.watch(rows.simulated, rows.table);
    std::shared_ptr<el::Subscription> watches_late;
    rows.model->in_the_middle = [&] {
        watches_late = late.watch(rows.simulated, rows.table);
        return el::done();
    };
    REQUIRE(rows.write(ada, "York", 1));
    rows.simulated.run_until_idle();
    CHECK(early.told == Texts{"1: ada nowhere>York"});
    CHECK(late.told == Texts{"1: read anew"});
}

TEST_CASE("nobody is told of a write before it is done, nor of one that fails", "[projections][watch]")
{
    Interrupted rows;
    Notes notes;
    const auto watching       = notes.watch(rows.simulated, rows.table);
    rows.model->in_the_middle = [&]() -> el::result<void> {
        rows.simulated.run_until_idle();
        return el::fail(el::Failure::storage, "disk-full", "The disk is full.");
    };
    REQUIRE_FALSE(rows.write(ada, "York", 1));
    rows.simulated.run_until_idle();
    CHECK(notes.told.empty());
    rows.model->in_the_middle = [&]() -> el::result<void> {
        rows.simulated.run_until_idle();
        CHECK(notes.told.empty());
        return el::done();
    };
    REQUIRE(rows.write(ada, "York", 1));
    rows.simulated.run_until_idle();
    CHECK(notes.told == Texts{"1: ada nowhere>York"});
}

TEST_CASE("who watches a live table is told when somebody asks for what is new", "[projections][watch][live]")
{
    Machine machine;
    const auto live  = el::live(*machine.store, directory());
    const auto table = live.now().value();
    Notes notes;
    const auto watching = notes.watch(machine.simulated, table);
    machine.record(ada, in("York"));
    machine.simulated.run_until_idle();
    CHECK(notes.told.empty());
    REQUIRE(live.now());
    machine.simulated.run_until_idle();
    CHECK(notes.told == Texts{"1: ada nowhere>York"});
}

TEST_CASE("on real threads the changes of a table are told in order, and none after its subscription has gone",
          "[projections][watch]")
{
    el::SystemExecutor executor;
    const el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    const auto store = el::open_memory_store(runtime);
    el::EventBus bus{runtime, *store};
    const el::testing::TemporaryDirectory directory_of_rows;
    el::Projections projections{runtime, *store, bus, directory_of_rows.path()};
    const auto table = projections.add(directory(), {.kept_in = el::RowPlace::memory}).value();
    projections.start();
    std::string city = "nowhere"; // of ada, by what is told
    bool in_order    = true;
    el::Position last{0};
    auto watching = el::watch(executor, table, [&](const Changes& changes) -> el::result<void> {
        in_order = in_order && changes.position > last;
        last     = changes.position;
        for (const auto& [key, before, after] : changes.rows) {
            in_order = in_order && city_of(before) == city;
            city     = city_of(after);
        }
        return el::done();
    });
    for (int i = 1; i <= 300; ++i) {
        const Joined fact = in(std::to_string(i));
        const auto& type  = el::event_type<Person, Joined>();
        el::NewEvent event{.id = runtime.ids.next(), .type = std::string{type.name}, .data = {}, .metadata = {}};
        type.encode(&fact, event.data);
        REQUIRE(store->append({.streams = {{ada.stream(), el::ExpectedVersion::any(), {event}}}}));
    }
    REQUIRE(executor.wait_until([&] { return watching->position() == 300; },
                                runtime.clock.now() + std::chrono::minutes{1}));
    watching.reset();
    CHECK(in_order);
    CHECK(city == "300");
}

} // namespace watch_test
