// What can be made good of a damaged store, and what is saved of one that cannot.
#include "support/answers.hpp"
#include "support/files.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/eventstore/repair.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

namespace repair_test {

using namespace eventloom;
using namespace eventloom::testing;

// Ten appends of two events each, to two streams: six of them in a table, four still in LevelDB's own log file.
struct RepairMachine : SimulatedMachine {
    TemporaryDirectory scratch;
    std::string damaged = scratch.path() + "/damaged";
    std::string saved   = scratch.path() + "/saved";
    std::vector<RecordedEvent> events;

    RepairMachine()
    {
        append(6);
        append(4);
        REQUIRE(events.size() == 20);
    }
    void append(int appends)
    {
        const auto store = open(damaged);
        for (int i = 0; i < appends; ++i) {
            AppendRequest request;
            for (const char* stream : {"desk-1", "desk-2"}) {
                request.streams.push_back(
                    {stream, ExpectedVersion::any(), {note_of(runtime, "event " + std::string(200, 'x'))}});
            }
            REQUIRE(store->append(request));
            simulated.advance(Duration{1'000});
        }
        events = read_all(*store);
    }
    std::unique_ptr<LevelDbStore> open(const std::string& directory) const
    {
        auto store = LevelDbStore::open(runtime, {.directory = directory});
        REQUIRE(store);
        return std::move(store.value());
    }
    // The files of the log that end so.
    std::vector<std::filesystem::path> files(const std::string& ending) const
    {
        std::vector<std::filesystem::path> found;
        for (const auto& entry : std::filesystem::directory_iterator{damaged}) {
            if (entry.path().string().ends_with(ending)) found.push_back(entry.path());
        }
        std::sort(found.begin(), found.end());
        return found;
    }
    void change_record(Position last, const std::function<void(Batch&, const std::string& key, std::string value)>& how)
    {
        const auto log = Database::open(runtime, {.directory = damaged});
        REQUIRE(log);
        std::string key{"e"};
        append_big_endian(key, last);
        key.append(4, '\0');
        Batch batch;
        how(batch, key, log.value()->get(key).value().value());
        REQUIRE(log.value()->write(batch, Durability::synced));
    }
    void flip_in_middle(const std::string& ending) const
    {
        const auto found = files(ending);
        REQUIRE_FALSE(found.empty());
        auto bytes              = content_of(found.back());
        bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
        write_file(found.back(), bytes);
    }
    void flip_in_record(Position last)
    {
        change_record(last, [](Batch& batch, const std::string& key, std::string value) {
            value.back() = static_cast<char>(value.back() ^ 1);
            batch.put(key, value);
        });
    }
    // The events up to a position, and nothing else, are in a store that is whole and takes appends.
    void check_saved(Position last) const
    {
        const auto store = open(saved);
        CHECK(store->verify().value().findings_total == 0);
        CHECK(read_all(*store) == std::vector<RecordedEvent>(events.begin(), events.begin() + static_cast<long>(last)));
        CHECK(store->append(to("desk-1", ExpectedVersion::exactly(last / 2 - 1), {note_of(runtime, "more")})));
        CHECK(std::filesystem::exists(saved + "/salvage") == false);
    }
};

TEST_CASE("repair of a whole store changes nothing and says so", "[eventstore][repair]")
{
    const RepairMachine machine;
    const auto report = repair_store(machine.runtime, machine.damaged);
    REQUIRE(report);
    CHECK(report.value().events == 20);
    CHECK(report.value().mended.empty());
}

TEST_CASE("repair makes anew what the log gives, and says what that was", "[eventstore][repair]")
{
    const RepairMachine machine;
    std::vector<std::string> mended;
    SECTION("an index that says something else")
    {
        const auto index = Database::open(machine.runtime, {.directory = machine.damaged + "/index"});
        REQUIRE(index);
        Batch batch;
        batch.put("ldesk-1", std::string(8, '\1'));
        REQUIRE(index.value()->write(batch, Durability::synced));
        mended = {"index"};
    }
    SECTION("an index that is gone")
    {
        std::filesystem::remove_all(machine.damaged + "/index");
        mended = {"index"};
    }
    SECTION("an index that cannot be opened")
    {
        write_file(machine.damaged + "/index/CURRENT", "nonsense");
        mended = {"index"};
    }
    SECTION("a witness of which nothing can be read")
    {
        write_file(machine.damaged + "/witness", "nonsense");
        mended = {"witness"};
    }
    SECTION("a witness with one damaged slot")
    {
        auto bytes = content_of(machine.damaged + "/witness");
        bytes[3]   = static_cast<char>(bytes[3] ^ 1);
        write_file(machine.damaged + "/witness", bytes);
        mended = {"witness"};
    }
    const auto report = repair_store(machine.runtime, machine.damaged);
    REQUIRE(report);
    CHECK(report.value().mended == mended);
    const auto store = machine.open(machine.damaged);
    CHECK(store->verify().value().findings_total == 0);
    CHECK(read_all(*store) == machine.events);
    CHECK(read_all(*store, {.scope = Scope::stream("desk-1")}).size() == 10);
    CHECK(store->append(to("desk-1", ExpectedVersion::exactly(9), {note_of(machine.runtime, "more")})));
}

TEST_CASE("repair refuses a damaged log by its positions, and changes nothing", "[eventstore][repair]")
{
    RepairMachine machine;
    std::string position;
    SECTION("a flipped bit")
    {
        machine.flip_in_record(8);
        position = "position 8 ";
    }
    SECTION("a record that is gone")
    {
        machine.change_record(8, [](Batch& batch, const std::string& key, const std::string&) { batch.remove(key); });
        position = "position 7 ";
    }
    SECTION("the end is gone: the witness knows")
    {
        machine.change_record(20, [](Batch& batch, const std::string& key, const std::string&) { batch.remove(key); });
        position = "position 20";
    }
    const auto report = repair_store(machine.runtime, machine.damaged);
    REQUIRE_FALSE(report);
    CHECK(report.error().code == "log-damaged");
    INFO(report.error().sentence);
    CHECK(report.error().sentence.find(position) != std::string::npos);
    CHECK(report.error().sentence.find("--cut-to") != std::string::npos);
}

TEST_CASE("what stands before the damage is saved into a new store, and the damaged one is left alone",
          "[eventstore][repair]")
{
    RepairMachine machine;
    machine.flip_in_record(8);
    const auto before = files_in(machine.damaged);
    const auto report = salvage_store(machine.runtime, machine.damaged, machine.saved);
    REQUIRE(report);
    CHECK(report.value().events == 6);
    CHECK(report.value().last_known == 20);
    CHECK(report.value().damage.find("position 8") != std::string::npos);
    CHECK(files_in(machine.damaged) == before);
    machine.check_saved(6);
}

TEST_CASE("a whole store is saved whole", "[eventstore][repair]")
{
    const RepairMachine machine;
    const auto report = salvage_store(machine.runtime, machine.damaged, machine.saved);
    REQUIRE(report);
    CHECK(report.value().events == 20);
    CHECK_FALSE(report.value().left_out());
    CHECK(report.value().damage.empty());
    machine.check_saved(20);
}

TEST_CASE("a store that LevelDB does not open any more is saved as far as its files can be read",
          "[eventstore][repair]")
{
    const RepairMachine machine;
    Position least = 0;
    SECTION("no MANIFEST, no CURRENT")
    {
        for (const auto& file : machine.files("CURRENT")) std::filesystem::remove(file);
        for (const auto& entry : std::filesystem::directory_iterator{machine.damaged}) {
            if (entry.path().filename().string().starts_with("MANIFEST")) write_file(entry.path(), "nonsense");
        }
        least = 20;
    }
    SECTION("a damaged table")
    {
        machine.flip_in_middle(".ldb");
    }
    SECTION("a damaged log file")
    {
        machine.flip_in_middle(".log");
        least = 12;
    }
    SECTION("a log file cut in the middle")
    {
        const auto logs = machine.files(".log");
        REQUIRE(logs.size() == 1);
        write_file(logs.back(), content_of(logs.back()).substr(0, content_of(logs.back()).size() / 2));
        least = 12;
    }
    SECTION("a table cut in the middle")
    {
        const auto tables = machine.files(".ldb");
        REQUIRE_FALSE(tables.empty());
        write_file(tables.back(), content_of(tables.back()).substr(0, 700));
    }
    SECTION("a table that is gone")
    {
        std::filesystem::remove(machine.files(".ldb").back());
    }
    const auto report = salvage_store(machine.runtime, machine.damaged, machine.saved);
    INFO(sentence_of(report));
    if (least == 0 && not report) {
        CHECK(report.error().code == "nothing-saved");
        CHECK_FALSE(std::filesystem::exists(machine.saved));
        return;
    }
    REQUIRE(report);
    CHECK(report.value().events >= least);
    CHECK(report.value().events % 2 == 0); // whole appends
    CHECK(report.value().last_known == 20);
    machine.check_saved(report.value().events);
}

TEST_CASE("a store without its list of files is refused, and not begun anew over the old files", "[eventstore][repair]")
{
    const RepairMachine machine;
    std::filesystem::remove(machine.damaged + "/CURRENT");
    const auto before = machine.files(".ldb");
    for (const bool create : {true, false}) {
        const auto store =
            LevelDbStore::open(machine.runtime, {.directory = machine.damaged, .create_if_missing = create});
        REQUIRE_FALSE(store);
        CHECK(store.error().code == "damaged-database");
    }
    CHECK(machine.files(".ldb") == before);
    REQUIRE(salvage_store(machine.runtime, machine.damaged, machine.saved));
    machine.check_saved(20);
}

TEST_CASE("an append over several records is saved whole or not at all", "[eventstore][repair]")
{
    RepairMachine machine;
    {
        // 100 events of 1,000 bytes: some six full records and one that is not.
        const auto store = machine.open(machine.damaged);
        std::vector<NewEvent> many;
        for (int i = 0; i < 100; ++i) many.push_back(note_of(machine.runtime, std::string(1'000, 'y')));
        REQUIRE(store->append(to("desk-3", ExpectedVersion::no_stream(), many)));
    }
    machine.flip_in_record(120); // the last of them
    const auto report = salvage_store(machine.runtime, machine.damaged, machine.saved);
    REQUIRE(report);
    CHECK(report.value().events == 20);
    CHECK(report.value().last_known == 120);
    machine.check_saved(20);
}

TEST_CASE("saving needs a directory of its own", "[eventstore][repair]")
{
    const RepairMachine machine;
    std::filesystem::create_directories(machine.saved);
    write_file(machine.saved + "/letter", "dear diary");
    const auto report = salvage_store(machine.runtime, machine.damaged, machine.saved);
    REQUIRE_FALSE(report);
    CHECK(report.error().code == "directory-not-empty");
    CHECK(files_in(machine.saved).size() == 1);

    const auto holder = machine.open(machine.damaged);
    const auto held   = salvage_store(machine.runtime, machine.damaged, machine.scratch.path() + "/other");
    REQUIRE_FALSE(held);
    CHECK(held.error().code == "held-by-another-process");
}

} // namespace repair_test
