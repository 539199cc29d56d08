// Rows in SQLite, as people with SQL see them: through a connection of their own, while the projection goes on.
#include "projections/sql.hpp"

#include <eventloom/framework/cereal_codec.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sqlite_rows_test {

using namespace people;
using sql::Sql;

enum class Mood : std::uint8_t { good, bad };
struct Address {
    std::string street;
    std::int64_t number = 0;
};
struct Every {
    bool active   = false;
    Mood mood     = Mood::good;
    double weight = 0;
    Pence balance;                      // a struct of one member is that member
    el::Time seen;                      // with its microseconds
    std::optional<std::int64_t> floor;  // or NULL
    Address address;                    // JSON
    std::vector<std::string> nicknames; // JSON
    std::string Order;                  // a word of SQL
    std::string value;                  // as a member of the key is called
    std::uint64_t large = 0;
};
using EveryTable = el::Rows<CityName, Every>;

el::Projected<CityName, Every> every_kind()
{
    return el::projection<CityName, Every>(
        "every-kind", 1, el::from<Person>(), el::index("weight", [](const Every& row) { return row.weight; }),
        [](EveryTable& rows, const Joined& event, const el::RecordedEvent& where) {
            Every& row    = rows.update({event.city});
            row.active    = true;
            row.mood      = Mood::bad;
            row.weight    = 2.5;
            row.balance   = event.balance;
            row.seen      = where.recorded_at;
            row.address   = {"High Street", 7};
            row.nicknames = {"a", "b\"c"};
            row.Order     = std::string{"\0\xff", 2};
            row.value     = "it's";
            row.large     = std::numeric_limits<std::uint64_t>::max();
        },
        [](EveryTable& rows, const Moved& event) { rows.update({event.city}).floor = 3; });
}

std::string file_of(const Machine& machine, const std::string& name, int generation = 1)
{
    return machine.directory.path() + "/" + name + "/generation-" + std::to_string(generation) + "/" + name + ".sqlite";
}

TEST_CASE("each member is a column of its name and kind, and what SQL has no kind for is JSON", "[projections][sqlite]")
{
    Machine machine{el::RowPlace::sqlite};
    const auto rows = machine.add(every_kind()).value();
    machine.record({"ada"}, Joined{{}, "York", {-5}, day(1)});
    REQUIRE(machine.catch_up());
    Sql file{file_of(machine, "every-kind")};
    CHECK(file.ask("SELECT name || ' ' || type FROM pragma_table_info('every-kind')") ==
          sql::Lines{"value TEXT", "active INTEGER", "mood INTEGER", "weight REAL", "balance INTEGER", "seen TEXT",
                     "floor INTEGER", "address TEXT", "nicknames TEXT", "Order TEXT", "value_2 TEXT", "large INTEGER",
                     "_key BLOB", "_stored BLOB"});
    CHECK(file.ask("SELECT value, active, mood, weight, balance, floor, value_2 FROM \"every-kind\"") ==
          sql::Lines{"York|1|1|2.5|-5|NULL|it's"});
    CHECK(file.ask("SELECT address ->> 'number', nicknames ->> 1 FROM \"every-kind\"") == sql::Lines{"7|b\"c"});
    CHECK(file.ask("SELECT date(seen), seen FROM \"every-kind\"") ==
          sql::Lines{"2024-10-04|2024-10-04T00:00:00.000000Z"}); // day 20,000 after 1970
    // Bytes that are no text, and a number beyond SQL's, do no harm; the typed row is exact.
    CHECK(file.ask("SELECT hex(\"Order\"), typeof(\"Order\"), typeof(large) FROM \"every-kind\"") ==
          sql::Lines{"00FF|blob|real"});
    const auto york = rows.get({"York"}).value();
    CHECK(york->Order == std::string{"\0\xff", 2});
    CHECK(york->large == std::numeric_limits<std::uint64_t>::max());

    machine.record({"ada"}, Moved{"York"});
    REQUIRE(machine.catch_up());
    CHECK(file.ask("SELECT floor FROM \"every-kind\"") == sql::Lines{"3"});
    // The index that is called like a column serves SQL too.
    CHECK(file.ask("EXPLAIN QUERY PLAN SELECT * FROM \"every-kind\" WHERE weight > 2").front().find("USING INDEX") !=
          std::string::npos);
}

