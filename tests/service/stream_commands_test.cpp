// Limits, deletion and scavenges as they are typed, asked of a real program.
#include "service/guest_books.hpp"

namespace stream_commands_test {

using namespace guest_books;

Said ask(const Book& book, std::vector<std::string> arguments)
{
    arguments.insert(arguments.end(), {"--json", "--data", book.data()});
    return run(GUEST_BOOK_1, arguments);
}

TEST_CASE("streams limits shows and changes what is kept of a stream, and changes nothing in a dry run",
          "[service][limits]")
{
    const Book book;
    const auto none = Json::parse(R"({"stream": "guest-cid", "events": 3, "max_age": null, "max_count": null,
        "truncate_before": null, "deleted": false, "tombstoned": false})");
    CHECK(ask(book, {"streams", "limits", "guest-cid"}).json() == none);
    auto limited         = none;
    limited["max_age"]   = "90d";
    limited["max_count"] = 2;
    const std::vector<std::string> change{"streams", "limits", "guest-cid", "--max-age", "90d", "--max-count", "2"};
    auto tried = change;
    tried.emplace_back("--dry-run");
    CHECK(ask(book, tried).json() == limited);
    CHECK(ask(book, {"streams", "limits", "guest-cid"}).json() == none);
    CHECK(ask(book, change).json() == limited);
    CHECK(ask(book, {"streams", "read", "guest-cid"}).json().size() == 2);
    limited["max_age"] = "36h";
    CHECK(ask(book, {"streams", "limits", "guest-cid", "--max-age", "36h"}).json() == limited); // the other stays
    CHECK(ask(book, {"streams", "limits", "guest-cid", "--clear"}).json() == none);
    CHECK(ask(book, {"streams", "read", "guest-cid"}).json().size() == 3);
    CHECK(ask(book, {"streams", "limits", "guest-cid", "--max-age", "soon"}).code() == "not-an-age");
    CHECK(ask(book, {"streams", "limits", "guest-cid", "--max-count", "0"}).exit_code == 2);
    const auto shown = ask(book, {"events", "tail", "--category", "$stream", "-n", "1"}).json()[0];
    CHECK(shown["type"] == "$stream-limits-set");
    CHECK(shown["data"] == Json::parse(R"({"max_age": null, "max_count": null, "truncate_before": null})"));
}

TEST_CASE("streams delete ends a stream for good only with --yes", "[service][limits]")
{
    const Book book;
    CHECK(ask(book, {"streams", "delete", "guest-nobody"}).code() == "no-such-stream");
    CHECK(ask(book, {"streams", "delete", "guest-bob", "--dry-run"}).json()["deleted"] == false);
    CHECK(ask(book, {"streams", "delete", "guest-bob"}).json()["deleted"] == true);
    CHECK(ask(book, {"streams", "read", "guest-bob"}).json().empty());
    book.sign("bob", "Hull");
    CHECK(ask(book, {"streams", "read", "guest-bob"}).json().size() == 1);
    CHECK(ask(book, {"streams", "delete", "guest-ada", "--for-good"}).code() == "needs-yes");
    CHECK(ask(book, {"streams", "delete", "guest-ada", "--for-good", "--yes"}).json()["tombstoned"] == true);
    CHECK(ask(book, {"sign", "ada", "York"}).code() == "stream-tombstoned");
}

TEST_CASE("store scavenge says what would go, wants --yes, and leaves a store that is whole", "[service][scavenge]")
{
    const Book book;
    REQUIRE(ask(book, {"streams", "delete", "guest-cid"}).exit_code == 0);
    CHECK(ask(book, {"store", "scavenge"}).code() == "needs-yes");
    const auto would = ask(book, {"store", "scavenge", "--dry-run"}).json();
    CHECK(would["events"] == 3);
    CHECK(would["streams"] == 1);
    CHECK(ask(book, {"store", "info"}).json()["gone by scavenges"] == 0);
    const auto did = ask(book, {"store", "scavenge", "--yes", "--bytes-per-second", "100000000"}).json();
    CHECK(did["events"] == 3);
    CHECK(did["bytes"] == would["bytes"]);
    CHECK(ask(book, {"store", "info"}).json()["gone by scavenges"] == 3);
    CHECK(ask(book, {"store", "verify"}).exit_code == 0);
    CHECK(ask(book, {"events", "show", "3"}).code() == "event-is-gone");
    CHECK(ask(book, {"store", "export", book.directory.path() + "/export.jsonl"}).exit_code == 0);
    CHECK(ask(book, {"projections", "rebuild", "--all"}).exit_code == 0);
    CHECK(ask(book, {"projections", "verify", "--all"}).exit_code == 0);
}

TEST_CASE("store scavenge where there is no store says so", "[service][scavenge]")
{
    const TemporaryDirectory directory;
    const auto nowhere = directory.path() + "/nothing";
    for (const std::string how : {"--dry-run", "--yes"}) {
        const auto said = run(GUEST_BOOK_1, {"store", "scavenge", how, "--json", "--data", nowhere});
        CHECK(said.code() == "no-data");
        CHECK_FALSE(std::filesystem::exists(nowhere));
    }
}

TEST_CASE("a running service carries out deletions and scavenges", "[service][scavenge]")
{
    const Book book;
    Child service{GUEST_BOOK_1, {"serve", "--data", book.data()}};
    REQUIRE(service.read_line());
    CHECK(ask(book, {"streams", "delete", "guest-cid"}).json()["deleted"] == true);
    const auto did = ask(book, {"store", "scavenge", "--yes", "--bytes-per-second", "100000"});
    INFO(did.errors);
    REQUIRE(did.exit_code == 0);
    CHECK(did.json()["events"] == 3);
    CHECK(ask(book, {"store", "verify"}).exit_code == 0);
}

} // namespace stream_commands_test
