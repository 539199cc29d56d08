// Projections that run inline: rows in the same atomic write as the events.
#include "projections/people.hpp"

#include <eventloom/eventstore/repair.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/detail/inline_rows.hpp>

#include <rapidcheck.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

namespace inline_test {

using namespace people;
using el::Position;
using el::RowPlace;
using el::testing::Engine;

constexpr Way in_memory{RowPlace::log, Engine::memory};
constexpr Way on_leveldb{RowPlace::log, Engine::leveldb};

Joined joined(std::optional<std::string> email, std::string city = "York")
{
    return {std::move(email), std::move(city), {1}, day(1)};
}

std::size_t differences(const Machine& machine, const char* name)
{
    const auto verified = machine.projections->verify(name);
    INFO((verified ? "" : verified.error().sentence));
    REQUIRE(verified);
    CHECK(verified.value().position == machine.store->head());
    return verified.value().differences_total;
}

// Keys of all that lies beside the log.
std::vector<std::string> keys_in_log(const el::EventStore& store)
{
    std::vector<std::string> keys;
    const auto view   = store.inline_rows()->view();
    const auto cursor = view->scan({"", "\xff"});
    for (; cursor->valid(); cursor->next()) keys.emplace_back(cursor->key());
    REQUIRE(cursor->status());
    return keys;
}

// ---- with each append

TEST_CASE("what an append has written is in an inline table when it returns, without waiting", "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    const auto people           = machine.add(directory()).value();
    const auto [cities, census] = machine.add(people::census()).value();
    machine.record({"ada"}, joined("a@example.org"));
    CHECK(people.get({"ada"}).value()->city == "York");
    CHECK(people.position().value() == 1);
    CHECK(cities.get({"York"}).value()->people == 1);
    machine.record({"ada"}, Moved{"Hull"});
    CHECK(keys_of(people.by("city", std::string{"Hull"})) == std::vector<std::string>{"ada"});
    CHECK(census.position().value() == 2); // it has heard of it, and changed nothing
    for (const auto& status : machine.projections->status()) {
        CHECK(status.state == el::ProjectionState::running);
        CHECK(status.position == 2);
        CHECK(status.lag == 0);
    }
    REQUIRE(machine.projections->wait_for(2, machine.simulated.now()));
    machine.record({"ada"}, Left{"tired"});
    CHECK_FALSE(people.get({"ada"}).value());
    CHECK(people.size().value() == 0);
    CHECK(differences(machine, "directory") == 0);
    CHECK(differences(machine, "census") == 0);
}

TEST_CASE("an append that breaks a unique index is refused with the event's name, and nothing of it is written",
          "[projections][inline][unique]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    const auto [cities, entries] = machine.add(census()).value();
    const auto people            = machine.add(directory()).value();
    machine.record({"ada"}, joined("a@example.org"));
    const auto refused = machine.store->append(machine.recording<Person>(PersonId{"bob"}, joined("a@example.org")));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "unique-index-violated");
    CHECK(refused.error().kind == el::Failure::invalid);
    for (const char* named : {"event 2 (person-bob, version 0)", "row bob", "row ada", "\"email\"",
                              "the inline projection census refused the append"}) {
        CHECK_THAT(refused.error().sentence, Catch::Contains(named));
    }
    CHECK(machine.store->head() == 1);
    CHECK(machine.store->stream_length("person-bob").value() == 0);
    CHECK(cities.get({"York"}).value()->people == 1);
    CHECK(people.size().value() == 1);
    machine.record({"bob"}, joined("b@example.org")); // another address, and he is in
    CHECK(cities.get({"York"}).value()->people == 2);
    CHECK(differences(machine, "directory") == 0);
    CHECK(differences(machine, "census") == 0);
}

TEST_CASE("of appends that are written together only the one that breaks the rule is refused",
          "[projections][inline][unique]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    const auto people = machine.add(directory()).value();
    machine.add(census()).value();
    std::vector<std::string> answers(5);
    const auto send = [&](std::size_t number, const char* who, const char* email) {
        machine.store->append(machine.recording<Person>(PersonId{who}, joined(email)),
                              [&answers, number](const el::result<el::Appended>& answer) {
                                  answers[number] = answer ? "written" : answer.error().code;
                              });
    };
    send(0, "ada", "a@example.org");
    send(1, "bob", "a@example.org"); // stands in the same group, and not in the log yet
    send(2, "eve", "e@example.org");
    send(3, "fay", "e@example.org");
    send(4, "gil", "g@example.org");
    machine.simulated.run_until_idle();
    const std::string refused = "unique-index-violated";
    CHECK(answers == std::vector<std::string>{"written", refused, "written", refused, "written"});
    CHECK(machine.store->head() == 3);
    CHECK(keys_of(people.all()) == std::vector<std::string>{"ada", "eve", "gil"});
    CHECK(differences(machine, "directory") == 0);
    CHECK(differences(machine, "census") == 0);
}

