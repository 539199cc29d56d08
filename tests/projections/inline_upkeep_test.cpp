// Inline projections: rebuilt, asked about the past, and refused where they cannot be.
#include "projections/inline_machine.hpp"

namespace inline_test {

TEST_CASE("an inline projection is rebuilt while appends go on, and no query sees anything but whole rows",
          "[projections][inline][rebuild][threads]")
{
    const auto way = GENERATE(from_range(inline_ways));
    el::SystemExecutor executor{{.threads = 2}};
    const el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    const el::testing::TemporaryDirectory home;
    const auto store = el::testing::open_log(runtime, way.engine, home.path() + "/log");
    el::EventBus bus{runtime, *store};
    el::Projections projections{runtime, *store, bus, home.path() + "/rows"};
    const auto [cities, people] = projections.add(census(), {.kept_in = RowPlace::log}).value();
    projections.start();
    const auto record = [&](int number) {
        const auto& type = el::event_type<Person, Joined>();
        el::NewEvent event{.id = runtime.ids.next(), .type = std::string{type.name}, .data = {}, .metadata = {}};
        const auto fact = joined(std::to_string(number) + "@example.org");
        type.encode(&fact, event.data);
        const auto stream = PersonId{std::to_string(number)}.stream();
        return store->append({.streams = {{stream, el::ExpectedVersion::no_stream(), {event}}}}).has_value();
    };
    for (int i = 0; i < 300; ++i) REQUIRE(record(i));

    std::atomic<bool> over{false};
    std::atomic<int> wrong{0};
    std::atomic<int> written{300};
    std::thread writer{[&] {
        while (not over) {
            const int number = written;
            if (not record(number)) ++wrong;
            // Read your own write: the row is there, and counted.
            const auto row = people.get({std::to_string(number)});
            if (not row || not row.value()) ++wrong;
            if (cities.get({"York"}).value()->people <= number) ++wrong;
            ++written;
        }
    }};
    for (int round = 0; round < 4; ++round) REQUIRE(projections.rebuild("census"));
    over = true;
    writer.join();
    CHECK(wrong == 0);
    CHECK(people.size().value() == static_cast<std::uint64_t>(written));
    const auto verified = projections.verify("census").value();
    CHECK(verified.differences_total == 0);
    CHECK(verified.position == store->head());
}

TEST_CASE("a rebuild of an inline projection leaves one generation, and a failed one the old rows",
          "[projections][inline][rebuild]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    const auto people = machine.add(directory()).value();
    for (int i = 0; i < 20; ++i) machine.record({std::to_string(i)}, joined(std::to_string(i)));
    const auto keys = keys_in_log(*machine.store).size();
    REQUIRE(machine.projections->rebuild("directory"));
    CHECK(keys_in_log(*machine.store).size() == keys);
    const auto no = [](Position, Position) -> el::result<void> {
        return el::fail(el::Failure::unavailable, "had-enough", "I do not want any more.");
    };
    CHECK(machine.projections->rebuild("directory", no).error().code == "had-enough");
    CHECK(keys_in_log(*machine.store).size() == keys);
    machine.record({"ada"}, joined("a@example.org"));
    CHECK(people.size().value() == 21);
    REQUIRE(machine.projections->drop("directory")); // which is to make it anew: appends need its rows
    CHECK(people.size().value() == 21);
    CHECK(differences(machine, "directory") == 0);
}

TEST_CASE("what was read from an inline table before a rebuild stays what it was", "[projections][inline][rebuild]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    const auto people = machine.add(directory()).value();
    machine.record({"ada"}, joined({}, "York"));
    const auto then = people.at_one_moment();
    machine.record({"ada"}, Moved{"Hull"});
    REQUIRE(machine.projections->rebuild("directory"));
    CHECK(then.get({"ada"}).value()->city == "York");
    CHECK(then.count_by("city", std::string{"York"}).value() == 1);
    CHECK(people.get({"ada"}).value()->city == "Hull");
}

TEST_CASE("explain and as-of of an inline projection leave nothing beside the log", "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    machine.add(directory()).value();
    machine.record({"ada"}, joined({}));
    machine.record({"ada"}, Moved{"Hull"});
    const auto keys = keys_in_log(*machine.store);
    std::vector<Position> told;
    const auto visit = [&](const el::RowChange& change) -> el::result<void> {
        told.push_back(change.event.position);
        return el::done();
    };
    REQUIRE(machine.projections->explain("directory", {"", "ada"}, visit));
    CHECK(told == std::vector<Position>{1, 2});
    CHECK(machine.projections->as_of("directory", 1).value().position().value() == 1);
    CHECK(keys_in_log(*machine.store) == keys);
}

TEST_CASE("an inline projection is neither paused nor repaired in part, and only refuses what it cannot take",
          "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    const auto parking =
        machine.projections->add(directory(), {.kept_in = RowPlace::log, .on_failure = el::OnFailure::park});
    CHECK(parking.error().code == "inline-refuses-failures");
    const auto restarting = machine.projections->add(directory(), {.kept_in = RowPlace::log, .restarts = {.times = 3}});
    CHECK(restarting.error().code == "inline-refuses-failures");
    const auto copying = machine.projections->add(directory(), {.kept_in = RowPlace::log, .copies = {.every = 10}});
    CHECK(copying.error().code == "inline-keeps-no-copies");
    REQUIRE(machine.add(directory()));
    const auto paused = machine.projections->pause("directory");
    REQUIRE_FALSE(paused);
    CHECK(paused.error().code == "inline-cannot-pause");
    const auto repaired = machine.projections->repair("directory", {{}, "ada"});
    REQUIRE_FALSE(repaired);
    CHECK(repaired.error().code == "inline-is-rebuilt-whole");
    REQUIRE(machine.projections->resume("directory")); // it is not paused
    CHECK(machine.projections->discard_dead_letter("directory", 1).error().code == "no-such-dead-letter");
}

std::string hex_of(std::string_view bytes)
{
    std::string text;
    for (const char byte : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        text += digits[static_cast<unsigned char>(byte) >> 4];
        text += digits[static_cast<unsigned char>(byte) & 15];
    }
    return text;
}

TEST_CASE("inline rows have the bytes that docs/format.md says", "[projections][inline][versions]")
{
    Machine machine{on_leveldb};
    REQUIRE(machine.add(el::projection<PersonId, City>("visits", 1,
                                                       el::index("people", [](const City& row) { return row.people; }),
                                                       [](City& row, const Joined&) { ++row.people; })));
    machine.record({"ada"}, joined({}));
    machine.projections.reset();
    machine.store.reset();
    const auto log = el::Database::open(machine.runtime, {.directory = machine.log_directory.path()}).value();
    std::vector<std::string> found;
    auto cursor = log->cursor();
    for (cursor.seek("p"); cursor.valid(); cursor.next())
        found.push_back(hex_of(cursor.key()) + " " + hex_of(cursor.value()));
    std::vector<std::string> golden;
    std::ifstream file{GOLDEN_INLINE_ROWS};
    for (std::string line; std::getline(file, line);) golden.push_back(line);
    CHECK(found == golden);
}

// An engine that keeps no rows.
class PlainStore final : public el::EventStore {
public:
    explicit PlainStore(el::EventStore& store) : store_{store} {}
    el::result<el::Appended> append(const el::AppendRequest& request) override { return store_.append(request); }
    void append(el::AppendRequest request, el::AppendCompletion completion) override
    {
        store_.append(std::move(request), std::move(completion));
    }
    std::unique_ptr<el::EventCursor> read(const el::ReadRequest& request) const override
    {
        return store_.read(request);
    }
    el::result<std::optional<el::RecordedEvent>> find_event(const el::Uuid& id) const override
    {
        return store_.find_event(id);
    }
    el::result<std::uint64_t> stream_length(std::string_view stream) const override
    {
        return store_.stream_length(stream);
    }
    el::result<std::vector<std::string>> stored_types() const override { return store_.stored_types(); }
    el::result<std::optional<el::CommandRecord>> find_command(const el::Uuid& id) const override
    {
        return store_.find_command(id);
    }
    Position head() const override { return store_.head(); }
    el::Observation observe(el::CommitObserver observer) override { return store_.observe(std::move(observer)); }

private:
    el::EventStore& store_;
};

TEST_CASE("a store that keeps no rows says so to an inline projection, and keeps all others", "[projections][inline]")
{
    Machine machine;
    PlainStore plain{*machine.store};
    el::EventBus bus{machine.runtime, plain};
    el::Projections projections{machine.runtime, plain, bus, machine.directory.path() + "/plain"};
    CHECK(projections.add(directory(), {.kept_in = RowPlace::log}).error().code == "no-inline-rows");
    REQUIRE(projections.add(directory(), {.kept_in = RowPlace::memory}));
    CHECK(projections.left_behind().value().empty());
}

} // namespace inline_test
