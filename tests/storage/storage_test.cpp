#include "support/machine_with_real_files.hpp"

#include <eventloom/storage/database.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace storage_test {

using namespace eventloom;
using eventloom::testing::SimulatedMachine;
using eventloom::testing::TemporaryDirectory;

struct DatabaseMachine : SimulatedMachine {
    TemporaryDirectory directory;

    result<std::unique_ptr<Database>> open(bool create = true) const
    {
        return Database::open(runtime, {.directory = directory.path() + "/db", .create_if_missing = create});
    }
};

TEST_CASE("what is removed from tables and compacted leaves no byte in any file", "[storage]")
{
    const DatabaseMachine machine;
    const auto database = machine.open();
    REQUIRE(database);
    auto& rows            = *database.value();
    const auto files_with = [&](std::string_view text) {
        std::size_t found = 0;
        for (const auto& entry : std::filesystem::directory_iterator(machine.directory.path() + "/db")) {
            std::ifstream file{entry.path(), std::ios::binary};
            const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
            found += bytes.find(text) != std::string::npos ? 1 : 0;
        }
        return found;
    };
    const auto put = [&](const std::string& key, const std::string& value) {
        Batch batch;
        batch.put(key, value);
        REQUIRE(rows.write(batch, Durability::synced));
    };
    for (int round = 0; round < 8; ++round) { // with more and more tables beneath, of these keys and of others
        put("b", "first secret");
        put("b", "second secret");
        put("a" + std::to_string(round), "kept");
        put("c" + std::to_string(round), "kept");
        if (round % 2 == 1) REQUIRE(rows.write_out());
        put("b", "third secret");
        CHECK(files_with("third secret") > 0);
        REQUIRE(rows.write_out());
        Batch batch;
        batch.remove("b");
        REQUIRE(rows.write(batch, Durability::synced));
        REQUIRE(rows.compact("b", "b"));
        CHECK(files_with("secret") == 0);
        CHECK(rows.get("a0").value() == "kept");
        CHECK_FALSE(rows.get("b").value());
    }
}

TEST_CASE("the order of ordered keys is the order of their values", "[storage][ordered-key]")
{
    CHECK(rc::check("text and numbers", [](const std::string& a, std::int64_t n, const std::string& b, std::int64_t m) {
        RC_ASSERT((std::tuple{a, n} < std::tuple{b, m}) == (ordered_key(a, n) < ordered_key(b, m)));
    }));
    CHECK(rc::check("floating point and unsigned", [](double a, std::uint64_t n, double b, std::uint64_t m) {
        RC_ASSERT((std::tuple{a, n} < std::tuple{b, m}) == (ordered_key(a, n) < ordered_key(b, m)));
    }));
    CHECK(rc::check("no key is the beginning of another", [](const std::string& a, const std::string& b) {
        RC_PRE(a != b);
        RC_ASSERT(not ordered_key(b).starts_with(ordered_key(a)));
    }));
}

TEST_CASE("a batch is there after reopening, and a snapshot does not see it", "[storage]")
{
    const DatabaseMachine machine;
    {
        const auto database = machine.open();
        REQUIRE(database);
        const auto before = database.value()->snapshot();
        Batch batch;
        batch.put("a", "1");
        batch.put("b", "2");
        batch.remove("a");
        REQUIRE(database.value()->write(batch, Durability::synced));
        CHECK_FALSE(database.value()->get("b", before).value());
    }
    const auto database = machine.open(false);
    REQUIRE(database);
    CHECK(database.value()->get("b").value() == "2");
    CHECK_FALSE(database.value()->get("a").value());
}

TEST_CASE("a cursor goes to the key at or before any place", "[storage]")
{
    const DatabaseMachine machine;
    const auto database = machine.open();
    Batch batch;
    for (const char* key : {"b", "d", "f"}) batch.put(key, key);
    REQUIRE(database.value()->write(batch, Durability::buffered));
    auto cursor      = database.value()->cursor();
    const auto found = [&](const std::string& key) {
        cursor.seek_at_or_before(key);
        return cursor.valid() ? std::string{cursor.key()} : "none";
    };
    CHECK(found("a") == "none");
    CHECK(found("b") == "b");
    CHECK(found("c") == "b");
    CHECK(found("z") == "f");
}

TEST_CASE("what cannot be opened is named with its kind", "[storage][errors]")
{
    const DatabaseMachine machine;
    CHECK(machine.open(false).error().code == "no-such-database");
    {
        const auto held = machine.open();
        REQUIRE(held);
        CHECK(machine.open().error().code == "held-by-another-process");
    }
    const auto path = machine.directory.path() + "/db";
    if (geteuid() != 0) { // root may write anywhere
        chmod(path.c_str(), 0);
        CHECK(machine.open().error().code == "storage-fault");
        chmod(path.c_str(), 0700);
    }
    std::ofstream{path + "/CURRENT"} << "MANIFEST-999999\n";
    CHECK_FALSE(machine.open());
    std::ofstream{machine.directory.path() + "/file"} << "x";
    const auto beneath_a_file = Database::open(machine.runtime, {.directory = machine.directory.path() + "/file/db"});
    REQUIRE_FALSE(beneath_a_file);
    CHECK(beneath_a_file.error().kind == Failure::storage);
}