TEST_CASE("a command whose events an inline projection refuses is refused, and may be sent again with others",
          "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    const auto people = machine.add(directory()).value();
    machine.record({"ada"}, joined("a@example.org"));
    auto command    = machine.recording<Person>(PersonId{"bob"}, joined("a@example.org"));
    command.command = el::CommandRecord{.id = machine.simulated.next(), .stream = "person-bob"};
    CHECK(machine.store->append(command).error().code == "unique-index-violated");
    CHECK_FALSE(machine.store->find_command(command.command->id).value());
    auto better    = machine.recording<Person>(PersonId{"bob"}, joined("b@example.org"));
    better.command = command.command;
    REQUIRE(machine.store->append(better));
    CHECK(machine.store->append(better).value().repeated);
    CHECK(people.size().value() == 2);
    CHECK(differences(machine, "directory") == 0);
}

TEST_CASE("whatever is appended, an inline table takes exactly what breaks no rule, and is what the log gives",
          "[projections][inline][model]")
{
    const auto way = GENERATE(from_range(inline_ways));
    INFO(way);
    CHECK(rc::check("inline", [&] {
        Machine machine{way};
        const auto people = machine.add(directory()).value();
        std::map<std::string, std::optional<std::string>> model; // who has which address
        const auto taken = [&](const std::map<std::string, std::optional<std::string>>& by) {
            std::set<std::string> once;
            for (const auto& [who, email] : by) {
                if (email && not once.insert(*email).second) return false;
            }
            return true;
        };
        std::uint64_t written = 0;
        for (int left = *rc::gen::inRange(0, 30); left > 0; --left) {
            const auto who   = std::to_string(*rc::gen::inRange(0, 5));
            const auto email = *rc::gen::inRange(0, 4) == 0
                                   ? std::nullopt
                                   : std::optional{"address " + std::to_string(*rc::gen::inRange(0, 4))};
            auto changed     = model;
            el::AppendRequest request;
            if (*rc::gen::inRange(0, 5) == 0) {
                changed.erase(who);
                request = machine.recording<Person>(PersonId{who}, Left{"drawn"});
            } else {
                changed[who] = email;
                request      = machine.recording<Person>(PersonId{who}, joined(email));
            }
            const auto answer = machine.store->append(request);
            RC_ASSERT(answer.has_value() == taken(changed));
            if (not answer) continue;
            ++written;
            model = changed;
        }
        RC_ASSERT(machine.store->head() == written);
        RC_ASSERT(people.size().value() == model.size());
        for (const auto& [who, email] : model) RC_ASSERT(people.get({who}).value()->email == email);
        RC_ASSERT(machine.projections->verify("directory").value().differences_total == 0);
    }));
}

// ---- before the first append, and when the program changes

TEST_CASE("an inline projection that comes to an old log folds it before the next append", "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    for (int i = 0; i < 300; ++i) machine.record({std::to_string(i)}, joined(std::to_string(i) + "@example.org"));
    const auto people = machine.add(directory()).value();
    CHECK(people.size().value() == 300);
    CHECK(people.position().value() == 300);
    const auto refused = machine.store->append(machine.recording<Person>(PersonId{"x"}, joined("7@example.org")));
    CHECK(refused.error().code == "unique-index-violated");
    CHECK(differences(machine, "directory") == 0);
}

TEST_CASE("what a program without the inline projection has appended is folded when it is there again",
          "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    machine.add(directory()).value();
    machine.record({"ada"}, joined("a@example.org"));
    machine.reopen(); // a program without it
    machine.record({"ada"}, Moved{"Hull"});
    machine.record({"bob"}, joined("b@example.org"));
    CHECK(machine.projections->left_behind().value() == std::vector<std::string>{"directory"});
    const auto people = machine.add(directory()).value();
    CHECK(people.get({"ada"}).value()->city == "Hull");
    CHECK(people.size().value() == 2);
    CHECK(machine.projections->left_behind().value().empty());
    CHECK(differences(machine, "directory") == 0);
}

TEST_CASE(
    "an old log that breaks the rule of a new inline projection is told with the event, and appends go on without it",
    "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    machine.record({"ada"}, joined("a@example.org"));
    machine.record({"bob"}, joined("a@example.org"));
    const auto added = machine.add(directory());
    REQUIRE_FALSE(added);
    CHECK(added.error().code == "unique-index-violated");
    CHECK_THAT(added.error().sentence, Catch::Contains("event 2 (person-bob, version 0)"));
    machine.record({"eve"}, joined("a@example.org"));
    CHECK(machine.store->head() == 3);
}

// A directory with a version, whose rows say which.
auto directory_of(std::uint32_t version)
{
    return el::projection<PersonId, City>(
        "directory", version, [version](City& row, const Joined&) { row.people = static_cast<std::int64_t>(version); });
}

