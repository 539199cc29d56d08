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
    const auto none = OrderedJson::parse(R"({"stream": "guest-cid", "events": 3, "max_age": null, "max_count": null,
        "truncate_before": null, "deleted": false, "tombstoned": false})");
    CHECK(ask(book, {"streams", "limits", "guest-cid"}).json() == none);
    auto limited            = none;
    limited["max_age"]      = "90d";
    limited["max_count"]    = 2;
    const auto with_warning = [](OrderedJson limits, const Said& said) { // of which the last test tells
        limits["warning"] = said.json()["warning"];
        return limits;
    };
    const std::vector<std::string> change{"streams", "limits", "guest-cid", "--max-age", "90d", "--max-count", "2"};
    auto tried = change;
    tried.emplace_back("--dry-run");
    const auto dry = ask(book, tried);
    CHECK(dry.json() == with_warning(limited, dry));
    CHECK(ask(book, {"streams", "limits", "guest-cid"}).json() == none);
    const auto changed = ask(book, change);
    CHECK(changed.json() == with_warning(limited, changed));
    CHECK(ask(book, {"streams", "read", "guest-cid"}).json().size() == 2);
    limited["max_age"] = "36h";
    const auto again   = ask(book, {"streams", "limits", "guest-cid", "--max-age", "36h"});
    CHECK(again.json() == with_warning(limited, again)); // the other stays
    CHECK(ask(book, {"streams", "limits", "guest-cid", "--clear"}).json() == none);
    CHECK(ask(book, {"streams", "read", "guest-cid"}).json().size() == 3);
    for (const auto* age : {"soon", "0s", "365001d", "1000000000d", "99999999999999999999s"}) {
        const auto refused = ask(book, {"streams", "limits", "guest-cid", "--max-age", age});
        CHECK(refused.exit_code == 2);
        CHECK(refused.sentence().find("\"" + std::string{age} + "\" is not a span of time") != std::string::npos);
        CHECK(refused.sentence().find("up to 365000d") != std::string::npos);
    }
    CHECK(ask(book, {"streams", "limits", "guest-cid", "--max-count", "0"}).exit_code == 2);
    const auto shown = ask(book, {"events", "tail", "--category", "$stream", "-n", "1"}).json()[0];
    CHECK(shown["type"] == "$stream-limits-set");
    CHECK(shown["data"] == OrderedJson::parse(R"({"max_age": null, "max_count": null, "truncate_before": null})"));
}

TEST_CASE("streams delete ends a stream for good only with --yes", "[service][limits]")
{
    const Book book;
    CHECK(ask(book, {"streams", "delete", "guest-nobody"}).code() == "no-such-stream");
    CHECK(ask(book, {"streams", "delete", "guest-bob", "--dry-run"}).json()["deleted"] == false);
    CHECK(ask(book, {"streams", "delete", "guest-bob"}).json()["deleted"] == true);
    const auto deleted = ask(book, {"streams", "read", "guest-bob"});
    CHECK(deleted.json().empty());
    CHECK(deleted.exit_code == 0);
    CHECK(OrderedJson::parse(deleted.errors)["warning"]["code"] == "stream-deleted");
    CHECK(deleted.errors.find("The stream guest-bob was deleted: its events up to and with version 0 are not shown") !=
          std::string::npos);
    book.sign("bob", "Hull");
    CHECK(ask(book, {"streams", "read", "guest-bob"}).errors.empty());
    CHECK(ask(book, {"streams", "read", "guest-bob"}).json().size() == 1);
    CHECK(ask(book, {"streams", "delete", "guest-ada", "--for-good"}).code() == "needs-yes");
    CHECK(ask(book, {"streams", "delete", "guest-ada", "--for-good", "--yes"}).json()["tombstoned"] == true);
    CHECK(ask(book, {"sign", "ada", "York"}).code() == "stream-tombstoned");
    CHECK(ask(book, {"streams", "read", "guest-ada"}).errors.find("was ended for good") != std::string::npos);
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

TEST_CASE("limits that leave an aggregate a part of its events, with no snapshot for the others, are said to do so",
          "[service][limits]")
{
    const Book book;
    const auto limits = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"streams", "limits"});
        return ask(book, more);
    };
    const auto cut = limits({"guest-cid", "--max-count", "2"});
    CHECK(cut.exit_code == 0);
    CHECK(cut.json()["warning"]["code"] == "aggregate-without-snapshot");
    CHECK(cut.errors.find("no longer count when a command is decided") != std::string::npos);
    CHECK(limits({"guest-cid", "--dry-run", "--truncate-before", "1"}).json().contains("warning"));
    CHECK(limits({"guest-cid", "--max-age", "90d"}).json().contains("warning"));
    CHECK(limits({"guest-cid", "--clear"}).errors.empty());
    const auto all_is_kept = limits({"guest-cid", "--max-count", "3"});
    CHECK_FALSE(all_is_kept.json().contains("warning"));
}

TEST_CASE("limits of a stream without events are kept for it, and said to be so", "[service][limits]")
{
    const Book book;
    const auto limits = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"streams", "limits"});
        return ask(book, more);
    };
    CHECK(limits({"guest-nobody"}).code() == "no-such-stream");
    CHECK(limits({"guest-nobody", "--clear"}).code() == "no-such-stream");
    const auto would = limits({"guest-nobody", "--max-count", "1", "--dry-run"});
    CHECK(would.json()["warning"]["code"] == "no-event-yet");
    CHECK(would.errors.find("would be kept") != std::string::npos);
    CHECK(limits({"guest-nobody"}).code() == "no-such-stream");

    const auto kept = limits({"guest-nobody", "--max-count", "1"});
    CHECK(kept.exit_code == 0);
    CHECK(kept.json()["events"] == 0);
    CHECK(kept.errors.find("The stream guest-nobody has no event yet; its limits are kept for it") !=
          std::string::npos);
    CHECK(limits({"guest-nobody"}).json()["max_count"] == 1);
    book.sign("nobody", "Hull");
    book.sign("nobody", "Hull");
    CHECK(ask(book, {"streams", "read", "guest-nobody"}).json().size() == 1);
    CHECK(limits({"guest-nobody", "--clear"}).errors.empty());
}

TEST_CASE("store compact says which events are still not clustered, and why", "[service][store]")
{
    const Book book;
    const auto said = run(GUEST_BOOK_1, {"store", "compact", "--data", book.data()});
    CHECK(said.exit_code == 0);
    CHECK(said.output.find("Not clustered: the last 8 events, because 65,536 of them are needed for a cluster") !=
          std::string::npos);
}

} // namespace stream_commands_test
