// What an import takes, and what it refuses.
#include "service/exchanged_history.hpp"

namespace exchange_test {

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
