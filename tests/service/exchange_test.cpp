// A store's history as a file, and a store of it again.
#include "exchange/cloud_events.hpp"
#include "exchange/history_export.hpp"
#include "exchange/history_import.hpp"
#include "real/requests.hpp"
#include "support/every_store.hpp"
#include "support/personal_events.hpp"
#include "support/simulated_secrets.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/privacy/personal_keys.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace exchange_test {

using namespace eventloom;
using namespace eventloom::testing;

// Virtual time and ids from a seed, on the machine's disk.
struct Machine {
    SimulatedExecutor executor{7};
    Runtime runtime{executor, executor, executor, system_files()};

    std::unique_ptr<LevelDbStore> open(const std::string& directory)
    {
        auto store = LevelDbStore::open(runtime, {.directory = directory, .durability = Durability::buffered});
        INFO((store ? "" : store.error().sentence));
        REQUIRE(store);
        return std::move(store.value());
    }
};

std::string content_of(const std::string& file)
{
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

void write(const std::string& file, std::string_view content)
{
    std::ofstream{file, std::ios::binary | std::ios::trunc} << content;
}

NewEvent long_event(IdSource& ids, std::string data)
{
    NewEvent event;
    event.id   = ids.next();
    event.type = "long";
    event.data = std::move(data);
    return event;
}

// An event as only somebody who means harm would write it down.
RecordedEvent event_of(const Uuid& id, std::string data = "x")
{
    RecordedEvent event;
    event.id       = id;
    event.stream   = "order-1";
    event.position = 1;
    event.type     = "placed";
    event.data     = std::move(data);
    return event;
}

// A person's data in three forms of an event.
AppendRequest personal_request(const Runtime& runtime, std::uint64_t number)
{
    const auto subject   = "customer-" + std::to_string(number % 40);
    auto event           = personal_event(runtime, subject, {"CANARY-" + std::to_string(number), ""});
    event.schema_version = static_cast<std::uint32_t>(1 + number % 3);
    return to("profile-" + std::to_string(number % 40), ExpectedVersion::any(), {event});
}

// Commands alone, before, between and after events; tags, headers that are no text, several streams, an event without data;
// personal data, some erased; many appends that were recorded at one moment, and one that is larger than a record.
void fill(EventStore& store, PersonalKeys& keys, const Runtime& runtime, SimulatedExecutor& executor,
          std::uint64_t appends)
{
    const auto append = [&](const AppendRequest& request) {
        const auto appended = store.append(request);
        INFO((appended ? "" : appended.error().sentence));
        REQUIRE(appended);
    };
    append({.command = CommandRecord{.id = executor.next(), .stream = "note-0"}});
    append({.streams = {{"strange-ü",
                         ExpectedVersion::no_stream(),
                         {{.id             = executor.next(),
                           .type           = "größe \"1\" \\",
                           .schema_version = 4'294'967'295,
                           .data           = "",
                           .metadata       = {.correlation = executor.next(),
                                              .causation   = executor.next(),
                                              .tags        = {"a:1", "ключ:\"2\""},
                                              .headers     = {{"traceparent", "00-ab-cd-01"},
                                                              {"bytes", std::string{"\x00\xff\n", 3}},
                                                              {"", ""}}}}}}}});
    std::array<std::uint64_t, 4> next{};
    for (std::uint64_t i = 0; i < appends; ++i) {
        if (executor.draw(3) == 0) executor.advance(std::chrono::microseconds{executor.draw(1'000)});
        const auto writer = executor.draw(4);
        append(request_of(writer, next[writer]++));
        if (executor.draw(8) == 0) append({.command = CommandRecord{.id = executor.next(), .stream = "note-1"}});
        if (i % 10 == 4) append(personal_request(runtime, i / 10));
    }
    if (appends > 20) REQUIRE(keys.forget("customer-1"));
    std::vector<NewEvent> many;
    for (int i = 0; i < 40; ++i) many.push_back(long_event(executor, std::string(1'000, static_cast<char>(i))));
    append({.streams = {{"long-1", ExpectedVersion::any(), many},
                        {"long-2", ExpectedVersion::any(), {long_event(executor, "")}}},
            .command = CommandRecord{.id = executor.next(), .stream = "long-1"}});
}

// Streams with limits, deleted and ended; what they hide is taken out, and some of it is hidden after that.
void scavenge(LevelDbStore& store, SimulatedExecutor& executor)
{
    REQUIRE(set_stream_limits(store, executor, "own-1", {.max_count = 2}));
    REQUIRE(delete_stream(store, executor, "own-2"));
    REQUIRE(tombstone_stream(store, executor, "long-2"));
    const auto report = store.scavenge({});
    INFO((report ? "" : report.error().sentence));
    REQUIRE(report);
    REQUIRE(report.value().events > 0);
    REQUIRE(delete_stream(store, executor, "own-3"));
}

struct Exported {
    explicit Exported(std::uint64_t appends = 300)
    {
        const auto store = machine.open(directory.path() + "/first/log");
        fill(*seal_personal_data(*store, keys), keys, machine.runtime, machine.executor, appends);
        if (appends >= 20) scavenge(*store, machine.executor);
        const auto report = export_history(machine.runtime, *store, file, {});
        INFO((report ? "" : report.error().sentence));
        REQUIRE(report);
        CHECK(report.value().events == store->head());
        head = store->head();
        text = content_of(file);
    }

    result<ImportReport> import(const std::string& name, const ImportProgress& progress = {})
    {
        return import_history(machine.runtime, leveldb_engine(), file, path(name), progress);
    }

    std::string path(const std::string& name) const { return directory.path() + "/" + name; }

    std::string exported_again(const std::string& name)
    {
        const auto store = machine.open(path(name) + "/log");
        REQUIRE(export_history(machine.runtime, *store, path(name) + ".jsonl", {}));
        return content_of(path(name) + ".jsonl");
    }

    Machine machine;
    TemporaryDirectory directory;
    SimulatedSecrets secrets{machine.runtime, 7};
    PersonalKeys keys{machine.runtime, {.directory = directory.path() + "/keys", .secrets = &secrets}};
    std::string file = directory.path() + "/first.jsonl";
    std::string text;
    Position head = 0;
};

std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> lines;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string joined(const std::vector<std::string>& lines)
{
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
}

// How many appends a history is made of: 470,000 give more than a million events.
std::uint64_t appends_asked_for()
{
    const char* asked = std::getenv("EVENTLOOM_APPENDS");
    return asked == nullptr ? 300 : std::strtoull(asked, nullptr, 10);
}

TEST_CASE("what was exported and imported is exported again byte for byte", "[exchange]")
{
    Exported exported{appends_asked_for()};
    const auto report = exported.import("second");
    INFO((report ? "" : report.error().sentence));
    REQUIRE(report);
    CHECK(report.value().events == exported.head);
    CHECK(report.value().is_new);
    CHECK(exported.exported_again("second") == exported.text);

    SECTION("and importing it again writes nothing")
    {
        const auto again = exported.import("second");
        INFO((again ? "" : again.error().sentence));
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
        INFO((report ? "" : report.error().sentence));
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

TEST_CASE("an import that was interrupted anywhere goes on and gives the same store", "[exchange]")
{
    Exported exported{400};
    std::uint64_t asked = 0;
    for (std::uint64_t interrupted_at = 1;; ++interrupted_at) {
        asked             = 0;
        const auto report = exported.import("second", [&](std::uint64_t) -> result<void> {
            if (++asked < interrupted_at) return done();
            return fail(Failure::unavailable, "interrupted", "interrupted");
        });
        if (report) {
            REQUIRE(interrupted_at > 2); // it was interrupted before
            CHECK(report.value().found > 0);
            break;
        }
        REQUIRE(report.error().code == "interrupted");
        REQUIRE_FALSE(std::filesystem::exists(exported.path("second") + "/log"));
    }
    CHECK(exported.exported_again("second") == exported.text);
}

TEST_CASE("a byte that was changed anywhere in an export is told by its line, and nothing is imported", "[exchange]")
{
    Exported exported{2};
    const auto lines = lines_of(exported.text);
    std::size_t at   = 0;
    for (std::size_t line = 1; line <= lines.size(); ++line) {
        const auto end = at + lines[line - 1].size();
        for (std::size_t byte = at; byte<end; byte += end - at> 700 ? 37 : 1) {
            auto text = exported.text;
            text[byte] ^= 1;
            write(exported.file, text);
            INFO(byte << ": " << lines[line - 1].substr(0, 200));
            const auto report = check_import(exported.machine.runtime, exported.file, {});
            REQUIRE_FALSE(report);
            CHECK(report.error().sentence.find("line " + std::to_string(line)) != std::string::npos);
        }
        at = end + 1;
    }
}

TEST_CASE("lines that are lost, twice or in another order are told, and nothing is imported", "[exchange]")
{
    Exported exported{20};
    const auto whole = lines_of(exported.text);
    auto lines       = whole;
    std::string wanted;
    SECTION("one is lost")
    {
        const auto lost = GENERATE(1u, 7u, 20u);
        lines.erase(lines.begin() + lost);
    }
    SECTION("one is there twice")
    {
        const auto twice = GENERATE(1u, 7u, 20u);
        lines.insert(lines.begin() + twice, lines[twice]);
    }
    SECTION("two are exchanged")
    {
        const auto first = GENERATE(1u, 7u, 20u);
        std::swap(lines[first], lines[first + 1]);
    }
    SECTION("the end is lost")
    {
        lines.resize(GENERATE(5u, 21u));
    }
    SECTION("something follows the end")
    {
        lines.push_back(lines[1]);
    }
    write(exported.file, joined(lines));
    const auto report = exported.import("second");
    REQUIRE_FALSE(report);
    INFO(report.error().sentence);
    CHECK((report.error().code == "line-out-of-order" || report.error().code == "export-cut-short" ||
           report.error().code == "import-differs"));
    CHECK(report.error().sentence.find("line ") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(exported.path("second") + "/log"));
}

TEST_CASE("a file that ends within a line is not taken for a whole one", "[exchange]")
{
    Exported exported{3};
    for (const std::size_t left : {std::size_t{0}, std::size_t{1}, std::size_t{700}, exported.text.size() - 2}) {
        INFO(left);
        write(exported.file, std::string_view{exported.text}.substr(0, left));
        const auto report = exported.import("second");
        REQUIRE_FALSE(report);
        CHECK_FALSE(std::filesystem::exists(exported.path("second") + "/log"));
    }
    // The end of the last line alone is no loss.
    write(exported.file, std::string_view{exported.text}.substr(0, exported.text.size() - 1));
    CHECK(exported.import("third"));
}

// With checksums that are right: by somebody who means harm.
TEST_CASE("lines that no store has written are refused, whatever they say", "[exchange]")
{
    Exported exported{1};
    SimulatedExecutor& ids   = exported.machine.executor;
    const RecordedEvent good = event_of(ids.next());
    std::string text;
    std::uint64_t lines = 0;
    Position events     = 0;
    const auto add      = [&](const auto& content) {
        if constexpr (std::is_same_v<std::decay_t<decltype(content)>, RecordedEvent>) ++events;
        text += cloud_events::line_of(content, ++lines) + "\n";
    };
    SECTION("a version that does not follow")
    {
        auto event    = good;
        event.version = 3;
        add(event);
    }
    SECTION("a gap among the versions of an append")
    {
        auto event     = good;
        event.id       = ids.next();
        event.position = 2;
        event.version  = 2;
        add(good);
        add(event);
    }
    SECTION("one id twice")
    {
        auto event        = good;
        event.position    = 2;
        event.version     = 1;
        event.recorded_at = good.recorded_at + Duration{GENERATE(0, 5)};
        add(good);
        add(event);
    }
    SECTION("an event of before any clock")
    {
        auto event        = good;
        event.recorded_at = Time{Duration{-1}};
        add(event);
    }
    SECTION("an older event after a newer one")
    {
        auto event        = good;
        event.id          = ids.next();
        event.position    = 2;
        event.version     = 1;
        event.recorded_at = good.recorded_at - Duration{1};
        add(good);
        add(event);
    }
    SECTION("a stream's name with control characters")
    {
        auto event   = good;
        event.stream = "order-\x1b[2J";
        add(event);
    }
    SECTION("more data than an event may have")
    {
        auto event = good;
        event.data.assign(StoreLimits{}.event_bytes + 1, 'x');
        add(event);
    }
    SECTION("a command that claims more events than there are")
    {
        add(good);
        add(CommandRecord{.id = ids.next(), .stream = "order-1", .count = 2, .last_position = 1});
    }
    SECTION("a command that says what its events do not")
    {
        add(good);
        add(CommandRecord{.id = ids.next(), .stream = "order-1", .count = 1, .last_version = 9, .last_position = 1});
    }
    SECTION("one command twice")
    {
        const CommandRecord command{.id = ids.next(), .stream = "order-1"};
        add(command);
        add(command);
    }
    SECTION("values within values")
    {
        text = std::string(100'000, '[') + "\n";
    }
    SECTION("a line without an end")
    {
        text = std::string(cloud_events::line_bytes_max + 2, ' ');
    }
    SECTION("a readable export")
    {
        text = cloud_events::readable_line_of(good, "{}") + "\n";
    }
    SECTION("nothing")
    {
        text = "\n";
    }
    add(HistoryEnd{events});
    write(exported.file, text);
    const auto report = exported.import("second");
    REQUIRE_FALSE(report);
    INFO(report.error().sentence);
    CHECK(report.error().kind != Failure::storage);
    CHECK(report.error().sentence.find("line ") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(exported.path("second") + "/log"));
}

TEST_CASE("an import into a store that holds other events is refused and changes nothing", "[exchange]")
{
    Exported exported{20};
    const bool is_longer = GENERATE(true, false);
    {
        REQUIRE(exported.import("second"));
        const auto store = exported.machine.open(exported.path("second") + "/log");
        if (is_longer) REQUIRE(store->append(request_of(9, 0)));
    }
    if (not is_longer) {
        std::filesystem::remove(exported.file);
        const auto store = exported.machine.open(exported.path("first") + "/log");
        REQUIRE(store->append(request_of(9, 0)));
        REQUIRE(export_history(exported.machine.runtime, *store, exported.file, {}));
    }
    const auto before = exported.exported_again("second");
    const auto report = exported.import("second");
    REQUIRE_FALSE(report);
    CHECK(report.error().code == "import-differs");
    std::filesystem::remove(exported.path("second") + ".jsonl");
    CHECK(exported.exported_again("second") == before);
}

TEST_CASE("nobody makes a store where an import is on its way, and a missing file leaves nothing behind", "[exchange]")
{
    Exported exported{300};
    const auto second = exported.path("second");
    std::string found;
    const auto report = exported.import("second", [&](std::uint64_t) -> result<void> {
        const auto other = LevelDbStore::open(exported.machine.runtime, {.directory = second + "/log"});
        found            = other ? "opened" : other.error().code;
        return done();
    });
    REQUIRE(report);
    CHECK(found == "held-by-another-process");
    CHECK(exported.machine.open(second + "/log")->head() == exported.head);

    const auto nothing =
        import_history(exported.machine.runtime, leveldb_engine(), exported.path("none"), exported.path("third"), {});
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().code == "no-such-file");
    CHECK_FALSE(std::filesystem::exists(exported.path("third")));
}

TEST_CASE("an import into what is left of a damaged store is refused before anything is read, and changes nothing",
          "[exchange]")
{
    Exported exported{20};
    const auto log = exported.path("second") + "/log";
    std::filesystem::create_directories(log);
    write(log + "/000005.ldb", "what is left");
    const auto report = exported.import("second", [](std::uint64_t) -> result<void> {
        return fail(Failure::unavailable, "was-read", "the file was read");
    });
    REQUIRE_FALSE(report);
    CHECK(report.error().code != "not-imported");
    CHECK(content_of(log + "/000005.ldb") == "what is left");
    CHECK_FALSE(std::filesystem::exists(exported.path("second") + "/importing"));
}

TEST_CASE("members in another order and spaces between them are the same line", "[exchange]")
{
    const RecordedEvent event = event_of(derived_uuid({"a"}));
    const auto line           = cloud_events::line_of(event, 1);
    const auto checksum       = line.substr(line.rfind(",\"checksum\""));
    const auto again          = "{ " + checksum.substr(1, checksum.size() - 2) + " , " +
                       line.substr(1, line.size() - checksum.size() - 1) + "}";
    const auto read = cloud_events::read_line(again);
    INFO(again);
    REQUIRE(read);
    CHECK(std::get<RecordedEvent>(read.value().content) == event);
}

} // namespace exchange_test
