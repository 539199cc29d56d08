// What `verify` compares: that log and index have the same entries, however the store came to be.
#include "support/answers.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/ordered_key.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace verify_test {

using namespace eventloom;
using namespace eventloom::testing;

// 60 events in three streams, of two types, with tags and commands, in an index of several flushes.
struct VerifyMachine : SimulatedMachine {
    TemporaryDirectory directory;
    std::vector<Uuid> ids;
    std::vector<Uuid> commands;

    VerifyMachine()
    {
        const auto store = open();
        for (int i = 0; i < 20; ++i) {
            AppendRequest request;
            for (int stream = 0; stream < 3; ++stream) {
                auto event          = note_of(runtime, "event", stream == 0 ? "opened" : "noted");
                event.metadata.tags = {"round:" + std::to_string(i), "all", "all"};
                ids.push_back(event.id);
                request.streams.push_back({"desk-" + std::to_string(stream), ExpectedVersion::any(), {event}});
            }
            request.command.emplace();
            request.command->id     = runtime.ids.next();
            request.command->stream = "desk-1";
            commands.push_back(request.command->id);
            REQUIRE(store->append(request));
            simulated.run_until_idle(); // the index is written
        }
    }
    std::unique_ptr<LevelDbStore> open()
    {
        auto store = LevelDbStore::open(runtime, {.directory = directory.path(), .index_events_in_memory = 16});
        REQUIRE(store);
        return std::move(store.value());
    }
    VerifyReport verify() { return open()->verify().value(); }

    // Changes the entry of the index that `key` begins, as docs/format.md describes it.
    template <class Change>
    void change_entry(const std::string& key, Change change)
    {
        const auto index = Database::open(runtime, {.directory = directory.path() + "/index"});
        REQUIRE(index);
        Batch batch;
        {
            auto cursor = index.value()->cursor();
            cursor.seek(key);
            REQUIRE(cursor.valid());
            REQUIRE(cursor.key().starts_with(key));
            std::string value{cursor.value()};
            std::string at{cursor.key()};
            batch.remove(at);
            if (change(at, value)) batch.put(at, value);
        }
        REQUIRE(index.value()->write(batch, Durability::synced));
    }
};

std::string list_key(char space, const std::string& name)
{
    std::string key{space};
    append_ordered_text(key, name);
    return key;
}

std::string id_key(char space, const Uuid& id)
{
    return std::string{space}.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
}

bool finds(const VerifyReport& report, Position position, const std::string& word)
{
    return std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& finding) {
        return finding.position == position && finding.code == "damaged-index" &&
               finding.sentence.find(word) != std::string::npos;
    });
}

TEST_CASE("verify finds nothing in a whole store, whatever it holds", "[eventstore][verify]")
{
    VerifyMachine machine;
    const auto report = machine.verify();
    INFO(first_finding(report));
    CHECK(report.findings_total == 0);
    CHECK(report.events == 60);
    CHECK(report.index_entries > 60);
}

TEST_CASE("verify names the events that an index does not say, and those that it should not say",
          "[eventstore][verify]")
{
    VerifyMachine machine;
    const auto drop = [](std::string&, std::string&) { return false; };
    SECTION("a tag is missing")
    {
        machine.change_entry(list_key('g', "round:4"), drop); // the events 13 to 15
        const auto report = machine.verify();
        for (const Position position : {13, 14, 15}) CHECK(finds(report, position, "tag index and found nothing"));
        CHECK(report.findings_total == 3);
    }
    SECTION("a tag stands at another event")
    {
        machine.change_entry(list_key('g', "round:4"), [](std::string& key, std::string& value) {
            key.back() = 18; // position 13 becomes 16, and so do those after it
            value[0]   = 16;
            return true;
        });
        const auto report = machine.verify();
        CHECK(finds(report, 13, "tag index and found nothing"));
        CHECK(finds(report, 16, "tag index and found something"));
    }
    SECTION("two events of one stream have changed places")
    {
        // Each list has as many positions as before, and the same ones altogether: only the versions differ.
        const auto first_piece = list_key('s', "desk-1");
        std::string taken;
        machine.change_entry(first_piece, [&](std::string&, std::string& value) {
            taken = value;
            return true;
        });
        machine.change_entry(list_key('s', "desk-2"), [&](std::string&, std::string& value) {
            std::swap(taken, value);
            return true;
        });
        machine.change_entry(first_piece, [&](std::string&, std::string& value) {
            value = taken;
            return true;
        });
        const auto report = machine.verify();
        CHECK(finds(report, 2, "stream index and found nothing"));
        CHECK(finds(report, 2, "stream index and found something"));
        CHECK(finds(report, 3, "stream index"));
    }
    SECTION("an id stands at another event")
    {
        machine.change_entry("j", [](std::string&, std::string& value) {
            value[23] = 2; // where the first id of the block is
            return true;
        });
        const auto report = machine.verify();
        CHECK(finds(report, 1, "event id index and found nothing"));
        CHECK(finds(report, 2, "event id index and found something"));
    }
    SECTION("a command is missing")
    {
        machine.change_entry(id_key('k', machine.commands[6]), drop);
        CHECK(finds(machine.verify(), 21, "command index and found nothing"));
    }
    SECTION("a command is damaged")
    {
        machine.change_entry(id_key('k', machine.commands[6]), [](std::string&, std::string& value) {
            value[3] = static_cast<char>(value[3] ^ 1);
            return true;
        });
        CHECK(finds(machine.verify(), 0, "damaged record of a command"));
        CHECK(finds(machine.verify(), 21, "command index and found nothing"));
    }
    SECTION("a category is missing, a type, a flush")
    {
        machine.change_entry(list_key('c', "desk"), drop);
        machine.change_entry(list_key('t', "opened"), drop);
        machine.change_entry("f", drop);
        const auto report = machine.verify();
        CHECK(finds(report, 1, "category index and found nothing"));
        CHECK(finds(report, 1, "type index and found nothing"));
        CHECK(finds(report, 1, "gap in the list of flushes"));
    }
    SECTION("an entry of no kind")
    {
        machine.change_entry("f", [](std::string& key, std::string&) {
            key[0] = 'q';
            return true;
        });
        CHECK(finds(machine.verify(), 0, "entry that is none"));
    }
}