TEST_CASE("databases that share a cache have together what it holds, and each reads its own blocks", "[storage]")
{
    const DatabaseMachine machine;
    const auto cache = make_block_cache(1u << 20);
    const auto open  = [&](const std::string& name) {
        return Database::open(machine.runtime,
                               {.directory = machine.directory.path() + "/" + name, .block_cache = cache})
            .value();
    };
    const auto fill = [](Database& database, int rows, const std::string& value) {
        Batch batch;
        for (int row = 0; row < rows; ++row) batch.put(std::to_string(row), value);
        REQUIRE(database.write(batch, Durability::synced));
        REQUIRE(database.write_out());
    };
    const auto first  = open("first");
    const auto second = open("second");
    fill(*first, 1, "of the first");
    fill(*second, 4'000, std::string(1'000, '2'));

    CHECK(first->get("0").value() == "of the first");
    for (const auto& entry : std::filesystem::directory_iterator(machine.directory.path() + "/first")) {
        if (entry.path().extension() != ".ldb") continue;
        std::fstream table{entry.path(), std::ios::binary | std::ios::in | std::ios::out};
        table.put('!'); // the first byte of its only block
    }
    CHECK(first->get("0").value() == "of the first"); // from the cache
    for (int row = 0; row < 4'000; ++row) REQUIRE(second->get(std::to_string(row)).value() == std::string(1'000, '2'));
    const auto read_again = first->get("0"); // there was no room for both
    REQUIRE_FALSE(read_again);
    CHECK(read_again.error().kind == Failure::corrupt);
}

TEST_CASE("a torn tail of a log is cut off, and damage before whole records is refused", "[storage][scrub]")
{
    const DatabaseMachine machine;
    const auto write = [&](int from, int to) {
        const auto database = machine.open();
        REQUIRE(database);
        for (int i = from; i < to; ++i) {
            Batch batch;
            batch.put("key" + std::to_string(i), std::string(100, 'x'));
            REQUIRE(database.value()->write(batch, Durability::synced));
        }
    };
    write(0, 20);
    std::string log;
    for (const auto& file : std::filesystem::directory_iterator{machine.directory.path() + "/db"}) {
        if (file.path().extension() == ".log") log = file.path().string();
    }
    SECTION("a torn tail")
    {
        std::ofstream{log, std::ios::app | std::ios::binary} << std::string(50, '\x5a');
        const auto database = machine.open();
        REQUIRE(database);
        CHECK(database.value()->get("key19").value());
    }
    SECTION("damage in the middle")
    {
        std::fstream file{log, std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(300);
        file.put('\x7f');
        file.close();
        const auto database = machine.open();
        REQUIRE_FALSE(database);
        CHECK(database.error().code == "damaged-log");
    }
}

TEST_CASE("a torn tail of a MANIFEST is cut off, but never a change that was acted on", "[storage][scrub]")
{
    const DatabaseMachine machine;
    {
        const auto database = machine.open();
        REQUIRE(database);
        Batch batch;
        batch.put("key", "value");
        REQUIRE(database.value()->write(batch, Durability::synced));
    }
    const auto directory = machine.directory.path() + "/db/";
    std::string name;
    std::getline(std::ifstream{directory + "CURRENT"}, name);
    SECTION("older bytes after the last change")
    {
        std::ofstream{directory + name, std::ios::app | std::ios::binary} << std::string(40, '\0') << "older";
        const auto database = machine.open();
        REQUIRE(database);
        CHECK(database.value()->get("key").value() == "value");
    }
    SECTION("the last change, which named the log file, is half there")
    {
        std::filesystem::resize_file(directory + name, std::filesystem::file_size(directory + name) - 1);
        const auto database = machine.open();
        REQUIRE_FALSE(database);
        CHECK(database.error().code == "damaged-manifest");
    }
}

TEST_CASE("tables or logs without a CURRENT are not taken for an empty directory", "[storage]")
{
    const DatabaseMachine machine;
    {
        const auto database = machine.open();
        REQUIRE(database);
        Batch batch;
        batch.put("key", "value");
        REQUIRE(database.value()->write(batch, Durability::buffered));
    }
    std::filesystem::remove(machine.directory.path() + "/db/CURRENT");
    const auto database = machine.open();
    REQUIRE_FALSE(database);
    CHECK(database.error().code == "damaged-database");
}

TEST_CASE("a database without a CURRENT that nothing was written to is made again", "[storage]")
{
    const DatabaseMachine machine;
    REQUIRE(machine.open());
    std::filesystem::remove(machine.directory.path() + "/db/CURRENT");
    CHECK(machine.open());
}

TEST_CASE("an empty file that a restore has put there keeps a database from being made", "[storage]")
{
    const DatabaseMachine machine;
    REQUIRE(machine.open());
    std::filesystem::remove(machine.directory.path() + "/db/CURRENT");
    std::ofstream{machine.directory.path() + "/db/restoring.log"};
    const auto database = machine.open();
    REQUIRE_FALSE(database);
    CHECK(database.error().code == "damaged-database");
}

TEST_CASE("a small file is replaced whole, and a large one is not read", "[storage][files]")
{
    const DatabaseMachine machine;
    const auto path = machine.directory.path() + "/file";
    CHECK_FALSE(read_file(machine.runtime, path).value());
    REQUIRE(replace_file(machine.runtime, path, "one"));
    REQUIRE(replace_file(machine.runtime, path, "two"));
    CHECK(read_file(machine.runtime, path).value() == "two");
    CHECK(read_file(machine.runtime, path, 2).error().code == "file-too-large");
    CHECK_FALSE(replace_file(machine.runtime, machine.directory.path() + "/no/such/file", "x"));
}

} // namespace storage_test
