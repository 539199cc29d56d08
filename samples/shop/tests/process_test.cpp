// The program itself, as a person runs it: what it answers, how it exits, and what is left when it is killed.
#include "running_service.hpp"
#include "shop.hpp"
#include "support/sweep.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <thread>

namespace process_test {

using namespace shop;
using namespace shop::testing;

// Everything adds up, whatever was killed when.
void check_books(const TemporaryDirectory& directory)
{
    el::SystemExecutor executor;
    const el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    auto opened = Shop::open(runtime, directory.path() + "/data", {}, false);
    REQUIRE(opened);
    auto& shop = *opened.value();
    std::map<std::string, Money> charged;
    REQUIRE(shop.provider().visit_charges([&](const std::string& reference, Money amount, bool refunded) {
        if (not refunded) charged[reference] = amount;
    }));
    const auto orders     = shop.orders().all().value();
    std::size_t completed = 0;
    for (const auto& [id, order] : orders.rows) {
        INFO("order " << id.value << " is " << order.stage);
        CHECK((order.stage == "completed" || order.stage == "cancelled"));
        CHECK((charged.contains(id.value) == (order.stage == "completed")));
        if (order.stage != "completed") continue;
        ++completed;
        CHECK(charged[id.value] == order.total);
    }
    CHECK(charged.size() == completed);
    const auto stock = shop.stock().all().value();
    for (const auto& [sku, level] : stock.rows) {
        INFO("article " << sku.value);
        CHECK(level.received == level.on_hand + level.reserved + level.shipped + level.written_off - level.returned);
        CHECK(level.reserved == 0);
    }
    REQUIRE(shop.service().sagas().open());
    const auto sagas = shop.service().sagas().list().value();
    for (const auto& saga : sagas) {
        CHECK(el::has_ended(saga.status));
    }
}

TEST_CASE("killed at random moments of an import and its sagas, the shop loses and doubles nothing",
          "[shop][process][crash]")
{
    const TemporaryDirectory directory;
    const std::vector<std::string> import{"import",      sample(), "--decline-rate", "0.05",
                                          "--fail-rate", "0.1",    "--data",         directory.path() + "/data"};
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    const auto kills = el::testing::Sweep{4}.share_of(20);
    for (std::uint64_t kill = 0; kill < kills; ++kill) {
        const Program program{directory, import};
        // The moment is when the log has grown by a random amount: that is progress, whatever the machine's speed.
        const auto log         = directory.path() + "/data/log";
        const auto size_of_log = [&] {
            std::uintmax_t bytes = 0;
            std::error_code gone;
            for (std::filesystem::directory_iterator file{log, gone}, end; not gone && file != end;
                 file.increment(gone)) {
                const auto size = file->file_size(gone);
                if (not gone) bytes += size;
            }
            return bytes;
        };
        const auto enough = size_of_log() + random() % 400'000;
        while (size_of_log() < enough && not program.has_ended()) std::this_thread::yield();
        program.kill();
        program.wait();
    }
    const auto finished = Program{directory, import}.wait();
    INFO(finished.errors);
    REQUIRE(finished.exit_code == 0);
    CHECK(run(directory, {"store", "verify"}).exit_code == 0);
    CHECK(run(directory, {"projections", "verify", "--all"}).exit_code == 0);
    check_books(directory);

    // As many orders as an import that nobody killed.
    const TemporaryDirectory other;
    const auto whole = run(other, {"import", sample(), "--json"});
    REQUIRE(whole.exit_code == 0);
    const auto again = run(directory, {"import", sample(), "--json"});
    for (const char* count : {"rows_read", "rows_taken", "orders", "returns", "write_offs", "turnover"}) {
        CHECK(again.json()[count] == whole.json()[count]);
    }
    CHECK(run(directory, {"orders", "list", "--json"}).json().size() == whole.json()["orders"]);
}

TEST_CASE("a rebuild that is killed leaves the old model answering, and ends the same when started again",
          "[shop][process][crash]")
{
    const TemporaryDirectory directory;
    import_sample_into(directory);
    const auto sales = run(directory, {"sales", "--by", "country", "--json"}).output;
    for (int round = 0; round < 5; ++round) {
        const Program rebuild{directory, {"projections", "rebuild", "--all", "--data", directory.path() + "/data"}};
        while (not std::filesystem::exists(directory.path() + "/data/projections/orders/generation-" +
                                           std::to_string(2)) &&
               not rebuild.has_ended()) {
            std::this_thread::yield();
        }
        rebuild.kill();
        rebuild.wait();
        CHECK(run(directory, {"sales", "--by", "country", "--json"}).output == sales);
    }
    REQUIRE(run(directory, {"projections", "rebuild", "--all"}).exit_code == 0);
    CHECK(run(directory, {"sales", "--by", "country", "--json"}).output == sales);
    CHECK(run(directory, {"projections", "verify", "--all"}).exit_code == 0);
}

TEST_CASE("a flipped byte in the log on disk is reported, and nothing crashes", "[shop][process][damage]")
{
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"orders", "place", "1", "--line", "tea:1:2.55"}).exit_code == 0);
    REQUIRE(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    std::size_t reported = 0;
    for (const auto& entry : std::filesystem::directory_iterator{directory.path() + "/data/log"}) {
        const auto path = entry.path().string();
        if (not path.ends_with(".log") && not path.ends_with(".ldb")) continue;
        std::string content;
        {
            std::ostringstream bytes;
            bytes << std::ifstream{path, std::ios::binary}.rdbuf();
            content = bytes.str();
        }
        for (std::size_t at = 0; at < content.size(); at += 97) {
            auto changed = content;
            changed[at]  = static_cast<char>(changed[at] ^ 0x10);
            std::ofstream{path, std::ios::binary | std::ios::trunc} << changed;
            const auto verified = run(directory, {"store", "verify"});
            INFO("byte " << at << " of " << path << ": " << verified.errors);
            CHECK((verified.exit_code == 1 || verified.exit_code == 0));
            if (verified.exit_code == 1) ++reported;
        }
        std::ofstream{path, std::ios::binary | std::ios::trunc} << content;
    }
    CHECK(reported > 0);
    CHECK(run(directory, {"store", "verify"}).exit_code == 0);
}

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
        {{"store", "info"}, 1, "a command that writes makes them"},
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

} // namespace process_test
