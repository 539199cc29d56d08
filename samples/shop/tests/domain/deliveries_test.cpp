// Orders for articles that ran out, in virtual time: they wait for a delivery, for two weeks at most.
#include "fulfilment.hpp"
#include "shop_in_virtual_time.hpp"

#include <eventloom/framework/testing.hpp>

namespace deliveries_test {

using namespace shop;
using namespace shop::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using eventloom::testing::given;
using shop::OrderId;
using shop::Sku;

shop::orders::Line line_of(const std::string& article, std::int64_t pieces)
{
    return {Sku{article}, article, pieces, shop::Money{100}};
}

// There are no cups any more.
struct ShopWithoutCups : OpenShop {
    ShopWithoutCups()
    {
        receive("cup", 1);
        place_lines("first", {line_of("cup", 1)});
        finish();
        REQUIRE(stage("first") == "completed");
        REQUIRE(stock("cup").on_hand == 0);
    }
    void wait_for_cups(const std::string& order, std::int64_t pieces)
    {
        place_lines(order, {line_of("cup", pieces)});
        finish();
        REQUIRE(stage(order) == "waiting");
    }
};

TEST_CASE("a delivery lets the oldest orders that wait go on, as far as it suffices", "[shop][deliveries]")
{
    ShopWithoutCups open;
    open.wait_for_cups("1", 2);
    open.wait_for_cups("2", 3);
    open.wait_for_cups("3", 1);
    CHECK(open.charged("1") == 0);
    CHECK_THAT(open.order("1").reason, Contains("Asked for 2 pieces of cup"));
    CHECK_THAT(open.saga("1", "backorder").waits_for, Contains("NotDelivered at "));
    if (GENERATE(false, true)) {
        open.close();
        open.open();
    }
    open.receive("cup", 4);
    open.finish();
    CHECK(open.stage("1") == "completed");
    CHECK(open.charged("1") == 1);
    CHECK(open.order("1").reason.empty());
    // Two cups are left. The third order would have enough, but the second one came before it.
    CHECK(open.stage("2") == "waiting");
    CHECK(open.stage("3") == "waiting");
    CHECK(open.stock("cup").on_hand == 2);
    open.place_lines("4", {line_of("cup", 1)});
    open.finish();
    CHECK(open.stage("4") == "waiting");
    open.receive("cup", 2);
    open.finish();
    CHECK(open.stage("2") == "completed");
    CHECK(open.stage("3") == "completed");
    CHECK(open.stage("4") == "waiting");
    CHECK(open.stock("cup").on_hand == 0);
    CHECK(open.stock("cup").shipped == 1 + 2 + 3 + 1);
}

TEST_CASE("an order whose delivery does not come within 14 days is cancelled, and nothing is held for it any more",
          "[shop][deliveries]")
{
    ShopWithoutCups open;
    open.place_lines("1", {line_of("cup", 5), line_of("tea", 7)});
    open.finish();
    open.simulated.advance(13 * 24h);
    CHECK(open.stage("1") == "waiting");
    open.simulated.advance(2 * 24h);
    open.finish();
    CHECK(open.stage("1") == "cancelled");
    CHECK(open.order("1").reason == "The delivery that it waited for has not come within 14 days.");
    CHECK(open.saga("1", "backorder").status == el::SagaStatus::compensated);
    CHECK(open.charged("1") == 0);
    open.receive("cup", 5);
    open.finish();
    CHECK(open.stage("1") == "cancelled");
    CHECK(open.stock("cup").on_hand == 5);
    CHECK(open.tea().on_hand == 1'000);
}

TEST_CASE("a customer cancels an order that waits, and the next one takes its place", "[shop][deliveries]")
{
    ShopWithoutCups open;
    open.wait_for_cups("1", 5);
    open.wait_for_cups("2", 2);
    open.receive("cup", 2);
    open.finish();
    CHECK(open.stage("2") == "waiting");
    open.cancel("1");
    open.finish();
    CHECK(open.stage("1") == "cancelled");
    CHECK(open.stage("2") == "completed");
    CHECK(open.stock("cup").on_hand == 0);
    open.simulated.advance(20 * 24h);
    CHECK(open.stage("2") == "completed");
}

TEST_CASE("what a cancelled order and a return give back goes to those that wait", "[shop][deliveries]")
{
    OpenShop open;
    open.receive("cup", 2);
    REQUIRE(open.shop->provider().set_down(true));
    open.place_lines("1", {line_of("cup", 2)}); // holds the cups, and cannot be paid
    open.settle();
    open.place_lines("2", {line_of("cup", 1)});
    open.simulated.advance(1min);
    REQUIRE(open.shop->provider().set_down(false));
    open.cancel("1");
    open.finish();
    CHECK(open.stage("1") == "cancelled");
    CHECK(open.stage("2") == "completed");
    CHECK(open.stock("cup").on_hand == 1);
}

TEST_CASE("orders for the same articles never wait for what the other one holds", "[shop][deliveries]")
{
    ShopWithoutCups open;
    open.receive("pot", 1);
    open.place_lines("first-pot", {line_of("pot", 1)});
    open.finish();
    open.place_lines("1", {line_of("cup", 1), line_of("pot", 1)});
    open.finish();
    open.place_lines("2", {line_of("pot", 1), line_of("cup", 1)});
    open.finish();
    open.receive("pot", 1);
    open.receive("cup", 1);
    open.finish();
    CHECK(open.stage("1") == "completed");
    CHECK(open.stage("2") == "waiting");
}

TEST_CASE("an order for an article that the shop never had is cancelled at once", "[shop][deliveries]")
{
    OpenShop open;
    open.place_lines("1", {line_of("tae", 1)});
    open.finish();
    CHECK(open.stage("1") == "cancelled");
    CHECK(open.order("1").reason == "reserve stock: The shop has never had any pieces of tae.");
}

TEST_CASE("whenever an order that is supplied is cancelled, it is neither paid nor are its goods held",
          "[shop][deliveries]")
{
    ShopWithoutCups open;
    // As many tasks as it takes from the delivery to the end of the order, and one more.
    for (int tasks = 0;; ++tasks) {
        const auto order = "after-" + std::to_string(tasks);
        open.wait_for_cups(order, 1);
        open.receive("cup", 1);
        int done = 0;
        while (done < tasks && open.simulated.run_one()) ++done;
        const auto cancelled = open.commands().send(OrderId{order}, shop::orders::Cancel{"no longer wanted"});
        open.finish();
        INFO(order);
        CHECK(open.stage(order) == (cancelled ? "cancelled" : "completed"));
        CHECK(open.charged(order) == (cancelled ? 0 : 1));
        CHECK(open.stock("cup").reserved == 0);
        CHECK(open.stock("cup").on_hand == (cancelled ? 1 : 0));
        if (not cancelled) break;
        // The cup is sold, so that the next one waits again.
        open.place_lines("takes-" + std::to_string(tasks), {line_of("cup", 1)});
        open.finish();
        REQUIRE(tasks < 1'000);
    }
}

TEST_CASE("an order whose fulfilment began under the second version waits for no delivery", "[shop][deliveries]")
{
    ShopInVirtualTime open;
    const auto large = shop::orders::most_without_approval + shop::Money{1};
    {
        auto service = el::Service::open(open.runtime, {.directory = open.directory.path(), .create_if_missing = true});
        REQUIRE(service);
        auto& sagas      = service.value()->sagas();
        const auto works = [](const auto&, const el::CallKey&) -> el::result<shop::Receipt> {
            return shop::Receipt{"receipt"};
        };
        sagas.add(shop::second_fulfilment());
        sagas.perform<shop::Charge>(works);
        sagas.perform<shop::Refund>(works);
        REQUIRE(service.value()->start());
        auto& commands = service.value()->commands();
        REQUIRE(commands.send(Sku{"cup"}, shop::stock::Receive{1, ""}));
        REQUIRE(commands.send(Sku{"cup"}, shop::stock::WriteOff{1, "broken"}));
        REQUIRE(commands.send(
            OrderId{"1"},
            shop::orders::Place{shop::CustomerId{"ada"}, "UK", shop::BusinessTime{}, {{Sku{"cup"}, "CUP", 1, large}}}));
        REQUIRE(sagas.settle(open.simulated.now()));
    }
    open.open();
    REQUIRE(open.commands().send(OrderId{"1"}, shop::orders::Approve{"Grace"}));
    open.finish();
    CHECK(open.saga("1").version == 2);
    CHECK(open.stage("1") == "cancelled");
    CHECK(open.charged("1") == 0);
}

TEST_CASE("orders that wait for an article are in a queue", "[shop][stock][deliveries]")
{
    using namespace shop::stock;
    const OrderId one{"1"};
    const OrderId two{"2"};
    CHECK(given<StockItem>(Received{5, ""}).when(Await{one, 5}).then(Reserved{one, 5}));
    CHECK(given<StockItem>(Received{5, ""}).when(Await{one, 6}).then(Awaited{one, 6}));
    CHECK(given<StockItem>(Awaited{one, 6}).when(Await{one, 6}).then());
    CHECK(given<StockItem>(Received{5, ""}, Reserved{one, 5}).when(Await{one, 5}).then());
    CHECK(given<StockItem>(Received{5, ""}, Awaited{one, 6}).when(Await{two, 1}).then(Awaited{two, 1}));
    CHECK(given<StockItem>(Received{5, ""}, Awaited{one, 6}).when(Reserve{two, 1}).refused("out-of-stock"));
    CHECK(given<StockItem>().when(Reserve{one, 1}).refused("never-in-stock"));
    CHECK(given<StockItem>(Awaited{one, 2}, Awaited{two, 3})
              .when(Receive{5, "note"})
              .then(Received{5, "note"}, Reserved{one, 2}, Reserved{two, 3}));
    CHECK(given<StockItem>(Awaited{one, 2}, Awaited{two, 3})
              .when(Receive{4, ""})
              .then(Received{4, ""}, Reserved{one, 2}));
    CHECK(given<StockItem>(Received{4, ""}, Awaited{one, 9}, Awaited{two, 3})
              .when(Release{one})
              .then(Forgone{one}, Reserved{two, 3}));
    CHECK(given<StockItem>(Received{4, ""}, Reserved{one, 4}, Awaited{two, 3})
              .when(Release{one})
              .then(Released{one, 4}, Reserved{two, 3}));
}

TEST_CASE("an order waits once for a delivery, and is supplied once", "[shop][orders][deliveries]")
{
    using namespace shop::orders;
    const Placed placed{shop::CustomerId{"ada"}, "UK", shop::BusinessTime{}, {line_of("cup", 2)}, shop::Money{200}};
    const Backordered waits{"none there", placed.lines};
    const Supplied supplied{placed.customer, placed.country, placed.lines, placed.total};
    const Cancelled cancelled{"", placed.customer, placed.country, placed.placed_at, placed.lines, placed.total};
    CHECK(given<Order>(placed).when(Backorder{"none there"}).then(waits));
    CHECK(given<Order>(placed, waits).when(Backorder{"none there"}).then());
    CHECK(given<Order>(placed, cancelled).when(Backorder{"none there"}).then());
    CHECK(given<Order>().when(Backorder{""}).refused("no-such-order"));
    CHECK(given<Order>(placed, waits).when(Supply{}).then(supplied));
    CHECK(given<Order>(placed, waits, supplied).when(Supply{}).then());
    CHECK(given<Order>(placed, waits, cancelled).when(Supply{}).then());
    CHECK(given<Order>(placed, waits).when(Complete{"r", "t"}).refused("not-placed"));
    CHECK(given<Order>(placed, waits, supplied).when(Complete{"r", "t"}).then(Completed{"r", "t"}));
}

} // namespace deliveries_test