TEST_CASE("another connection reads rows and checkpoint of one moment while the projection writes",
          "[projections][sqlite]")
{
    Machine machine{el::RowPlace::sqlite};
    const auto [cities, people] = machine.add(census()).value();
    machine.record({"ada"}, Joined{"a@example.org", "York", {5}, day(1)});
    REQUIRE(machine.catch_up());
    Sql file{file_of(machine, "census")};
    CHECK(file.ask("SELECT key, email, city, balance, born FROM people") ==
          sql::Lines{"ada|a@example.org|York|5|1970-01-02"});

    file.ask("BEGIN");
    const auto checkpoint = "SELECT value FROM _eventloom WHERE table_name = '' AND name = 'checkpoint'";
    CHECK(file.ask(checkpoint) == sql::Lines{"1"});
    machine.record({"bob"}, Joined{{}, "York", {6}, day(1)});
    REQUIRE(machine.catch_up()); // it does not wait for the reader
    CHECK(cities.get({"York"}).value()->people == 2);
    CHECK(file.ask(checkpoint) == sql::Lines{"1"});
    CHECK(file.ask("SELECT value, people FROM cities") == sql::Lines{"York|1"});
    file.ask("COMMIT");
    CHECK(file.ask(checkpoint) == sql::Lines{"2"});
    CHECK(file.ask("SELECT value, people, balance FROM cities") == sql::Lines{"York|2|11"});
    CHECK(file.ask("SELECT count(*), sum(balance) FROM people WHERE city = 'York'") == sql::Lines{"2|11"});
    CHECK(file.ask("SELECT value FROM _eventloom WHERE table_name = 'people'") == sql::Lines{"2"});
}

