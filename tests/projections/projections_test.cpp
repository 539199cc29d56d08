#include "projections/every_place.hpp"
#include "support/answers.hpp"
#include "support/counter.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/projections/detail/projections.hpp>
#include <eventloom/projections/projection.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <thread>

namespace projections_test {

using namespace eventloom;
using namespace eventloom::testing;
using CounterId = id<Counter>;

struct Score {
    std::int64_t value = 0;
    std::int64_t adds  = 0;
};
struct Total {
    std::int64_t adds = 0;
};

Projected<CounterId, Score> scores(std::uint32_t version = 1)
{
    return projection<CounterId, Score>("scores", version, index("value", [](const Score& row) { return row.value; }),
                                        index("adds",
                                              [](const Score& row) {
                                                  return std::tuple{row.adds, row.value};
                                              }),
                                        [](Score& row, const Added& event) {
                                            row.value += event.amount;
                                            ++row.adds;
                                        });
}

// Amounts as keys, through the whole table; amounts of 3 are dropped again.
Projected<std::int64_t, Total> totals()
{
    return projection<std::int64_t, Total>("totals", 1, from<Counter>(),
                                           [](Rows<std::int64_t, Total>& rows, const Added& event) {
                                               ++rows.update(event.amount).adds;
                                               if (rows.find(3) != nullptr) rows.erase(3);
                                           });
}

Projected<CounterId, Score> picky()
{
    return projection<CounterId, Score>("picky", 1, [](Score& row, const Added& event) -> result<void> {
        row.value += event.amount;
        if (event.amount == 13) return fail(Failure::invalid, "unlucky", "I do not take thirteen.");
        return done();
    });
}

struct CountersMachine {
    CountersMachine() = default;
    explicit CountersMachine(RowPlace where) : place{where} {}
    explicit CountersMachine(const Way& way) : place{way.place}, engine{way.engine} {}

    const RowPlace place            = RowPlace::leveldb;
    const testing::LogEngine engine = testing::LogEngine::memory;
    SimulatedExecutor simulated{1};
    Runtime runtime{simulated, simulated, simulated, system_files()};
    TemporaryDirectory log_directory;
    std::unique_ptr<EventStore> store = open_log(runtime, engine, log_directory.path());
    CommandBus commands{runtime, *store};
    EventBus bus{runtime, *store};
    TemporaryDirectory directory;
    std::unique_ptr<Projections> projections = std::make_unique<Projections>(runtime, *store, bus, directory.path());

