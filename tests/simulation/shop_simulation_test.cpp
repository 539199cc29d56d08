// Many lives of the shop, from seeds: work, a cut of the power somewhere, work again; at the end everything adds up.
// `./dev simulate --seeds N --seed S` runs N seeds from S on; a seed alone repeats exactly.
#include "simulated_disk/settings.hpp"
#include "simulated_disk/simulated_disk.hpp"

#include "import/import.hpp"
#include "shop.hpp"
#include "support/answers.hpp"

#include <eventloom/storage/syncing_env.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

namespace shop_simulation_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace shop;

// A file of invoices drawn from the seed: orders, write-offs, returns, and rows that nobody can read.
struct DrawnFile {
    explicit DrawnFile(SimulatedExecutor& random)
        : path{(std::filesystem::temp_directory_path() / ("eventloom-simulation-" + to_string(system_ids().next())))
                   .string()}
    {
        std::ofstream out{path};
        out << "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
        for (int row = 0; row < 40; ++row) {
            const auto invoice = random.draw(12);
            const bool back    = invoice == 11;
            const auto pieces  = static_cast<std::int64_t>(1 + random.draw(9)) * (back || random.draw(8) == 0 ? -1 : 1);
            out << (back ? "C" : "") << 1000 + invoice << ",sku" << random.draw(6) << ",thing," << pieces
                << ",2010-12-01 08:26:00," << random.draw(5) << "." << 10 + random.draw(90) << ",7,UK\n";
            if (random.draw(15) == 0) out << "nobody,can,\"read this\n";
        }
    }
    ~DrawnFile() { std::filesystem::remove(path); }
    std::string path;
};

void run(std::uint64_t seed)
{
    SimulatedExecutor simulated{seed};
    SimulatedDisk disk{seed, simulated.draw(2) == 0 ? DirectoryModel::ordered : DirectoryModel::strict};
    SyncingEnv files{&disk, [&](const std::string&) { return disk.sync_directory(); }};
    const Runtime runtime{simulated, simulated, simulated, files};
    const DrawnFile file{simulated};

    // Lives that end in a power cut, then one that may finish.
    ImportReport report;
    const auto lives = 1 + simulated.draw(4);
    for (std::uint64_t life = 0; life <= lives; ++life) {
        const bool last = life == lives;
        if (not last) disk.crash_at(disk.operations() + 1 + simulated.draw(600));
        {
            auto shop = Shop::open(runtime, "/shop", {.decline_rate = 0.2, .fail_rate = 0.2, .seed = seed}, true);
            INFO(sentence_of(shop));
            if (last) REQUIRE(shop);
            if (shop && shop.value()->service().start()) {
                auto imported =
                    import_file(file.path, {.opening_stock = 12}, shop.value()->service().commands(), simulated);
                const auto finished = shop.value()->finish_everything();
                if (last) {
                    // Orders that wait for a delivery are cancelled: none comes.
                    simulated.advance(std::chrono::hours{24 * 15});
                    REQUIRE(shop.value()->finish_everything());
                    REQUIRE(imported);
                    REQUIRE(finished);
                    report = imported.value();
                    CHECK(shop.value()->orders().size().value() == report.orders);
                    CHECK(shop.value()->service().engine().upkeep->verify().value().findings_total == 0);
                    for (const auto& status : shop.value()->service().projections().status()) {
                        CHECK(shop.value()->service().projections().verify(status.name).value().differences_total == 0);
                    }
                    const auto stock = shop.value()->stock().all().value();
                    for (const auto& [sku, level] : stock.rows) {
                        INFO("article " << sku.value);
                        CHECK(level.received == 12);
                        CHECK(level.reserved == 0);
                        CHECK(level.received ==
                              level.on_hand + level.reserved + level.shipped + level.written_off - level.returned);
                    }
                    const auto sagas = shop.value()->service().sagas().list().value();
                    for (const auto& instance : sagas) {
                        CHECK(has_ended(instance.status));
                    }
                    CHECK(report.rows_read == report.rows_taken + report.rows_refused);
                }
            }
        }
        simulated.drop_everything();
        run_background_work();
        if (not last) disk.power_cut(static_cast<Tail>(simulated.draw(3)));
    }
}

TEST_CASE("whatever the seed, after power cuts everything adds up", "[simulation][shop]")
{
    const auto seeds = seeds_to_run(20);
    for (auto seed = seeds.first; seed <= seeds.last; ++seed) {
        INFO("seed " << seed << ": run it again with ./dev simulate --seed " << seed);
        run(seed);
    }
    CHECK(seeds.last >= seeds.first);
}

} // namespace shop_simulation_test
