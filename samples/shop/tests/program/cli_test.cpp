// Commands as a person types them: what they answer, and how the program exits.
#include "running_service.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <optional>

namespace cli_test {

namespace el = eventloom;

using namespace shop;
using namespace shop::testing;

TEST_CASE("bad input gets one sentence on standard error and the exit code that fits", "[shop][process][cli]")
{
    const TemporaryDirectory directory;
    struct Case {
        std::vector<std::string> arguments;
        int exit_code;
        std::string says;
    };
    const std::vector<Case> before_any_data{
        {{}, 2, "help"},
        {{"frobnicate"}, 2, "help"},
        {{"orders"}, 2, "help"},
        {{"orders", "list", "--stage", "eaten"}, 2, "stage"},
        {{"sales", "--by", "colour"}, 2, "by"},
        {{"import"}, 2, "file"},
        {{"import", "/no/such/file.csv"}, 1, "/no/such/file.csv"},
        {{"import", "/"}, 1, "not a regular file"},
        {{"orders", "list"}, 1, "no"},
        {{"store", "info"}, 1, "a command that makes them"},
        {{"stock", "receive", "tea", "many"}, 2, "pieces"},
        {{"orders", "place", "7", "--line", "tea"}, 1, "SKU:PIECES:PRICE"},
        {{"orders", "place", "7", "--line", "tea:0:1"}, 1, "pieces"},
        {{"orders", "place", "7", "--line", "tea:1:free"}, 1, "price"},
        {{"orders", "list", "--decline-rate", "7"}, 2, "decline-rate"},
        {{"orders", "list", "--answer-delay", "soon"}, 2, "answer-delay"},
    };
    for (const auto& [arguments, exit_code, says] : before_any_data) {
        const auto finished = run(directory, arguments);
        INFO((arguments.empty() ? "" : arguments.front()) << ": " << finished.errors);
        CHECK(finished.exit_code == exit_code);
        CHECK(finished.output.empty());
        CHECK(finished.errors.find(says) != std::string::npos);
        CHECK(std::count(finished.errors.begin(), finished.errors.end(), '\n') == 1);
    }
    CHECK_FALSE(std::filesystem::exists(directory.path() + "/data"));

    REQUIRE(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    const std::vector<Case> with_data{
        {{"orders", "show", "7"}, 1, "orders list"},
        {{"orders", "cancel", "7"}, 1, "no such order"},
        {{"orders", "approve", "7", "--by", "Grace"}, 1, "no such order"},
        {{"customers", "show", "nobody"}, 1, "nobody"},
        {{"orders", "timeline", "7"}, 1, "orders list"},
        {{"streams", "read", "no-such"}, 1, "streams list"},
        {{"events", "show", "999"}, 1, "ends at"},
        {{"events", "show", "0"}, 2, "position"},
        {{"sagas", "retry", "fulfilment", "7"}, 1, "sagas list"},
        {{"sagas", "list", "--status", "odd"}, 1, "stuck"},
        {{"projections", "rebuild", "salse"}, 1, "sales"},
        {{"projections", "rebuild"}, 1, "--all"},
        {{"projections", "drop", "salse"}, 1, "sales"},
        {{"projections", "explain", "salse", "all/all"}, 1, "sales"},
        {{"projections", "explain", "lines", "all"}, 1, "text/whole number"},
        {{"projections", "explain", "stock"}, 2, "key"},
        {{"projections", "explain", "stock", "coffee"}, 1, "found none"},
        {{"projections", "explain", "stock", "tea", "--table", "shelves"}, 1, "shelves"},
        {{"projections", "as-of", "stock"}, 2, "--position,--time"},
        {{"projections", "as-of", "stock", "--position", "1", "--time", "2011-12-09"}, 2, "2 were given"},
        {{"projections", "as-of", "stock", "--position", "-1"}, 2, "position"},
        {{"projections", "as-of", "stock", "--position", "999"}, 1, "ends at"},
        {{"projections", "as-of", "stock", "--time", "yesterday"}, 2, "2011-12-09T12:50:00"},
        {{"projections", "as-of", "stock", "coffee", "--position", "1"}, 1, "found none"},
    };
    for (const auto& [arguments, exit_code, says] : with_data) {
        const auto finished = run(directory, arguments);
        INFO(arguments.front() << " " << arguments[1] << ": " << finished.errors);
        CHECK(finished.exit_code == exit_code);
        CHECK(finished.errors.find(says) != std::string::npos);
    }
    const auto json = run(directory, {"orders", "show", "7", "--json"});
    CHECK(nlohmann::json::parse(json.errors)["error"]["code"] == "not-found");
}

TEST_CASE("an import that takes no row exits with 1 and leaves no store", "[shop][process][cli]")
{
    const std::string header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    const std::pair<std::string, std::string> files[]{
        {"", "its first row, which is empty"},
        {header, "no row after its header"},
        {header + "1,A,TEA,many,2010-12-01,1.00,1,Norway\n", "none of its 1 rows can be read"},
        {header + "1,A,TEA,1,1/12/2010,1.00,1,Norway\n", "--dates dmy"},
        {header + "1,A,TEA,1,2010-12-01,\"1,250\",1,Norway\n", "--decimal comma"},
        {std::string("PK\x03\x04\0", 5), "a workbook"},
    };
    for (const auto& [content, says] : files) {
        const TemporaryDirectory directory;
        std::ofstream{directory.path() + "/file.csv", std::ios::binary} << content;
        const auto finished = run(directory, {"import", directory.path() + "/file.csv"});
        INFO(finished.errors);
        CHECK(finished.exit_code == 1);
        CHECK(finished.output.empty());
        CHECK(finished.errors.find(says) != std::string::npos);
        CHECK(std::count(finished.errors.begin(), finished.errors.end(), '\n') == 1);
        CHECK_FALSE(std::filesystem::exists(directory.path() + "/data"));
    }
}

TEST_CASE("an import says how it has read the file", "[shop][process][cli]")
{
    const TemporaryDirectory directory;
    std::ofstream{directory.path() + "/file.csv"}
        << "Invoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;Country\n"
           "1;A;TEA;1;23/12/2010 8:26;2,55;1;Norway\n";
    const auto finished = run(directory, {"import", directory.path() + "/file.csv"});
    INFO(finished.errors << finished.output);
    CHECK(finished.exit_code == 0);
    for (const char* said : {"delimiter: semicolon", "day first, as \"23/12/2010 8:26\" in line 2 says",
                             "decimal: comma, as \"2,55\" in line 2 says", "InvoiceNo from \"Invoice\""}) {
        CHECK(finished.output.find(said) != std::string::npos);
    }
    const auto json = run(directory, {"import", directory.path() + "/file.csv", "--json"}).json();
    CHECK(json["dialect"]["delimiter"] == "semicolon");
    CHECK(json["known_before"] == 1);
}

TEST_CASE("data that another process holds is said to be so", "[shop][process][cli]")
{
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    el::SystemExecutor executor;
    const el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    const auto holder = el::LevelDbStore::open(runtime, {.directory = directory.path() + "/data/log"});
    REQUIRE(holder);
    const auto refused = run(directory, {"stock", "list"});
    CHECK(refused.exit_code == 1);
    CHECK(refused.errors.find("another process has it open") != std::string::npos);
}

TEST_CASE("an order typed in goes all the way round", "[shop][process][cli]")
{
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"stock", "receive", "tea", "5", "--reference", "note 1"}).exit_code == 0);
    const auto placed = run(directory, {"orders", "place", "1", "--customer", "ada", "--line", "tea:2:4.50", "--json"});
    REQUIRE(placed.exit_code == 0);
    CHECK(placed.json()["stage"] == "completed");
    CHECK(placed.json()["total"] == 900);
    CHECK(run(directory, {"stock", "show", "tea", "--json"}).json()["on_hand"] == 3);
    const auto sold_out = run(directory, {"orders", "place", "2", "--line", "tea:4:4.50", "--json"});
    CHECK(sold_out.json()["stage"] == "waiting");
    CHECK(run(directory, {"stock", "show", "tea", "--json"}).json()["on_hand"] == 3);
    CHECK(run(directory, {"orders", "place", "1", "--line", "tea:1:1"}).exit_code == 1);
    CHECK(run(directory, {"sagas", "show", "fulfilment", "2", "--json"}).json()["status"] == "compensated");
    CHECK(run(directory, {"sagas", "list", "--json"}).json().size() == 3);
    CHECK(run(directory, {"streams", "list", "--category", "order", "--json"}).json().size() == 2);
    const auto event = run(directory, {"events", "show", "2", "--json"}).json();
    CHECK(event["type"] == "order-placed");
    CHECK(event["data"]["lines"][0]["sku"] == "tea");
    CHECK(run(directory, {"events", "tail", "-n", "3", "--json"}).json().size() == 3);
    CHECK(run(directory, {"customers", "show", "ada", "--json"}).json()["lifetime_value"] == 900);
    CHECK(run(directory, {"stock", "low", "--below", "4", "--json"}).json()[0]["on_hand"] == 3);
    CHECK(run(directory, {"stock", "low", "--below", "3", "--json"}).json().empty());
    const auto timeline = run(directory, {"orders", "timeline", "1", "--json"}).json();
    std::vector<std::string> happened;
    for (const auto& entry : timeline) happened.push_back(entry["event"]);
    CHECK(happened == std::vector<std::string>{"order-placed", "stock-reserved", "payment-taken", "shipment-arranged",
                                               "order-completed", "stock-dispatched"});
}