TEST_CASE("a higher version of an inline projection is folded when it is started, and the old rows go",
          "[projections][inline][versions]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    REQUIRE(machine.add(directory_of(1)));
    machine.record({"ada"}, joined({}));
    const auto keys = keys_in_log(*machine.store).size();
    machine.reopen();
    const auto second = machine.add(directory_of(2)).value();
    machine.projections->start();
    CHECK(second.get({"ada"}).value()->people == 2);
    CHECK(keys_in_log(*machine.store).size() == keys);
    CHECK(differences(machine, "directory") == 0);
    machine.reopen();
    const auto older = machine.add(directory_of(1)).value();
    CHECK(older.get({"ada"}).error().code == "newer-read-model");
    machine.projections->start();
    CHECK(machine.projections->status().front().state == el::ProjectionState::failed);
    const auto appended = machine.store->append(machine.recording<Person>({"bob"}, joined({})));
    CHECK(appended.error().code == "newer-read-model");
    REQUIRE(machine.projections->rebuild("directory")); // as the error says
    CHECK(older.get({"ada"}).value()->people == 1);
    machine.record({"bob"}, joined({}));
    CHECK(older.get({"bob"}).value()->people == 1);
}

TEST_CASE("a program that builds nothing leaves inline rows of another version as they are, and appends nothing",
          "[projections][inline][versions]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    REQUIRE(machine.add(directory_of(1)));
    machine.record({"ada"}, joined({}));
    const auto keys = keys_in_log(*machine.store);
    machine.reopen();
    {
        const auto second = machine.add(directory_of(2)).value();
        machine.projections->leave_new_versions_alone();
        REQUIRE(machine.catch_up());
        CHECK(second.get({"ada"}).error().code == "version-not-built");
        CHECK(machine.projections->status().front().notice);
        const auto appended = machine.store->append(machine.recording<Person>({"bob"}, joined({})));
        REQUIRE_FALSE(appended);
        CHECK(appended.error().code == "version-not-built");
        CHECK_THAT(appended.error().sentence, Catch::Contains("`projections rebuild directory`"));
        CHECK(keys_in_log(*machine.store) == keys);
    }
    machine.reopen();
    const auto first = machine.add(directory_of(1)).value();
    CHECK(first.get({"ada"}).value()->people == 1);
    machine.record({"bob"}, joined({}));
    CHECK(first.size().value() == 2);
}

TEST_CASE("rows that are ahead of the log, or damaged, are folded anew", "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    machine.add(directory()).value();
    machine.record({"ada"}, joined({}));
    machine.reopen();
    const auto wrong = GENERATE(std::string(7, '\0') + '\x09', std::string{"no number"});
    for (const auto& key : keys_in_log(*machine.store)) {
        if (not key.ends_with("checkpoint")) continue;
        el::RowBatch batch;
        batch.put(key, wrong);
        REQUIRE(machine.store->hold_appends().value()->write(batch));
    }
    const auto people = machine.add(directory()).value();
    CHECK(people.position().value() == 1);
    CHECK(people.size().value() == 1);
    CHECK(differences(machine, "directory") == 0);
}

TEST_CASE("a log that was cut has no rows ahead of it", "[projections][inline][repair]")
{
    Machine machine{on_leveldb};
    machine.add(directory()).value();
    for (int i = 0; i < 10; ++i) machine.record({std::to_string(i)}, joined({}));
    machine.projections.reset();
    machine.store.reset();
    const auto into  = machine.directory.path() + "/saved";
    const auto saved = el::salvage_store(machine.runtime, machine.log_directory.path(), into);
    REQUIRE(saved);
    const auto cut = el::testing::open_log(machine.runtime, Engine::leveldb, into);
    CHECK(keys_in_log(*cut).empty());
    el::EventBus bus{machine.runtime, *cut};
    el::Projections projections{machine.runtime, *cut, bus, machine.directory.path() + "/rows"};
    CHECK(projections.add(directory(), {.kept_in = RowPlace::log}).value().size().value() == cut->head());
}

TEST_CASE("a store with inline rows is verified, repaired and told about as one without", "[projections][inline]")
{
    Machine machine{on_leveldb};
    machine.add(directory()).value();
    for (int i = 0; i < 50; ++i) machine.record({std::to_string(i)}, joined(std::to_string(i)));
    const auto& store = dynamic_cast<el::LevelDbStore&>(*machine.store);
    const auto report = store.verify().value();
    CHECK(report.findings_total == 0);
    CHECK(report.events == 50);
    CHECK(store.info().value().events == 50);
    machine.projections.reset();
    machine.store.reset();
    std::filesystem::remove_all(machine.log_directory.path() + "/index"); // made anew from the log
    REQUIRE(el::repair_store(machine.runtime, machine.log_directory.path()).value().events == 50);
    machine.store = el::testing::open_log(machine.runtime, Engine::leveldb, machine.log_directory.path());
    CHECK(machine.store->head() == 50);
    CHECK(el::testing::read_all(*machine.store).size() == 50);
    el::EventBus bus{machine.runtime, *machine.store};
    el::Projections projections{machine.runtime, *machine.store, bus, machine.directory.path()};
    CHECK(projections.add(directory(), {.kept_in = RowPlace::log}).value().size().value() == 50);
    CHECK(projections.verify("directory").value().differences_total == 0);
}

// ---- what can be done with one, and what cannot

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
