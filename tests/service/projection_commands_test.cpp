// What the commands about projections say of a new version and of one row, asked of real programs.
#include "service/guest_books.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/system_files.hpp>

namespace projection_commands_test {

using namespace guest_books;

TEST_CASE("projections list tells which version answers, what is built beside it, and how far that has come",
          "[service][projections][versions]")
{
    const Book book;
    const auto listed = [&](const std::string& program) {
        return run(program, {"projections", "list", "--json", "--data", book.data()}).json()[0];
    };
    const auto alone = listed(GUEST_BOOK_1);
    CHECK(alone ==
          OrderedJson::parse(R"({"projection": "guests", "version": 1, "state": "idle", "position": 8, "lag": 0,
        "seconds_behind": 0, "events_per_second": 0, "rows": 3, "dead_letters": 0, "building": null, "notice": null,
        "unknown_events": [], "error": null})"));
    const auto beside = listed(GUEST_BOOK_2);
    CHECK(beside["version"] == 1);
    CHECK(beside["position"] == 8);
    CHECK(beside["rows"] == 3);
    CHECK(beside["building"].is_null()); // by `serve` or `projections rebuild`, and nothing else
    const auto for_people = run(GUEST_BOOK_2, {"projections", "status", "--data", book.data()}).output;
    CHECK(for_people.find("guests: opened the projection guests as version 2, but the rows of version 1 answer as they "
                          "stood at position 8; they stay until `serve` or `projections rebuild guests` has built "
                          "version 2.") != std::string::npos);

    Child service{GUEST_BOOK_2, {"serve", "--data", book.data()}};
    REQUIRE(service.read_line());
    while (listed(GUEST_BOOK_2)["version"] == 1) std::this_thread::yield();
    CHECK(listed(GUEST_BOOK_2)["building"].is_null());
    CHECK(listed(GUEST_BOOK_2)["state"] == "running");
    CHECK(run(GUEST_BOOK_2, {"projections", "verify", "--all", "--data", book.data()}).exit_code == 0);
}

TEST_CASE("projections rebuild --partition makes one row anew, in the table that is named, and refuses what is no row",
          "[service][projections][repair]")
{
    const Book book;
    const auto rebuild = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"projections", "rebuild"});
        more.insert(more.end(), {"--json", "--data", book.data()});
        return run(GUEST_BOOK_1, more);
    };
    const auto row = OrderedJson::parse(R"({"key": "ada", "row": {"city": "York", "visits": 3}})");
    const auto ada = rebuild({"guests", "--partition", "ada"});
    INFO(ada.errors);
    CHECK(ada.json() == OrderedJson({{"projection", "guests"},
                                     {"key", "ada"},
                                     {"position", 8},
                                     {"row", "as it was"},
                                     {"index_entries_put_right", 0},
                                     {"before", row},
                                     {"after", row}}));
    CHECK(rebuild({"cities", "--table", "by-name", "--partition", "York"}).json()["row"] == "as it was");
    CHECK(rebuild({"cities", "--partition", "York"}).code() == "no-such-table");
    CHECK(rebuild({"guests", "cities", "--partition", "ada"}).code() == "row-of-several");
    CHECK(rebuild({"guests", "--table", "by-name"}).exit_code == 2);
    CHECK(run(GUEST_BOOK_1, {"projections", "verify", "--all", "--data", book.data()}).exit_code == 0);
}

TEST_CASE("events that no list names are named by status, a rebuild and verify, which fails for them",
          "[service][projections][unknown]")
{
    using namespace eventloom;
    const Book book;
    {
        SimulatedExecutor simulated{1};
        const Runtime runtime{simulated, simulated, simulated, system_files()};
        const auto store = LevelDbStore::open(runtime, {.directory = book.data() + "/log"});
        REQUIRE(store);
        REQUIRE(store.value()->append(
            testing::to("guest-ada", ExpectedVersion::any(), {testing::note_of(runtime, "x", "greeted")})));
    }
    const auto projections = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "projections");
        words.insert(words.end(), {"--data", book.data()});
        return run(GUEST_BOOK_1, words);
    };
    const std::string named = "\"greeted\" (guest, first seen at position 9)";
    for (const auto& words : std::vector<std::vector<std::string>>{{"status"}, {"rebuild", "guests"}}) {
        const auto said = projections(words);
        CHECK(said.exit_code == 0);
        CHECK(said.output.find("guests: the log has events that no event list") != std::string::npos);
        CHECK(said.output.find(named) != std::string::npos);
    }
    CHECK(projections({"list", "--json"}).json()[0]["unknown_events"] ==
          OrderedJson::parse(R"([{"type": "greeted", "category": "guest", "first": 9}])"));
    const auto verified = projections({"verify", "guests", "--json"});
    CHECK(verified.exit_code == 1);
    CHECK(verified.code() == "unknown-event-type");
    CHECK(verified.sentence().find(named) != std::string::npos);
}

} // namespace projection_commands_test