    void reopen()
    {
        projections.reset(); // before the directory is opened again
        projections = std::make_unique<Projections>(runtime, *store, bus, directory.path());
    }
    void add(int counter, int amount) { REQUIRE(commands.send(CounterId{std::to_string(counter)}, Add{amount})); }
    void catch_up() { REQUIRE(projections->wait_for(store->head(), simulated.now() + std::chrono::hours{1})); }
};

TEST_CASE("rows follow the log, by key and by whole table", "[projections]")
{
    CountersMachine machine{GENERATE(from_range(every_way))};
    const auto by_counter = machine.projections->add(scores(), {.kept_in = machine.place}).value();
    const auto by_amount  = machine.projections->add(totals(), {.kept_in = machine.place}).value();
    machine.projections->start();
    for (int i = 0; i < 30; ++i) machine.add(i % 3, i % 5);
    machine.catch_up();
    CHECK(by_counter.get(CounterId{"0"}).value()->adds == 8);
    CHECK_FALSE(by_counter.get(CounterId{"9"}).value());
    CHECK(by_counter.size().value() == 3);
    CHECK(by_amount.get(4).value()->adds == 6);
    CHECK_FALSE(by_amount.get(3).value());
    CHECK(by_amount.size().value() == 3);
}

TEST_CASE("queries go by index, range and page, in both directions", "[projections][queries]")
{
    CountersMachine machine{GENERATE(from_range(every_way))};
    const auto rows = machine.projections->add(scores(), {.kept_in = machine.place}).value();
    machine.projections->start();
    for (int i = 1; i <= 20; ++i) machine.add(i, i % 4 == 0 ? 7 : i);
    machine.catch_up();

    const auto keys = [](const auto& page) {
        std::vector<std::string> found;
        for (const auto& [key, row] : page.value().rows) found.push_back(key.value);
        return found;
    };
    CHECK(keys(rows.by("value", std::int64_t{7})) == std::vector<std::string>{"12", "16", "20", "4", "7", "8"});
    CHECK(rows.count_by("value", std::int64_t{7}).value() == 6);
    CHECK(keys(rows.by_range("value", std::int64_t{1}, std::int64_t{4})) == std::vector<std::string>{"1", "2", "3"});
    CHECK(rows.by("adds", std::int64_t{1}).value().rows.size() == 20);

    for (const bool backwards : {false, true}) {
        std::vector<std::string> paged;
        PageRequest request{.limit = 3, .backwards = backwards, .after = {}};
        do {
            const auto page = rows.in_order_of("value", request);
            for (const auto& key : keys(page)) paged.push_back(key);
            request.after = page.value().next;
        } while (not request.after.empty());
        auto whole = keys(rows.in_order_of("value"));
        if (backwards) std::reverse(whole.begin(), whole.end());
        CHECK(paged == whole);
        CHECK(paged.size() == 20);
    }
    CHECK(keys(rows.between(CounterId{"2"}, CounterId{"3"})).front() == "2");
}

TEST_CASE("a table at one moment does not see what comes later", "[projections][queries]")
{
    CountersMachine machine{GENERATE(from_range(every_way))};
    const auto rows = machine.projections->add(scores(), {.kept_in = machine.place}).value();
    machine.projections->start();
    machine.add(1, 5);
    machine.catch_up();
    const auto then = rows.at_one_moment();
    machine.add(1, 5);
    machine.catch_up();
    CHECK(then.get(CounterId{"1"}).value()->value == 5);
    CHECK(rows.get(CounterId{"1"}).value()->value == 10);
}

TEST_CASE("read models go on from their checkpoints after a restart", "[projections]")
{
    CountersMachine machine{GENERATE(from_range(every_place))};
    {
        REQUIRE(machine.projections->add(scores(), {.kept_in = machine.place}));
        machine.projections->start();
        for (int i = 0; i < 10; ++i) machine.add(1, 1);
        machine.catch_up();
        machine.projections->stop();
    }
    machine.add(1, 1);
    EventBus bus{machine.runtime, *machine.store};
    CHECK(machine.projections->status().at(0).lag == 1);
    CHECK(machine.projections->status().at(0).state == ProjectionState::idle);
    machine.projections->start();
    machine.catch_up();
    CHECK(machine.projections->status().at(0).state == ProjectionState::running);
    CHECK(machine.projections->status().at(0).lag == 0);
    CHECK(machine.projections->verify("scores").value().differences_total == 0);
}

TEST_CASE("a handler that fails stops its projection at that event, and no other", "[projections][failure]")
{
    CountersMachine machine{GENERATE(from_range(every_place))};
    const auto good = machine.projections->add(scores(), {.kept_in = machine.place}).value();
    const auto bad  = machine.projections->add(picky(), {.kept_in = machine.place}).value();
    machine.projections->start();
    machine.add(1, 5);
    machine.add(1, 13);
    machine.add(1, 6);
    const auto waited = machine.projections->wait_for(3, machine.simulated.now() + std::chrono::hours{1});
    REQUIRE_FALSE(waited);
    CHECK(waited.error().code == "unlucky");
    CHECK(sentence_of(waited).find("event 2 (counter-1, version 1)") != std::string::npos);
    CHECK(good.get(CounterId{"1"}).value()->value == 24);
    CHECK(bad.get(CounterId{"1"}).value()->value == 5);
    const auto status = machine.projections->status();
    CHECK(status.at(1).state == ProjectionState::failed);
    CHECK(status.at(1).position == 1);
    CHECK(status.at(0).state == ProjectionState::running);
}

TEST_CASE("verify finds a row that is not what the log gives, and names it", "[projections][verify]")
{
    CountersMachine machine;
    REQUIRE(machine.projections->add(scores()));
    machine.projections->start();
    for (int i = 0; i < 50; ++i) machine.add(i, i);
    machine.catch_up();
    CHECK(machine.projections->verify("scores").value().rows == 49); // adding 0 gives no event
    CHECK(machine.projections->verify("scores").value().differences_total == 0);
    machine.projections->stop();

    // A second engine over the same directory, whose handlers are another program's.
    Projections other{machine.runtime, *machine.store, machine.bus, machine.directory.path() + "/other"};
    REQUIRE(other.add(projection<CounterId, Score>("scores", 1, [](Score& row, const Added& event) {
        row.value += event.amount == 17 ? 1 : event.amount;
        ++row.adds;
    })));
    other.start();
    REQUIRE(other.wait_for(machine.store->head(), machine.simulated.now() + std::chrono::hours{1}));
    other.stop();
    // Its rows under the first program's eyes.
    std::filesystem::create_directories(machine.directory.path() + "/mixed");
    std::filesystem::copy(machine.directory.path() + "/other/scores", machine.directory.path() + "/mixed/scores",
                          std::filesystem::copy_options::recursive);
    Projections mixed{machine.runtime, *machine.store, machine.bus, machine.directory.path() + "/mixed"};
    REQUIRE(mixed.add(projection<CounterId, Score>("scores", 1, [](Score& row, const Added& event) {
        row.value += event.amount;
        ++row.adds;
    })));
    const auto report = mixed.verify("scores");
    REQUIRE(report);
    CHECK(report.value().differences_total == 1);
    CHECK(report.value().differences.at(0).sentence.find("\"key\": \"17\"") != std::string::npos);
}

TEST_CASE("a rebuild gives the same bytes, and repairs what a changed program left", "[projections][rebuild]")
{
    CountersMachine machine{GENERATE(from_range(every_way))};
    const auto rows = machine.projections->add(scores(), {.kept_in = machine.place}).value();
    machine.projections->start();
    for (int i = 0; i < 500; ++i) machine.add(i % 37, i % 11);
    machine.catch_up();
    const auto before = rows.all().value().rows;
    REQUIRE(machine.projections->rebuild("scores"));
    const auto after = rows.all().value().rows;
    REQUIRE(before.size() == after.size());
    for (std::size_t i = 0; i < before.size(); ++i) CHECK(same(before[i], after[i]));
    CHECK(machine.projections->verify("scores").value().differences_total == 0);
    machine.add(1, 1); // and it follows on
    machine.catch_up();
    CHECK(machine.projections->verify("scores").value().differences_total == 0);
}

TEST_CASE("while a rebuild runs, no query fails or sees a half-built model", "[projections][rebuild][threads]")
{
    const auto way = GENERATE(from_range(every_way));
    SystemExecutor executor{{.threads = 2}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    const TemporaryDirectory log_directory;
    const auto store = open_log(runtime, way.engine, log_directory.path());
    CommandBus commands{runtime, *store};
    EventBus bus{runtime, *store};
    const TemporaryDirectory directory;
    Projections projections{runtime, *store, bus, directory.path()};
    const auto rows = projections.add(scores(), {.kept_in = way.place}).value();
    projections.start();
    constexpr int counters = 40;
    for (int i = 0; i < 4'000; ++i) REQUIRE(commands.send(CounterId{std::to_string(i % counters)}, Add{1}));
    REQUIRE(projections.wait_for(store->head(), system_clock().now() + std::chrono::minutes{1}));

    std::atomic<bool> over{false};
    std::atomic<int> wrong{0};
    std::atomic<int> asked{0};
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 2; ++reader) {
        readers.emplace_back([&] {
            while (not over) {
                const auto page  = rows.in_order_of("value");
                std::int64_t sum = 0;
                if (page) {
                    for (const auto& [key, row] : page.value().rows) sum += row.adds;
                }
                if (not page || sum < 4'000) ++wrong;
                ++asked;
            }
        });
    }
    for (int round = 0; round < 5; ++round) {
        REQUIRE(commands.send(CounterId{"1"}, Add{1}));
        REQUIRE(projections.rebuild("scores"));
    }
    while (asked < 20) std::this_thread::yield();
    over = true;
    for (auto& reader : readers) reader.join();
    CHECK(wrong == 0);
    REQUIRE(projections.wait_for(store->head(), system_clock().now() + std::chrono::minutes{1}));
    CHECK(projections.verify("scores").value().differences_total == 0);
}

TEST_CASE("a rebuild that dies leaves the old model in place and nothing behind", "[projections][rebuild][failure]")
{
    CountersMachine machine;
    REQUIRE(machine.projections->add(scores()));
    machine.projections->start();
    for (int i = 0; i < 100; ++i) machine.add(i, 1);
    machine.catch_up();
    machine.projections->stop();
    // What a rebuild has built when the process is killed: a generation that `current` does not name.
    const auto home = machine.directory.path() + "/scores/";
    std::filesystem::create_directory(home + "generation-7");
    std::filesystem::copy(home + "generation-1", home + "generation-7",
                          std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
    machine.reopen();
    const auto again = machine.projections->add(scores()).value();
    CHECK(again.size().value() == 100);
    machine.projections->start();
    CHECK_FALSE(std::filesystem::exists(home + "generation-7"));
    REQUIRE(machine.projections->rebuild("scores"));
    CHECK(again.size().value() == 100);
    CHECK(machine.projections->verify("scores").value().differences_total == 0);
}

TEST_CASE("a higher version is built anew, and an older program is told so", "[projections][versions]")
{
    CountersMachine machine{GENERATE(from_range(every_place))};
    REQUIRE(machine.projections->add(scores(1), {.kept_in = machine.place}));
    machine.projections->start();
    machine.add(1, 5);
    machine.catch_up();
    machine.projections->stop();
    const auto reopen = [&](std::uint32_t version) {
        machine.reopen();
        return machine.projections->add(scores(version), {.kept_in = machine.place});
    };
    {
        const auto newer = reopen(2);
        REQUIRE(newer);
        CHECK(newer.value().size().value() ==
              (machine.place == RowPlace::memory ? 0u : 1u)); // of version 1, until then
        machine.add(2, 5);
        machine.projections->start();
        machine.catch_up();
        CHECK(newer.value().size().value() == 2);
    }
    const auto older = reopen(1);
    REQUIRE(older);                                // whatever needs no row of it goes on
    if (machine.place == RowPlace::memory) return; // those went with their program
    CHECK(older.value().get(CounterId{"1"}).error().code == "newer-read-model");
    machine.projections->start();
    CHECK(machine.projections->status().front().state == ProjectionState::failed);
    CHECK(machine.projections->status().front().version == 2);
}

TEST_CASE("a projection that is added twice is an error, and the first one goes on", "[projections]")
{
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const auto store = open_memory_store(runtime);
    CommandBus commands{runtime, *store};
    EventBus bus{runtime, *store};
    const TemporaryDirectory directory;
    Projections projections{runtime, *store, bus, directory.path()};
    const auto rows    = projections.add(scores()).value();
    const auto refused = projections.add(scores());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == Failure::invalid);
    CHECK(refused.error().code == "projection-added-twice");
    CHECK(refused.error().sentence ==
          "added the projection scores and found that one of this name had been added before; add each once, by a "
          "name of its own");
    projections.start();
    REQUIRE(commands.send(CounterId{"1"}, Add{1}));
    REQUIRE(projections.wait_for(store->head(), simulated.now() + std::chrono::minutes{1}));
    CHECK(rows.get(CounterId{"1"}).value().has_value());
}

TEST_CASE("an unknown projection is named together with those there are", "[projections]")
{
    CountersMachine machine;
    REQUIRE(machine.projections->add(scores()));
    for (const auto& answer :
         {machine.projections->rebuild("scorse").error(), machine.projections->verify("x").error()}) {
        CHECK(answer.code == "no-such-projection");
        CHECK(answer.sentence.find("scores") != std::string::npos);
    }
}

} // namespace projections_test
