// The whole shop on a simulated machine: its power is cut at every single change that a short run makes to the disk.
#include "simulated_disk/simulated_disk.hpp"
#include "support/every_store.hpp"
#include "support/sweep.hpp"

#include "orders/order.hpp"
#include "shop.hpp"
#include "stock/stock_item.hpp"

#include <eventloom/storage/syncing_env.hpp>

#include <catch2/catch.hpp>

#include <map>

namespace shop_crash_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace shop;

// Tea is plentiful, there are five cups, and of the cards some are declined.
class Machine {
public:
    explicit Machine(std::uint64_t seed)
        : simulated_{seed}, disk_{seed}, files_{&disk_, [this](const std::string&) { return disk_.sync_directory(); }},
          runtime_{simulated_, simulated_, simulated_, files_}
    {
    }

    SimulatedDisk& disk() { return disk_; }

    // Sends all commands, each with its own id, and lets the sagas work. Gives the orders that were acknowledged.
    std::vector<std::string> work()
    {
        std::vector<std::string> acknowledged;
        if (auto shop = open()) {
            static_cast<void>(send_all(*shop, acknowledged));
            static_cast<void>(shop->finish_everything());
        }
        forget_the_process();
        return acknowledged;
    }

    void power_cut(Tail tail) { disk_.power_cut(tail); }

    // Runs to the end, and looks at everything.
    void finish_and_check(const std::vector<std::string>& acknowledged)
    {
        {
            const auto shop = open();
            REQUIRE(shop);
            for (const auto& order : acknowledged) {
                CHECK(shop->service().store().stream_length("order-" + order).value() > 0);
            }
            std::vector<std::string> again;
            REQUIRE(send_all(*shop, again));
            const auto finished = shop->finish_everything();
            REQUIRE(finished);
            // Orders that wait for more cups are cancelled: none come.
            simulated_.advance(std::chrono::hours{24 * 15});
            REQUIRE(shop->finish_everything());
            check(*shop);
        }
        forget_the_process();
    }

private:
    static constexpr int orders_sent = 5;

    std::unique_ptr<Shop> open()
    {
        auto shop = Shop::open(runtime_, "/shop", {.decline_rate = 0.3, .fail_rate = 0.2, .seed = 3}, true);
        UNSCOPED_INFO("open: " << (shop ? "done" : shop.error().sentence));
        if (not shop) return nullptr;
        const auto started = shop.value()->service().start();
        UNSCOPED_INFO("start: " << (started ? "done" : started.error().sentence));
        return started ? std::move(shop.value()) : nullptr;
    }

    void forget_the_process()
    {
        simulated_.drop_everything();
        run_background_work();
    }

    result<void> send_all(Shop& shop, std::vector<std::string>& acknowledged)
    {
        auto& commands = shop.service().commands();
        BOOST_OUTCOME_TRY(commands.send(Sku{"tea"}, stock::Receive{100, ""}, {.command_id = derived_uuid({"tea"})}));
        BOOST_OUTCOME_TRY(commands.send(Sku{"cup"}, stock::Receive{5, ""}, {.command_id = derived_uuid({"cup"})}));
        for (int i = 1; i <= orders_sent; ++i) {
            const OrderId order{std::to_string(i)};
            const orders::Place place{CustomerId{"ada"},
                                      "UK",
                                      BusinessTime{},
                                      {{Sku{"tea"}, "", 3, Money{450}}, {Sku{"cup"}, "", 2, Money{100}}}};
            BOOST_OUTCOME_TRY(commands.send(order, place, {.command_id = derived_uuid({"place", order.value})}));
            acknowledged.push_back(order.value);
        }
        return done();
    }

    void check(Shop& shop)
    {
        CHECK(shop.service().engine().upkeep->verify().value().findings_total == 0);
        for (const auto& status : shop.service().projections().status()) {
            CHECK(status.lag == 0);
            CHECK(shop.service().projections().verify(status.name).value().differences_total == 0);
        }
        std::map<std::string, std::string> stages;
        const auto orders = shop.orders().all().value();
        for (const auto& [id, row] : orders.rows) stages[id.value] = row.stage;
        CHECK(stages.size() == orders_sent);
        std::map<std::string, int> charges;
        REQUIRE(shop.provider().visit_charges([&](const std::string& reference, Money amount, bool refunded) {
            CHECK(amount == Money{3 * 450 + 2 * 100});
            if (not refunded) ++charges[reference];
        }));
        std::int64_t completed = 0;
        for (const auto& [order, stage] : stages) {
            INFO("order " << order << " is " << stage);
            CHECK((stage == "completed" || stage == "cancelled"));
            CHECK(charges[order] == (stage == "completed" ? 1 : 0));
            completed += stage == "completed" ? 1 : 0;
        }
        check_stock(*shop.stock().get(Sku{"tea"}).value(), 100, completed * 3);
        check_stock(*shop.stock().get(Sku{"cup"}).value(), 5, completed * 2);
    }

    static void check_stock(const StockLevel& level, std::int64_t received, std::int64_t shipped)
    {
        CHECK(level.received == received);
        CHECK(level.reserved == 0);
        CHECK(level.shipped == shipped);
        CHECK(level.received == level.on_hand + level.reserved + level.shipped + level.written_off - level.returned);
    }

    SimulatedExecutor simulated_;
    SimulatedDisk disk_;
    SyncingEnv files_;
    Runtime runtime_;
};

TEST_CASE("the shop survives a power cut at any change of the disk, and everything adds up", "[crash][shop]")
{
    Machine whole{1};
    REQUIRE(whole.work().size() == 5);
    const auto points = whole.disk().operations();
    CHECK(points > 300);
    Sweep sweep{4};
    for (std::uint64_t point = 1; point <= points; ++point) {
        if (not sweep.tries_next()) continue;
        const auto tail = static_cast<Tail>(point % 3);
        INFO(sweep << "power cut at change " << point << " of " << points << ", tail " << static_cast<int>(tail));
        Machine machine{point};
        machine.disk().crash_at(point);
        const auto acknowledged = machine.work();
        machine.power_cut(tail);
        machine.finish_and_check(acknowledged);
    }
}

TEST_CASE("one seed leaves the same bytes on the disk, another seed others", "[crash][shop][determinism]")
{
    const auto disk_of = [](std::uint64_t seed) {
        Machine machine{seed};
        REQUIRE(machine.work().size() == 5);
        return machine.disk().files();
    };
    CHECK((disk_of(7) == disk_of(7)));
    CHECK((disk_of(7) != disk_of(8)));
}

} // namespace shop_crash_test
