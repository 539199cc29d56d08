// A store's history as a file, and a store of it again.
#include "service/exchanged_history.hpp"

namespace exchange_test {

TEST_CASE("what was exported and imported is exported again byte for byte", "[exchange]")
{
    Exported exported{appends_asked_for()};
    const auto report = exported.import("second");
    REQUIRE(report);
    CHECK(report.value().events == exported.head);
    CHECK(report.value().is_new);
    CHECK(exported.exported_again("second") == exported.text);

    SECTION("and importing it again writes nothing")
    {
        const auto again = exported.import("second");
        REQUIRE(again);
        CHECK(again.value().found == exported.head);
        CHECK_FALSE(again.value().is_new);
    }
    SECTION("and what was gone is gone, and its places are known")
    {
        const auto first  = exported.machine.open(exported.path("first") + "/log");
        const auto second = exported.machine.open(exported.path("second") + "/log");
        CHECK(second->info().value().gone == first->info().value().gone);
        CHECK(second->info().value().gone > 0);
        CHECK(read_all(*second) == read_all(*first));
        CHECK(exported.text.find("CANARY") == std::string::npos);
        const auto opened = read_all(*seal_personal_data(*second, exported.keys));
        CHECK(opened == read_all(*seal_personal_data(*first, exported.keys)));
        const auto has_personal_data_open = [](const RecordedEvent& event) {
            return event.data.find("CANARY") != std::string::npos;
        };
        CHECK(std::any_of(opened.begin(), opened.end(), has_personal_data_open));
        const auto of_forgotten = std::find_if(opened.begin(), opened.end(),
                                               [](const RecordedEvent& event) { return event.stream == "profile-1"; });
        REQUIRE(of_forgotten != opened.end());
        CHECK_FALSE(has_personal_data_open(*of_forgotten));
        CHECK(second->append(to("long-2", ExpectedVersion::any(), {long_event(exported.machine.executor, "")}))
                  .error()
                  .code == "stream-tombstoned");
        const auto report = second->verify();
        REQUIRE(report);
        CHECK(report.value().findings_total == 0);
    }
    SECTION("and its commands are known: one that is sent again is answered and writes nothing")
    {
        const auto store = exported.machine.open(exported.path("second") + "/log");
        for (const auto& line : lines_of(exported.text)) {
            const auto read = cloud_events::read_line(line);
            REQUIRE(read);
            if (const auto* command = std::get_if<CommandRecord>(&read.value().content))
                CHECK(store->find_command(command->id).value() == *command);
        }
    }
}

TEST_CASE("streams without a category or an id, which older stores have, go along", "[exchange]")
{
    Machine machine;
    const TemporaryDirectory directory;
    const auto path = [&](const std::string& name) { return directory.path() + "/" + name; };
    std::vector<RecordedEvent> events;
    {
        const auto store =
            LevelDbStore::open(machine.runtime, {.directory = path("old") + "/log", .limits = {.older_names = true}});
        REQUIRE(store);
        for (const auto* name : {"-7", "order-"}) {
            REQUIRE(store.value()->append(to(name, ExpectedVersion::any(), {note_of(machine.runtime, "x")})));
        }
        events = read_all(*store.value());
        REQUIRE(export_history(machine.runtime, *store.value(), path("old.jsonl"), {}));
    }
    REQUIRE(import_history(machine.runtime, leveldb_engine(), path("old.jsonl"), path("new"), {}));
    const auto store = machine.open(path("new") + "/log");
    CHECK(read_all(*store) == events);
    CHECK(store->append(to("-7", ExpectedVersion::any(), {note_of(machine.runtime, "y")})).error().code ==
          "invalid-stream-name");
    CHECK(store->append(to("order-", ExpectedVersion::any(), {note_of(machine.runtime, "y")})).error().code ==
          "empty-id");
}

TEST_CASE("what a clock that ran ahead has recorded is imported as of the moment when it was right",
          "[exchange][clock]")
{
    Machine machine;
    const TemporaryDirectory directory;
    const auto path   = [&](const std::string& name) { return directory.path() + "/" + name; };
    const auto append = [&](EventStore& store, int i) {
        REQUIRE(store.append(to("order-" + std::to_string(i % 3), ExpectedVersion::any(),
                                {note_of(machine.runtime, std::to_string(i))})));
        machine.executor.advance(std::chrono::seconds{1});
    };
    const Time began = machine.executor.now();
    Time right{};
    {
        const auto store = machine.open(path("ahead") + "/log");
        for (int i = 0; i < 10; ++i) append(*store, i);
        right = machine.executor.now();
        machine.executor.set_clock(right + std::chrono::days{365 * 80});
        for (int i = 10; i < 20; ++i) append(*store, i);
        CHECK(store->info().value().notices == std::vector<std::string>{});
        machine.executor.set_clock(right + std::chrono::hours{1});
        for (int i = 20; i < 30; ++i) append(*store, i);
        REQUIRE(store->info().value().notices.size() == 1);
        CHECK(store->info().value().notices.front().starts_with("the log ends with an event that was recorded at "));
        REQUIRE(export_history(machine.runtime, *store, path("ahead.jsonl"), {}));
    }
    for (int time = 0; time < 2; ++time) { // the second compares
        REQUIRE(import_history(machine.runtime, leveldb_engine(), path("ahead.jsonl"), path("right"), {}, right));
    }
    const auto ahead  = machine.open(path("ahead") + "/log");
    const auto mended = machine.open(path("right") + "/log");
    CHECK(mended->info().value().notices == std::vector<std::string>{});
    CHECK(mended->verify().value().findings_total == 0);
    auto expected = read_all(*ahead);
    CHECK(expected.back().recorded_at > right + std::chrono::days{365 * 79});
    for (auto& event : expected) event.recorded_at = std::min(event.recorded_at, right);
    CHECK(read_all(*mended) == expected);
    CHECK(expected.front().recorded_at == began);
    // From here on times are those of the clock again.
    append(*mended, 30);
    CHECK(read_all(*mended).back().recorded_at > right);
}

TEST_CASE("personal data go along sealed, and are read with their keys alone", "[exchange]")
{
    Machine machine;
    const TemporaryDirectory directory;
    SimulatedSecrets secrets{machine.runtime, 7};
    PersonalKeys keys{machine.runtime, {.directory = directory.path() + "/keys", .secrets = &secrets}};
    const auto file = directory.path() + "/first.jsonl";
    std::vector<RecordedEvent> first;
    {
        const auto log  = machine.open(directory.path() + "/first/log");
        const auto open = seal_personal_data(*log, keys);
        REQUIRE(open->append(to("customer-1", ExpectedVersion::any(),
                                {personal_event(machine.runtime, "ada", {"CANARY-ADA", ""}),
                                 personal_event(machine.runtime, "bob", {"CANARY-BOB"})})));
        REQUIRE(keys.forget("bob"));
        first = read_all(*open);
        REQUIRE(export_history(machine.runtime, *log, file, {}));
    }
    REQUIRE(import_history(machine.runtime, leveldb_engine(), file, directory.path() + "/second", {}));
    const auto log = machine.open(directory.path() + "/second/log");
    for (const auto& event : read_all(*log)) CHECK(event.data.find("CANARY") == std::string::npos);
    CHECK(read_all(*seal_personal_data(*log, keys)) == first);
    REQUIRE(first.at(0).data.find("CANARY-ADA") != std::string::npos);
    REQUIRE(first.at(1).data.find("CANARY-BOB") == std::string::npos);
    REQUIRE(export_history(machine.runtime, *log, directory.path() + "/second.jsonl", {}));
    CHECK(content_of(directory.path() + "/second.jsonl") == content_of(file));
}

TEST_CASE("an empty store is exported and imported", "[exchange]")
{
    Machine machine;
    const TemporaryDirectory directory;
    const auto file = directory.path() + "/empty.jsonl";
    REQUIRE(export_history(machine.runtime, *machine.open(directory.path() + "/a/log"), file, {}));
    CHECK(lines_of(content_of(file)).size() == 1);
    const auto report = import_history(machine.runtime, leveldb_engine(), file, directory.path() + "/b", {});
    REQUIRE(report);
    CHECK(machine.open(directory.path() + "/b/log")->head() == 0);
}

TEST_CASE("an export that was cut anywhere goes on and gives the same file", "[exchange]")
{
    Exported exported{3};
    const auto store = exported.machine.open(exported.path("first") + "/log");
    const auto again = exported.path("again.jsonl");
    for (std::size_t cut = 0; cut <= exported.text.size(); cut += cut < 1'000 ? 1 : 997) {
        INFO(cut);
        write(again + ".part", std::string_view{exported.text}.substr(0, cut));
        const auto report = export_history(exported.machine.runtime, *store, again, {});
        REQUIRE(report);
        REQUIRE(report.value().events == exported.head);
        REQUIRE(content_of(again) == exported.text);
        std::filesystem::remove(again);
    }
}

TEST_CASE("a part that was whole before the store grew is not taken for the export", "[exchange]")
{
    Exported exported{10};
    const auto store = exported.machine.open(exported.path("first") + "/log");
    const auto again = exported.path("again.jsonl");
    write(again + ".part", exported.text);
    REQUIRE(store->append(request_of(9, 0)));
    const auto report = export_history(exported.machine.runtime, *store, again, {});
    REQUIRE(report);
    CHECK(report.value().events == store->head());
    CHECK(lines_of(content_of(again)).size() > lines_of(exported.text).size());
}

TEST_CASE("a part with a hole in it is not gone on with", "[exchange]")
{
    Exported exported{10};
    const auto store = exported.machine.open(exported.path("first") + "/log");
    const auto again = exported.path("again.jsonl");
    auto left        = exported.text.substr(0, exported.text.size() / 2);
    left.replace(left.size() / 2, 40, 40, '\0');
    write(again + ".part", left);
    const auto report = export_history(exported.machine.runtime, *store, again, {});
    REQUIRE_FALSE(report);
    CHECK(report.error().code == "export-differs");
    CHECK(content_of(again + ".part") == left);
}

TEST_CASE("an export into whose file something else writes meanwhile is refused", "[exchange]")
{
    Exported exported{300};
    const auto store  = exported.machine.open(exported.path("first") + "/log");
    const auto again  = exported.path("again.jsonl");
    const auto report = export_history(exported.machine.runtime, *store, again, [&](Position) {
        std::ofstream{again + ".part", std::ios::binary | std::ios::app} << "another\n";
        return done();
    });
    REQUIRE_FALSE(report);
    CHECK(report.error().code == "export-differs");
    CHECK_FALSE(std::filesystem::exists(again));
}

TEST_CASE("an export does not go on with what another store's has left, nor take a name that is taken", "[exchange]")
{
    Exported exported{10};
    const auto store = exported.machine.open(exported.path("first") + "/log");
    const auto taken = export_history(exported.machine.runtime, *store, exported.file, {});
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == "file-exists");

    const auto again = exported.path("again.jsonl");
    auto lines       = lines_of(exported.text);
    lines.resize(5);
    SECTION("another line at the end")
    {
        lines[4] = cloud_events::line_of(event_of(exported.machine.executor.next()), 5);
    }
    SECTION("the beginning of another line")
    {
        lines.push_back("{\"specversion\":\"1.0\",\"id\":\"x");
    }
    SECTION("no line at all")
    {
        lines[4] = "nothing";
    }
    auto left = joined(lines);
    left.pop_back();
    if (lines.size() == 5) left += "\n";
    write(again + ".part", left);
    const auto report = export_history(exported.machine.runtime, *store, again, {});
    REQUIRE_FALSE(report);
    CHECK(report.error().code == "export-differs");
    CHECK(content_of(again + ".part") == left);
}

} // namespace exchange_test
