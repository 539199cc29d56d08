// What a reader and `verify` say when the bytes on disk are not those that were written.
#include "support/machine_with_real_files.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace damage_test {

using namespace eventloom;
using namespace eventloom::testing;

struct DamageMachine : SimulatedMachine {
    TemporaryDirectory directory;
    std::string within = ""; // the directory that the next four work in

    DamageMachine()
    {
        const auto store = open();
        for (int i = 0; i < 5; ++i) {
            REQUIRE(
                store->append(to("order-1", ExpectedVersion::any(), {note_of(runtime, "event " + std::to_string(i))})));
        }
    }
    std::unique_ptr<LevelDbStore> open() const
    {
        auto store = LevelDbStore::open(runtime, {.directory = directory.path()});
        REQUIRE(store);
        return std::move(store.value());
    }
    // Works on a database itself, the log or the index, as docs/format.md describes it.
    template <class Change>
    void behind_its_back(Change change) const
    {
        const auto database = Database::open(runtime, {.directory = directory.path() + within});
        REQUIRE(database);
        change(*database.value());
    }
    void put(const std::string& key, const std::string& value) const
    {
        behind_its_back([&](Database& database) {
            Batch batch;
            batch.put(key, value);
            REQUIRE(database.write(batch, Durability::buffered));
        });
    }
    void remove(const std::string& key) const
    {
        behind_its_back([&](Database& database) {
            Batch batch;
            batch.remove(key);
            REQUIRE(database.write(batch, Durability::buffered));
        });
    }
    std::string get(const std::string& key) const
    {
        std::string value;
        behind_its_back([&](const Database& database) { value = database.get(key).value().value(); });
        return value;
    }
};

std::string record_key(Position position)
{
    std::string key{"e"};
    append_big_endian(key, position);
    return key.append(4, '\0');
}

// The code and sentence with which reading everything ends.
Error reading_ends_with(const EventStore& store, const ReadRequest& request = {})
{
    const auto cursor = store.read(request);
    for (;;) {
        const auto next = cursor->next();
        if (not next) {
            CHECK(cursor->next().error().code == next.error().code); // and again, for ever
            return next.error();
        }
        if (next.value() == nullptr) return {};
    }
}

bool has_finding(const VerifyReport& report, Position position, const std::string& code)
{
    return std::any_of(report.findings.begin(), report.findings.end(),
                       [&](const Finding& finding) { return finding.position == position && finding.code == code; });
}

TEST_CASE("a flipped byte anywhere in a record is reported with its position, by verify and by readers",
          "[eventstore][damage]")
{
    const DamageMachine machine;
    const auto whole = machine.get(record_key(3));
    for (std::size_t at = 0; at < whole.size(); ++at) {
        auto changed = whole;
        changed[at]  = static_cast<char>(changed[at] ^ (1 << at % 8));
        machine.put(record_key(3), changed);
        const auto store = machine.open();
        INFO("byte " << at << " of " << whole.size());
        CHECK(has_finding(store->verify().value(), 3, "damaged-record"));
        for (const auto& scope : {Scope::everything(), Scope::stream("order-1"), Scope::category("order")}) {
            const auto error = reading_ends_with(*store, {.scope = scope});
            CHECK(error.code == "damaged-record");
            CHECK(error.sentence.find("position 3") != std::string::npos);
        }
    }
}

TEST_CASE("a record cut to any length is reported, and nothing crashes", "[eventstore][damage]")
{
    const DamageMachine machine;
    const auto whole = machine.get(record_key(3));
    for (std::size_t length = 0; length < whole.size(); length += 3) {
        machine.put(record_key(3), whole.substr(0, length));
        CHECK(has_finding(machine.open()->verify().value(), 3, "damaged-record"));
    }
}

TEST_CASE("a record that is missing is named, and a log whose end is damaged takes no append", "[eventstore][damage]")
{
    const DamageMachine machine;
    SECTION("in the middle")
    {
        machine.remove(record_key(3));
        const auto store = machine.open();
        CHECK(has_finding(store->verify().value(), 3, "missing-record"));
        CHECK(reading_ends_with(*store).code == "missing-record");
    }
    SECTION("at the end: the witness knows")
    {
        machine.remove(record_key(5));
        const auto store = machine.open();
        CHECK(has_finding(store->verify().value(), 0, "history-shrank"));
        const auto refused = store->append(to("order-1", ExpectedVersion::any(), {note_of(machine.runtime, "x")}));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == "history-shrank");
    }
    SECTION("damaged at the end")
    {
        machine.put(record_key(5), "nonsense");
        const auto store = machine.open();
        CHECK(has_finding(store->verify().value(), 5, "damaged-record"));
        CHECK_FALSE(store->append(to("order-1", ExpectedVersion::any(), {note_of(machine.runtime, "x")})));
    }
}