TEST_CASE("a view that is kept does not stop the writer, and the write-ahead log begins anew when it has gone",
          "[projections][sqlite]")
{
    Machine machine{el::RowPlace::sqlite};
    const auto rows     = machine.add(directory()).value();
    const auto log_size = [&] { return std::filesystem::file_size(file_of(machine, "directory") + "-wal"); };
    const auto write    = [&](int from, int to) {
        for (int i = from; i < to; ++i) {
            machine.record({std::to_string(i)}, Joined{{}, std::string(20'000, 'x'), {i}, day(i)});
        }
        REQUIRE(machine.catch_up());
    };
    write(0, 10);
    {
        const auto then = rows.at_one_moment();
        for (int round = 1; round <= 10; ++round) write(100 * round, 100 * round + 100);
        CHECK(then.size().value() == 10);
        CHECK(rows.size().value() == 1'010);
    }
    // Nobody looks at what was before: the same bytes again do not make the log longer for ever.
    const auto long_log = log_size();
    for (int round = 11; round <= 40; ++round) write(100 * round, 100 * round + 100);
    CHECK(log_size() < 2 * long_log);
    CHECK(machine.projections->verify("directory").value().differences_total == 0);
}

TEST_CASE("a damaged file is removed and its rows are folded again", "[projections][sqlite][failure]")
{
    Machine machine{el::RowPlace::sqlite};
    REQUIRE(machine.add(directory()));
    for (int i = 0; i < 50; ++i) machine.record({std::to_string(i)}, Joined{{}, "York", {i}, day(i)});
    REQUIRE(machine.catch_up());
    machine.projections.reset();
    const auto file = file_of(machine, "directory");
    SECTION("its head")
    {
        std::fstream{file, std::ios::in | std::ios::out | std::ios::binary} << std::string(64, '?');
    }
    SECTION("cut off")
    {
        std::filesystem::resize_file(file, 5'000);
    }
    SECTION("other tables")
    {
        Sql{file}.ask("ALTER TABLE directory RENAME COLUMN city TO town");
    }
    machine.reopen();
    const auto rows = machine.add(directory());
    REQUIRE(rows);
    CHECK(rows.value().position().value() == 0);
    REQUIRE(machine.catch_up());
    CHECK(rows.value().size().value() == 50);
    CHECK(machine.projections->verify("directory").value().differences_total == 0);
}

TEST_CASE("what was found damaged is said in a notice", "[projections][sqlite][failure]")
{
    const Machine machine;
    const auto definition = directory().definition;
    const auto path       = machine.directory.path() + "/model";
    std::filesystem::create_directory(path);
    std::ofstream{path + "/directory.sqlite"} << std::string(8'192, 'x');
    const auto model = el::open_read_model(machine.runtime, el::RowPlace::sqlite, path, *definition);
    REQUIRE(model);
    REQUIRE(model.value()->notices().size() == 1);
    CHECK(model.value()->notices().front().find("is built again") != std::string::npos);
    CHECK(model.value()->checkpoint() == 0);
}

// After an error a restarted program goes on where the rows stand: at the first of so many events.
void check_restart(Machine& machine, std::uint64_t rows_then)
{
    machine.reopen();
    const auto rows = machine.add(directory()).value();
    CHECK(rows.position().value() == 1);
    CHECK(rows.size().value() == 1);
    REQUIRE(machine.catch_up());
    CHECK(rows.size().value() == rows_then);
    CHECK(machine.projections->verify("directory").value().differences_total == 0);
}

TEST_CASE("a full disk stops the projection with a sentence, and nothing is half-written",
          "[projections][sqlite][failure]")
{
    Machine machine{el::RowPlace::sqlite};
    REQUIRE(machine.add(directory()));
    machine.record({"ada"}, Joined{{}, "York", {5}, day(1)});
    REQUIRE(machine.catch_up());
    for (int i = 0; i < 100; ++i)
        machine.record({std::to_string(i)}, Joined{{}, std::string(20'000, 'x'), {i}, day(i)});

    // No file may grow beyond a megabyte, which is like a disk that is full.
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto on_signal = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{1u << 20, before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto failed = machine.catch_up();
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, on_signal);

    REQUIRE_FALSE(failed);
    CHECK((failed.error().code == "disk-full" || failed.error().code == "storage-fault"));
    CHECK(failed.error().kind == el::Failure::storage);
    CHECK(failed.error().sentence.find("nothing was written") != std::string::npos);
    check_restart(machine, 101);
}

TEST_CASE("another program that holds the file for writing stops the projection with a sentence, and readers go on",
          "[projections][sqlite][failure]")
{
    Machine machine{el::RowPlace::sqlite};
    {
        const auto rows = machine.add(directory()).value();
        machine.record({"ada"}, Joined{{}, "York", {5}, day(1)});
        REQUIRE(machine.catch_up());
        Sql other{file_of(machine, "directory")};
        other.ask("BEGIN IMMEDIATE");
        machine.record({"bob"}, Joined{{}, "York", {5}, day(1)});
        const auto failed = machine.catch_up();
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code == "read-model-locked");
        CHECK(failed.error().kind == el::Failure::unavailable);
        CHECK(rows.get({"ada"}).value()->city == "York");
        CHECK(rows.size().value() == 1);
    }
    check_restart(machine, 2);
}

TEST_CASE("killed in the middle of a catch-up, rows and checkpoint agree, and the rest follows",
          "[projections][sqlite][crash]")
{
    Machine machine{el::RowPlace::sqlite};
    for (int i = 0; i < 60'000; ++i) {
        machine.record({std::to_string(i % 20'000)}, Joined{{}, "city " + std::to_string(i % 7), {i}, day(i % 100)});
    }
    // Known to be there, so that the parent can look into it while the child writes.
    REQUIRE(machine.add(directory()));
    machine.projections.reset();
    const auto file  = file_of(machine, "directory");
    const auto child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        machine.reopen();
        const el::ProjectionOptions in_small_steps{.kept_in = machine.place, .events_between_writes = 4'096};
        if (machine.projections->add(directory(), in_small_steps)) static_cast<void>(machine.catch_up());
        for (;;) pause();
    }
    el::Position killed_at = 0;
    {
        Sql looking{file};
        while (killed_at < 10'000) {
            const auto lines = looking.ask("SELECT value FROM _eventloom WHERE name = 'checkpoint'");
            if (not lines.empty()) killed_at = std::stoull(lines.front());
        }
    }
    REQUIRE(kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));

    machine.reopen();
    const auto rows  = machine.add(directory()).value();
    const auto stood = rows.position().value();
    CHECK(stood >= killed_at);
    CHECK(stood < 60'000);
    // What stands there is the fold of the log up to the checkpoint, and then of the whole log.
    CHECK(machine.projections->verify("directory").value().differences_total == 0);
    REQUIRE(machine.catch_up());
    CHECK(rows.size().value() == 20'000);
    const auto verified = machine.projections->verify("directory").value();
    CHECK(verified.position == 60'000);
    CHECK(verified.differences_total == 0);
}

} // namespace sqlite_rows_test
