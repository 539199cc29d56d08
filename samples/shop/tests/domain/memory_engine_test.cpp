// The whole shop with its log in memory: another engine, and no command is touched.
#include "commands.hpp"
#include "service/kept_console.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>

namespace shop::testing {

namespace {

using eventloom::testing::KeptConsole;
using eventloom::testing::TemporaryDirectory;
using Json = nlohmann::json;

struct Typed {
    const std::unique_ptr<el::EngineKind> memory = el::memory_engine();
    const el::Program program{"shop", "A gift shop on Eventloom.", add_shop, "", memory.get()};
    el::SimulatedExecutor simulated{1};
    const el::Runtime runtime{simulated, simulated, simulated, el::system_files()};
    const TemporaryDirectory directory;
    KeptConsole console{{.err_is_terminal = false, .width = 100}};

    // The exit code. `data` is the data directory.
    int type(std::vector<std::string> words, const std::string& data = "data")
    {
        console.said_out.clear();
        console.said_err.clear();
        words.insert(words.end(), {"--data", directory.path() + "/" + data});
        el::CommandLine line{program, {console, runtime, directory.path(), {}}};
        if (const auto ended = line.read(std::move(words))) return *ended;
        return line.carry_out();
    }

    Json json(std::vector<std::string> words, const std::string& data = "data")
    {
        words.push_back("--json");
        const int code = type(std::move(words), data);
        INFO(console.said_err);
        REQUIRE(code == 0);
        return Json::parse(console.said_out);
    }

    std::string path(const std::string& file) const { return directory.path() + "/" + file; }
};

} // namespace

TEST_CASE("the shop's demonstration runs with its log in memory", "[shop][engine]")
{
    Typed typed;
    ::setenv("TMPDIR", typed.directory.path().c_str(), 1); // where the demonstration has its data
    const int code = typed.type({"demo"});
    ::unsetenv("TMPDIR");
    INFO(typed.console.said_err);
    REQUIRE(code == 0);
    CHECK_THAT(typed.console.said_out, Catch::Contains("rows byte for byte: 0 differences"));
    CHECK_THAT(typed.console.said_out, Catch::Contains("Sales by country"));
}

TEST_CASE("the shop keeps orders in memory, lists their streams, exports them and imports them again", "[shop][engine]")
{
    Typed typed;
    REQUIRE(typed.type({"stock", "receive", "85123A", "100"}) == 0);
    REQUIRE(typed.type({"orders", "place", "1042", "--customer", "17850", "--line", "85123A:6:2.55"}) == 0);
    CHECK(typed.json({"orders", "show", "1042"})["stage"] == "completed");

    const auto streams = typed.json({"streams", "list"});
    const auto of_order =
        std::find_if(streams.begin(), streams.end(), [](const Json& row) { return row["stream"] == "order-1042"; });
    REQUIRE(of_order != streams.end());
    CHECK((*of_order)["events"] == typed.json({"streams", "read", "order-1042"}).size());

    const auto info = typed.json({"store", "info"});
    CHECK(info["streams"] == streams.size());
    CHECK(info["takes appends"] == "yes");
    const auto verified = typed.json({"store", "verify"});
    CHECK(verified["events"] == info["events"]);
    CHECK(verified["findings_total"] == 0);

    REQUIRE(typed.type({"store", "export", typed.path("orders.jsonl")}) == 0);
    const auto imported = typed.json({"store", "import", typed.path("orders.jsonl")}, "second");
    CHECK(imported["events"] == info["events"]);
    CHECK(imported["imported"] == true);
    CHECK(typed.json({"streams", "list"}, "second") == streams);
    REQUIRE(typed.type({"store", "export", typed.path("again.jsonl")}, "second") == 0);
    const auto content_of = [](const std::string& file) {
        std::ifstream stream{file};
        return std::string{std::istreambuf_iterator<char>{stream}, {}};
    };
    CHECK(content_of(typed.path("again.jsonl")) == content_of(typed.path("orders.jsonl")));
    // Again: nothing is written.
    CHECK(typed.json({"store", "import", typed.path("orders.jsonl")}, "second")["imported"] == false);
}

TEST_CASE("tenants of the shop keep their logs in memory, and lose them when they are removed", "[shop][engine]")
{
    Typed typed;
    const auto head = [&] { return typed.json({"store", "info", "--tenant", "acme"})["events"].get<int>(); };
    REQUIRE(typed.type({"stock", "receive", "85123A", "100", "--tenant", "acme"}) == 0);
    CHECK(head() > 0);
    CHECK(typed.json({"tenants", "list"}) == Json{{{"tenant", "acme"}, {"state", "closed"}}});

    REQUIRE(typed.type({"tenants", "remove", "acme", "--yes"}) == 0);
    CHECK(typed.json({"tenants", "list"}).empty());
    CHECK(typed.type({"store", "info", "--tenant", "acme"}) != 0);
    CHECK_THAT(typed.console.said_err, Catch::Contains("looked for data"));
}

TEST_CASE("commands that the engine cannot do are not there", "[shop][engine]")
{
    Typed typed;
    for (const std::string word : {"scavenge", "compact", "repair", "backup", "restore", "prune"}) {
        INFO(word);
        CHECK(typed.type({"store", word}) == 2);
        CHECK_THAT(typed.console.said_err, Catch::Contains("found none"));
    }
    CHECK(typed.type({"help", "store"}) == 0);
    CHECK_THAT(typed.console.said_out, !Catch::Contains("scavenge") && Catch::Contains("export"));
}

} // namespace shop::testing
