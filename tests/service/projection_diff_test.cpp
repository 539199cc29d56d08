// `projections diff`: what another build of a program would change, asked of real programs.
#include "compare/event_frames.hpp"
#include "service/guest_books.hpp"

namespace projection_diff_test {

using namespace eventloom;
using namespace guest_books;

const std::string head = R"(echo '{"fold":1,"projection":"guests","version":2,"types":["signed"]}')";

TEST_CASE("diff names exactly the rows that another build's handler changes, before it is deployed",
          "[service][projections][diff]")
{
    const Book book;
    const auto said = book.diff(GUEST_BOOK_2);
    INFO(said.errors);
    REQUIRE(said.exit_code == 0);
    CHECK(said.json() == OrderedJson::parse(R"({
        "projection": "guests", "version": 1, "position": 8,
        "against": ")" + std::string{GUEST_BOOK_2} +
                                            R"(", "against_version": 2, "against_position": 8,
        "differences": 3,
        "tables": [{"table": "", "same": 1, "added": 1, "gone": 1, "changed": 1}],
        "examples": [
            {"table": "", "what": "changed", "key": "ada", "columns": ["visits"],
             "before": {"city": "York", "visits": 3}, "after": {"city": "York", "visits": 6}},
            {"table": "", "what": "gone", "key": "bob", "columns": [],
             "before": {"city": "Hull", "visits": 1}, "after": null},
            {"table": "", "what": "added", "key": "eve", "columns": [],
             "before": null, "after": {"city": "Atlantis", "visits": 1}}
        ]})"));

    const auto for_people = book.diff(GUEST_BOOK_2, {"--limit", "1"}).output;
    CHECK(for_people.find("visits 3 -> 6") != std::string::npos);
    CHECK(for_people.find("and 2 more") != std::string::npos);
    const auto list = run(GUEST_BOOK_1, {"projections", "list", "--json", "--data", book.data()}).json();
    CHECK(list[0]["version"] == 1); // nothing has changed here
    CHECK(list[0]["building"].is_null());
    CHECK(run(GUEST_BOOK_1, {"projections", "verify", "--all", "--data", book.data()}).exit_code == 0);
}

TEST_CASE("a build that changes nothing differs in no row, in any table, wherever its rows are kept",
          "[service][projections][diff]")
{
    const Book book;
    for (const auto* projection : {"guests", "cities"}) {
        const auto said = book.diff(GUEST_BOOK_1, {"--json"}, projection);
        REQUIRE(said.exit_code == 0);
        CHECK(said.json()["differences"] == 0);
        CHECK(said.json()["examples"].empty());
    }
    const auto tables = book.diff(GUEST_BOOK_2, {"--json"}, "cities").json()["tables"];
    REQUIRE(tables.size() == 2);
    CHECK(tables[0] == OrderedJson({{"table", "all"}, {"same", 1}, {"added", 0}, {"gone", 0}, {"changed", 0}}));
    CHECK(tables[1] == OrderedJson({{"table", "by-name"}, {"same", 4}, {"added", 0}, {"gone", 0}, {"changed", 0}}));
    CHECK(book.diff(GUEST_BOOK_1, {}).output.find("No row would change.") != std::string::npos);
}

TEST_CASE("a diff says the same, to the byte, through the door of the running service and without one",
          "[service][projections][diff]")
{
    const Book book;
    const auto alone = book.diff(GUEST_BOOK_2).output;
    Child service{GUEST_BOOK_1, {"serve", "--data", book.data()}};
    REQUIRE(service.read_line());
    CHECK(book.diff(GUEST_BOOK_2).output == alone);
}

TEST_CASE("rows that stand in another data directory are compared as they stand, and nothing there is changed",
          "[service][projections][diff]")
{
    const Book book;
    const auto copy = book.directory.path() + "/copy";
    fs::copy(book.data(), copy, fs::copy_options::recursive);
    REQUIRE(run(GUEST_BOOK_2, {"projections", "rebuild", "guests", "--data", copy}).exit_code == 0);
    book.sign("joe", "Rome");
    for (int round = 0; round < 2; ++round) {
        const auto said = book.diff(copy).json();
        CHECK(said["position"] == 9);
        CHECK(said["against_position"] == 8);
        CHECK(said["against_version"] == 2);
        CHECK(said["differences"] == 4); // and joe
    }
    CHECK(book.diff(book.directory.path()).code() == "no-read-model");
    CHECK(run(GUEST_BOOK_2, {"projections", "verify", "guests", "--data", copy}).exit_code == 0);
}

TEST_CASE("what is wrong with the other program is one clear sentence and a code", "[service][projections][diff]")
{
    const Book book;
    const auto refused = [&](const std::string& program, const std::string& projection = "guests") {
        const auto said = book.diff(program, {"--json"}, projection);
        INFO(said.errors);
        CHECK(said.exit_code == 1);
        CHECK(said.sentence().find(program) != std::string::npos);
        return said.code();
    };
    CHECK(refused(book.directory.path() + "/nothing-there") == "no-such-program");
    const auto plain = book.script("exit 0");
    fs::permissions(plain, fs::perms::owner_read);
    CHECK(refused(plain) == "no-such-program");
    CHECK(refused("/bin/false") == "not-a-service");
    CHECK(refused(book.script("echo rubbish")) == "not-a-service");
    CHECK(refused(book.script("exec yes")) == "not-a-service");
    CHECK(refused(GUEST_BOOK_3, "cities") == "lacks-the-projection");
    CHECK(refused(GUEST_BOOK_3) == "other-program-failed");
    CHECK(book.diff(GUEST_BOOK_3).sentence().find("I do not take guests from York.") != std::string::npos);
    CHECK(refused(book.script(head + "; kill -9 $$")) == "other-program-killed");
    CHECK(refused(book.script(head + "; cat > /dev/null; echo rubbish")) == "not-rows");
    CHECK(refused(book.script(head + "; cat > /dev/null; echo '[[[['")) == "not-rows");
    CHECK(refused(book.script(head + "; cat > /dev/null")) == "rows-cut-short");
    CHECK(refused(book.script(head + R"(; cat > /dev/null; echo '{"end":true,"rows":2}')")) == "rows-cut-short");
    const std::string row = R"(; echo '{"table":"","ordered_key":"6162","row":{"key":"a","row":{}}}')";
    CHECK(refused(book.script(head + "; cat > /dev/null" + row + row)) == "not-rows");
}

TEST_CASE("a program that reads nothing, or writes without end, holds up nobody", "[service][projections][diff]")
{
    const Book book;
    book.sign("zoe", "Rome", 60'000); // more than pipes hold
    CHECK(book.diff(book.script(head + "; exec yes")).code() == "not-rows");
    CHECK(book.diff(book.script(head + "; exec < /dev/null; sleep 0")).code() == "rows-cut-short");
    CHECK(book.diff(GUEST_BOOK_2).json()["differences"] == 3);
}

TEST_CASE("events come to another program whole and in order, or not at all", "[service][projections][diff]")
{
    RecordedEvent event{.id             = {},
                        .stream         = "guest-ada",
                        .version        = 2,
                        .position       = 7,
                        .type           = "signed",
                        .schema_version = 3,
                        .data           = std::string("a\0b", 3),
                        .metadata       = {},
                        .recorded_at    = {}};
    event.id.bytes[15]     = 200;
    event.metadata.tags    = {"guest:ada"};
    event.metadata.headers = {{"traceparent", "00-1"}};
    event.recorded_at      = Time{std::chrono::microseconds{1'234'567}};
    auto later             = event;
    later.position         = 9;
    std::string bytes{event_frames::beginning()};
    event_frames::append(bytes, event);
    event_frames::append(bytes, later);
    event_frames::append_end(bytes, 2);
    const auto read = [](std::string_view from) {
        EventFrameReader reader{[&from](char* into, std::size_t most) -> result<std::size_t> {
            const auto some = from.substr(0, std::min<std::size_t>(most, 5));
            std::copy(some.begin(), some.end(), into);
            from.remove_prefix(some.size());
            return some.size();
        }};
        std::vector<RecordedEvent> events;
        for (;;) {
            const auto next = reader.next();
            if (not next) return std::pair{events, next.error().code};
            if (next.value() == nullptr) return std::pair{events, std::string{}};
            events.push_back(*next.value());
        }
    };
    CHECK((read(bytes) == std::pair{std::vector{event, later}, std::string{}}));
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        CHECK(read(std::string_view{bytes}.substr(0, length)).second == "events-cut-short");
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto damaged = bytes;
        damaged[at]  = static_cast<char>(damaged[at] ^ 0x40);
        INFO("byte " << at);
        CHECK(not read(damaged).second.empty());
    }
}

} // namespace projection_diff_test