TEST_CASE("a record that was exchanged for another breaks the chain", "[eventstore][damage]")
{
    const DamageMachine machine;
    // The third record of another store with the same streams: whole in itself.
    const DamageMachine other;
    machine.put(record_key(3), other.get(record_key(3)));
    CHECK(has_finding(machine.open()->verify().value(), 3, "broken-chain") ==
          (machine.get(record_key(2)) != other.get(record_key(2))));
    auto forged = machine.get(record_key(4));
    machine.put(record_key(3), forged);
    CHECK(has_finding(machine.open()->verify().value(), 3, "damaged-record"));
}

TEST_CASE("an index that does not fit the log is found", "[eventstore][damage]")
{
    DamageMachine machine;
    machine.within = "/index";
    std::string stream_key{"s"};
    append_ordered_text(stream_key, "order-1");
    const auto key_of = [&](Version last_version) {
        auto key = stream_key;
        append_big_endian(key, last_version);
        return key;
    };
    SECTION("an entry is missing")
    {
        machine.remove(key_of(4));
        CHECK(has_finding(machine.open()->verify().value(), 1, "damaged-index"));
    }
    SECTION("an entry is another")
    {
        machine.remove(key_of(4));
        machine.put(key_of(0), std::string(2, '\1')); // position 1 alone
        CHECK(has_finding(machine.open()->verify().value(), 2, "damaged-index"));
        CHECK(has_finding(machine.open()->verify().value(), 5, "damaged-index"));
        CHECK_FALSE(has_finding(machine.open()->verify().value(), 1, "damaged-index"));
    }
    SECTION("an entry is too many")
    {
        machine.put(key_of(9), std::string(2, '\1'));
        CHECK(has_finding(machine.open()->verify().value(), 0, "damaged-index"));
    }
    SECTION("a length is wrong")
    {
        machine.put("lorder-1", std::string(8, '\0'));
        CHECK(has_finding(machine.open()->verify().value(), 0, "damaged-index"));
    }
}

TEST_CASE("an index that is lost, or of another log, is made anew from the log", "[eventstore][damage]")
{
    DamageMachine machine;
    SECTION("lost")
    {
        std::filesystem::remove_all(machine.directory.path() + "/index");
    }
    SECTION("not to be opened")
    {
        std::ofstream{machine.directory.path() + "/index/CURRENT"} << "nonsense";
    }
    SECTION("of another log")
    {
        machine.within = "/index";
        auto covers    = machine.get("acovers");
        covers.back()  = static_cast<char>(covers.back() ^ 1);
        machine.put("acovers", covers);
    }
    const auto store  = machine.open();
    const auto report = store->verify().value();
    CHECK(report.findings_total == 0);
    CHECK(report.events == 5);
    CHECK(store->stream_length("order-1").value() == 5);
    CHECK(read_all(*store, {.scope = Scope::stream("order-1")}).size() == 5);
}

TEST_CASE("a witness with one damaged slot is reported, and the other still knows", "[eventstore][damage]")
{
    const DamageMachine machine;
    // The witness has a slot of its own for what stood before: two closes fill both.
    REQUIRE(machine.open()->append(to("order-1", ExpectedVersion::any(), {note_of(machine.runtime, "more")})));
    const auto path = machine.directory.path() + "/witness";
    std::stringstream content;
    content << std::ifstream{path}.rdbuf();
    const auto whole = content.str();
    REQUIRE(whole.size() == 48);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        auto changed = whole;
        changed[at]  = static_cast<char>(changed[at] ^ 4);
        std::ofstream{path} << changed;
        CHECK(has_finding(machine.open()->verify().value(), 0, "damaged-witness"));
    }
}

TEST_CASE("a store of a newer format is refused by name", "[eventstore][versions]")
{
    const DamageMachine machine;
    std::string newer;
    append_big_endian(newer, 4);
    machine.put("aformat", newer);
    const auto store = LevelDbStore::open(machine.runtime, {.directory = machine.directory.path()});
    REQUIRE_FALSE(store);
    CHECK(store.error().code == "newer-store-format");
}

TEST_CASE("a second store over one directory is refused, in one process too", "[eventstore]")
{
    const DamageMachine machine;
    const auto first  = machine.open();
    const auto second = LevelDbStore::open(machine.runtime, {.directory = machine.directory.path()});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == "held-by-another-process");
}

TEST_CASE("a store says where it is and what it holds", "[eventstore]")
{
    const DamageMachine machine;
    const auto info = machine.open()->info().value();
    CHECK(info.directory == machine.directory.path());
    CHECK(info.events == 5);
    CHECK(info.streams == 1);
    CHECK(info.format_version == 2);
    CHECK(info.bytes() > 0);
}

} // namespace damage_test
