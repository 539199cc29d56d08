// The program itself, as a person runs it: what is left when it is killed, or its files are damaged.
#include "program.hpp"
#include "shop.hpp"
#include "support/sweep.hpp"

#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <map>
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

} // namespace process_test
