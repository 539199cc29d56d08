// Returns that are asked for, in virtual time: they wait for the goods, and then the money is given back.
#include "fulfilment.hpp"
#include "returns/asking.hpp"
#include "returns/order_return.hpp"
#include "shop_in_virtual_time.hpp"

#include <eventloom/framework/testing.hpp>

namespace returning_test {

using namespace shop;
using namespace shop::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using eventloom::testing::given;

// Order 1 is completed, and its return is asked for.
struct ShopWithReturn : OpenShop {
    ShopWithReturn()
    {
        place("1");
        finish();
        REQUIRE(ask_for_return(commands(), OrderId{"1"}, "too strong"));
        finish();
    }
    el::result<void> goods_come()
    {
        BOOST_OUTCOME_TRY(commands().send(ReturnId{"1"}, returns::Receive{}));
        return el::done();
    }
    returns::OrderReturn::Stage stage_of_return() { return commands().load(ReturnId{"1"}).value().stage; }
    el::SagaInstance returning() { return saga("1", "returning"); }
    // How often it stands on the order's timeline.
    std::size_t happened(const std::string& event)
    {
        const auto page = shop->timeline().under("1", {}).value();
        return static_cast<std::size_t>(std::count_if(page.rows.begin(), page.rows.end(),
                                                      [&](const auto& entry) { return entry.row.event == event; }));
    }
};

using Stage = returns::OrderReturn::Stage;

TEST_CASE("a return waits for its goods, and then the money is given back once", "[shop][returning]")
{
    ShopWithReturn open;
    CHECK_THAT(open.returning().waits_for, Contains("GoodsAreLate at ") && Contains("GoodsAreMissing at "));
    CHECK(open.charged("1") == 1);
    open.simulated.advance(5 * 24h);
    if (GENERATE(false, true)) {
        open.close();
        open.open();
    }
    REQUIRE(open.goods_come());
    open.finish();
    CHECK(open.returning().status == el::SagaStatus::completed);
    CHECK(open.stage_of_return() == Stage::refunded);
    CHECK(open.charged("1") == 0);
    CHECK(open.tea().on_hand == 1'000);
    CHECK(open.tea().returned == 1);
    CHECK(open.shop->customers().get(CustomerId{"ada"}).value()->lifetime_value == Money{});
    open.simulated.advance(60 * 24h);
    CHECK(open.happened("return-reminded") == 0);
    CHECK(open.happened("return-refunded") == 1);
    CHECK(open.happened("payment-refunded") == 1);
    CHECK(open.goods_come().error().code == "already-registered");
}

TEST_CASE("the customer is reminded of the goods once, after 14 days, and may still send them", "[shop][returning]")
{
    ShopWithReturn open;
    open.simulated.advance(13 * 24h);
    CHECK(open.happened("return-reminded") == 0);
    open.simulated.advance(2 * 24h);
    open.finish();
    CHECK(open.happened("return-reminded") == 1);
    open.simulated.advance(14 * 24h);
    CHECK(open.happened("return-reminded") == 1);
    REQUIRE(open.goods_come());
    open.finish();
    CHECK(open.stage_of_return() == Stage::refunded);
    CHECK(open.charged("1") == 0);
}

TEST_CASE("a return whose goods do not come within 30 days is given up, and later goods are refused",
          "[shop][returning]")
{
    ShopWithReturn open;
    open.simulated.advance(29 * 24h);
    CHECK(open.stage_of_return() == Stage::asked_for);
    open.simulated.advance(2 * 24h);
    open.finish();
    CHECK(open.stage_of_return() == Stage::given_up);
    CHECK(open.returning().status == el::SagaStatus::compensated);
    CHECK(open.returning().why->code == "return-given-up");
    const auto refused = open.goods_come();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "return-given-up");
    CHECK_THAT(refused.error().sentence, Contains("within 30 days") && Contains("send them back"));
    open.finish();
    CHECK(open.charged("1") == 1);
    CHECK(open.tea().returned == 0);
}

TEST_CASE("an outage of the provider delays the money of a return, and nothing is stuck", "[shop][returning]")
{
    ShopWithReturn open;
    REQUIRE(open.shop->provider().set_down(true));
    REQUIRE(open.goods_come());
    open.simulated.advance(10h);
    CHECK(open.stage_of_return() == Stage::registered);
    CHECK(open.returning().status == el::SagaStatus::running);
    CHECK_THAT(open.returning().waits_for, Contains("the provider has failed"));
    CHECK(open.charged("1") == 1);
    CHECK(open.tea().returned == 1);
    const int restarts = GENERATE(0, 1, 3);
    for (int restart = 0; restart < restarts; ++restart) {
        open.close();
        open.open();
        open.simulated.advance(10min);
        CHECK(open.returning().status == el::SagaStatus::running);
    }
    CHECK(open.returning().attempts >= (restarts > 1 ? 11 : 1)); // more than it has without an el::retry
    REQUIRE(open.shop->provider().set_down(false));
    open.simulated.advance(1h); // the longest wait between two tries
    open.finish();
    CHECK(open.stage_of_return() == Stage::refunded);
    CHECK(open.charged("1") == 0);
    CHECK(open.happened("payment-refunded") == 1);
}

TEST_CASE("goods whose way back to the shelf began under the first version of its saga end there under it",
          "[shop][returning][versions]")
{
    ShopInVirtualTime open;
    const std::vector<returns::Line> lines{{Sku{"cup"}, "CUP", 1, Money{450}}, {Sku{"tea"}, "TEA", 2, Money{450}}};
    {
        auto service = el::Service::open(open.runtime, {.directory = open.directory.path(), .create_if_missing = true});
        REQUIRE(service);
        auto& sagas = service.value()->sagas();
        sagas.add(first_restocking());
        REQUIRE(service.value()->start());
        REQUIRE(service.value()->commands().send(ReturnId{"1"},
                                                 returns::Register{CustomerId{"ada"}, "UK", BusinessTime{}, lines}));
        const auto is_halfway = [&] { return sagas.find("restocking", "1").value().has_value(); };
        REQUIRE(open.simulated.wait_until(is_halfway, open.simulated.now()));
        REQUIRE(sagas.find("restocking", "1").value()->status == el::SagaStatus::running);
    }
    open.simulated.drop_everything();
    open.open();
    open.finish();
    CHECK(open.saga("1", "restocking").version == 1);
    CHECK(open.saga("1", "restocking").status == el::SagaStatus::completed);
    CHECK(open.stock("cup").on_hand == 1);
    CHECK(open.tea().on_hand == 2);
}

TEST_CASE("goods that come in the moment in which their return is given up are refused, or paid for",
          "[shop][returning]")
{
    // As many tasks as it takes from the timer to its end, and one more.
    for (int tasks = 0;; ++tasks) {
        ShopWithReturn open;
        const auto due = open.returning().began + 30 * 24h;
        int left       = tasks;
        open.simulated.wait_until([&] { return open.simulated.now() >= due && left-- == 0; }, due + 1h);
        const auto taken = open.goods_come();
        open.finish();
        INFO(tasks);
        CHECK(open.stage_of_return() == (taken ? Stage::refunded : Stage::given_up));
        CHECK(open.charged("1") == (taken ? 0 : 1));
        CHECK(open.tea().returned == (taken ? 1 : 0));
        if (not taken) {
            CHECK(taken.error().code == "return-given-up");
            CHECK(tasks > 0);
            break;
        }
        REQUIRE(tasks < 1'000);
    }
}

TEST_CASE("only a completed order is returned, and only once", "[shop][returning]")
{
    ShopWithReturn open;
    const auto code = [&](const std::string& order) {
        return ask_for_return(open.commands(), OrderId{order}, "").error().code;
    };
    CHECK(code("1") == "already-asked-for");
    CHECK(code("none") == "not-completed");
    open.place("2", orders::most_without_approval + Money{1});
    CHECK(code("2") == "not-completed");
}

TEST_CASE("a return goes one way only", "[shop][returns][returning]")
{
    using namespace returns;
    const std::vector<Line> lines{{Sku{"tea"}, "TEA", 2, Money{450}}};
    const AskedFor asked{CustomerId{"ada"}, "UK", "broken", lines, Money{900}};
    const Registered came{CustomerId{"ada"}, "UK", BusinessTime{}, lines, Money{900}};
    CHECK(given<OrderReturn>().when(AskFor{CustomerId{"ada"}, "UK", "broken", lines}).then(asked));
    CHECK(given<OrderReturn>(asked).when(Receive{}).then(came));
    CHECK(given<OrderReturn>().when(Receive{}).refused("no-such-return"));
    CHECK(given<OrderReturn>(asked, came).when(Receive{}).refused("already-registered"));
    CHECK(given<OrderReturn>(asked, GivenUp{}).when(Receive{}).refused("return-given-up"));
    CHECK(given<OrderReturn>(asked).when(Remind{}).then(Reminded{}));
    CHECK(given<OrderReturn>(asked, Reminded{}).when(Remind{}).then());
    CHECK(given<OrderReturn>(asked, came).when(Remind{}).then());
    CHECK(given<OrderReturn>(asked, came).when(GiveUp{}).then());
    CHECK(given<OrderReturn>(asked).when(GiveUp{}).then(GivenUp{}));
    CHECK(given<OrderReturn>(asked).when(RecordRefund{"r"}).refused("goods-not-there"));
    CHECK(given<OrderReturn>(asked, came).when(RecordRefund{"r"}).then(Refunded{"r"}));
    CHECK(given<OrderReturn>(asked, came, Refunded{"r"}).when(RecordRefund{"r"}).then());
    CHECK(given<OrderReturn>(asked)
              .when(Register{CustomerId{"ada"}, "UK", BusinessTime{}, lines})
              .refused("already-registered"));
}

} // namespace returning_test