TEST_CASE("damage of the log is not laid at the index's door", "[eventstore][verify]")
{
    VerifyMachine machine;
    {
        const auto log = Database::open(machine.runtime, {.directory = machine.directory.path()});
        REQUIRE(log);
        std::string key{"e"};
        append_big_endian(key, 30); // the record of the events 28 to 30
        key.append(4, '\0');
        auto value   = log.value()->get(key).value().value();
        value.back() = static_cast<char>(value.back() ^ 1); // in the body of the last
        Batch batch;
        batch.put(key, value);
        REQUIRE(log.value()->write(batch, Durability::synced));
    }
    const auto report = machine.verify();
    REQUIRE(report.findings_total == 1);
    CHECK(report.findings[0].position == 30);
    CHECK(report.findings[0].code == "damaged-record");
    CHECK(report.events == 59);
}

TEST_CASE("verify tells a damaged block of a table from a record that is not there", "[eventstore][verify]")
{
    VerifyMachine machine;
    const auto data_of = [](int number) { return std::string(5000, static_cast<char>('a' + number)); };
    {
        // Each larger than a block of LevelDB's, so in one of its own: positions 61 to 66.
        const auto store = machine.open();
        for (int i = 0; i < 6; ++i) {
            REQUIRE(store->append(to("large-1", ExpectedVersion::any(), {note_of(machine.runtime, data_of(i))})));
        }
    }
    machine.open(); // makes a table of the log
    std::string damaged;
    for (const auto& entry : std::filesystem::directory_iterator{machine.directory.path()}) {
        if (entry.path().extension() != ".ldb") continue;
        std::ostringstream bytes;
        bytes << std::ifstream{entry.path(), std::ios::binary}.rdbuf();
        const auto at = bytes.str().find(data_of(3));
        if (at == std::string::npos) continue;
        damaged = entry.path().filename().string();
        std::fstream{entry.path(), std::ios::binary | std::ios::in | std::ios::out}.seekp(
            static_cast<std::streamoff>(at + 100))
            << '.';
    }
    REQUIRE_FALSE(damaged.empty());
    const auto report = machine.verify();
    REQUIRE(report.findings_total == 1);
    const auto& finding = report.findings[0];
    CHECK(finding.position == 64);
    CHECK(finding.code == "damaged-record");
    CHECK_THAT(finding.sentence, Catch::Contains(damaged) && Catch::Contains("store repair --cut-to"));
    CHECK(report.events == 65);
}

TEST_CASE("a store that is being written is verified without a false alarm", "[eventstore][verify][threads]")
{
    const TemporaryDirectory directory;
    SystemExecutor executor{{.threads = 2}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    const auto opened = LevelDbStore::open(
        runtime, {.directory = directory.path(), .durability = Durability::buffered, .index_events_in_memory = 64});
    REQUIRE(opened);
    LevelDbStore& store = *opened.value();
    std::atomic<bool> enough{false};
    std::thread writer{[&] {
        for (int i = 0; i < 20'000 && not enough; ++i) {
            AppendRequest request{
                to("desk-" + std::to_string(i % 7), ExpectedVersion::any(), {note_of(runtime, "event")})};
            request.command.emplace();
            request.command->id     = runtime.ids.next();
            request.command->stream = "desk-1";
            if (i % 3 == 0) request.streams.clear(); // a command that wrote nothing
            if (not store.append(request)) return;
        }
    }};
    for (int round = 0; round < 30; ++round) {
        const auto report = store.verify();
        INFO((report && not report.value().findings.empty() ? report.value().findings.front().sentence : ""));
        CHECK((report && report.value().findings_total == 0));
    }
    enough = true;
    writer.join();
    CHECK(store.verify().value().findings_total == 0);
}

} // namespace verify_test