TEST_CASE("a large order waits until somebody approves it, or its customer cancels it", "[shop][process][cli]")
{
    const TemporaryDirectory directory;
    std::optional<Service> service;
    if (GENERATE(false, true)) service.emplace(directory).when_ready();
    REQUIRE(run(directory, {"stock", "receive", "tea", "5000"}).exit_code == 0);
    for (const auto* order : {"1", "2"}) {
        const auto placed = run(directory, {"orders", "place", order, "--line", "tea:1000:300", "--json"});
        INFO(placed.errors);
        REQUIRE(placed.exit_code == 0);
        CHECK(placed.json()["stage"] == "placed");
    }
    CHECK(run(directory, {"stock", "show", "tea", "--json"}).json()["on_hand"] == 5'000);
    CHECK(run(directory, {"orders", "approve", "1"}).exit_code == 2); // who does?
    const auto approved = run(directory, {"orders", "approve", "1", "--by", "Grace", "--json"});
    INFO(approved.errors);
    REQUIRE(approved.exit_code == 0);
    CHECK(approved.json()["stage"] == "completed");
    const auto cancelled = run(directory, {"orders", "cancel", "2", "--json"});
    REQUIRE(cancelled.exit_code == 0);
    CHECK(cancelled.json()["stage"] == "cancelled");
    CHECK(run(directory, {"orders", "cancel", "1"}).exit_code == 1);
    const auto sagas = run(directory, {"sagas", "list", "--json"}).json();
    CHECK(sagas[0]["status"] == "completed");
    CHECK(sagas[1]["status"] == "compensated");
    CHECK(run(directory, {"stock", "show", "tea", "--json"}).json()["on_hand"] == 4'000);
    CHECK(run(directory, {"orders", "timeline", "1"}).output.find("approved by Grace") != std::string::npos);
}

TEST_CASE("explain shows what made a row, as-of what it was, and drop what is made anew", "[shop][process][cli]")
{
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    REQUIRE(run(directory, {"orders", "place", "1", "--customer", "ada", "--line", "tea:2:4.50"}).exit_code == 0);
    const auto now = run(directory, {"stock", "show", "tea", "--json"}).json();

    const auto explained = run(directory, {"projections", "explain", "stock", "tea", "--json"}).json();
    const auto& changes  = explained["changes"];
    REQUIRE(explained["events"] == 3); // received, reserved, dispatched
    CHECK(changes[0]["what"] == "made");
    CHECK(changes[0]["changed"]["on_hand"]["after"] == 5);
    CHECK(changes[0]["saga"].is_null());
    CHECK(changes[1]["changed"]["on_hand"] == nlohmann::json{{"before", 5}, {"after", 3}});
    CHECK(changes[1]["saga"] == "fulfilment-1");
    CHECK(changes[1]["saga_step"].is_string());
    CHECK(changes[2]["changed"]["shipped"]["after"] == 2);
    CHECK(explained["row"]["row"]["on_hand"] == now["on_hand"]);
    for (const auto& change : changes) {
        const auto event = run(directory, {"events", "show", to_string(change["position"]), "--json"}).json();
        CHECK(event["type"] == change["event"]);
        CHECK(event["metadata"]["causation"] == change["command"]);
    }
    const auto for_people = run(directory, {"projections", "explain", "stock", "tea"}).output;
    CHECK(for_people.find("on_hand 5 -> 3") != std::string::npos);
    CHECK(for_people.find("fulfilment-1: ") != std::string::npos);
    CHECK(run(directory, {"projections", "explain", "sales", "tea", "--table", "by-article", "--json"})
              .json()["events"] == 1);

    const auto as_of = [&](std::vector<std::string> moment) {
        moment.insert(moment.begin(), {"projections", "as-of", "stock", "tea", "--json"});
        const auto finished = run(directory, moment);
        return finished.exit_code == 0 ? finished.json()["rows"][0]["row"]["on_hand"] : nlohmann::json{};
    };
    const auto received_at = changes[0]["recorded_at"].get<std::string>();
    CHECK(as_of({"--position", to_string(changes[0]["position"])}) == 5);
    CHECK(as_of({"--time", received_at}) == 5);
    CHECK(as_of({"--position", to_string(changes[1]["position"])}) == 3);
    CHECK(as_of({"--position", "0"}).is_null());
    CHECK(as_of({"--time", "2000-01-01"}).is_null());
    CHECK(as_of({"--time", "2999-12-31 23:59"}) == now["on_hand"]);
    const auto table = run(directory, {"projections", "as-of", "stock", "--time", received_at}).output;
    CHECK(table.find("written_off") != std::string::npos);

    std::filesystem::create_directories(directory.path() + "/data/projections/forgotten/generation-1");
    std::ofstream{directory.path() + "/data/projections/forgotten/current"} << "generation 1 version 1\n";
    CHECK(run(directory, {"projections", "list"}).output.find("left behind") != std::string::npos);
    CHECK(run(directory, {"projections", "drop", "forgotten", "stock", "--json"}).json().size() == 2);
    CHECK_FALSE(std::filesystem::exists(directory.path() + "/data/projections/forgotten"));
    CHECK(run(directory, {"stock", "show", "tea"}).exit_code == 1);
    REQUIRE(run(directory, {"orders", "place", "2", "--line", "tea:1:4.50"}).exit_code == 0); // the service runs
    CHECK(run(directory, {"stock", "show", "tea", "--json"}).json()["on_hand"] == 2);
    CHECK(run(directory, {"projections", "verify", "--all"}).exit_code == 0);
}

} // namespace cli_test
