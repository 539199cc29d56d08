// What becomes of orders in virtual time: they wait for approval, are cancelled, and outlast a provider that is down.
#include "fulfilment.hpp"
#include "shop_in_virtual_time.hpp"

namespace fulfilment_test {

using namespace shop;
using namespace shop::testing;
using namespace std::chrono_literals;

const Money large = orders::most_without_approval + Money{1};

TEST_CASE("a large order waits for its approval, and nothing is reserved or charged before", "[shop][fulfilment]")
{
    OpenShop open;
    open.place("1", large);
    open.place("2", orders::most_without_approval);
    open.settle();
    CHECK(open.stage("2") == "completed");
    CHECK(open.stage("1") == "placed");
    CHECK(open.saga("1").step == "approval");
    CHECK(open.charged("1") == 0);
    CHECK(open.tea().reserved == 0);
    if (GENERATE(false, true)) {
        open.close();
        open.open();
    }
    REQUIRE(open.commands().send(OrderId{"1"}, orders::Approve{"Grace"}));
    open.finish();
    CHECK(open.stage("1") == "completed");
    CHECK(open.charged("1") == 1);
    CHECK(open.tea().shipped == 2);
}

TEST_CASE("a large order that nobody approves is cancelled, after two weeks or by its customer", "[shop][fulfilment]")
{
    OpenShop open;
    open.place("1", large);
    open.settle();
    const bool by_customer = GENERATE(false, true);
    if (by_customer) {
        REQUIRE(open.commands().send(OrderId{"1"}, orders::Cancel{"too dear after all"}));
    } else {
        open.simulated.advance(13 * 24h);
        CHECK(open.stage("1") == "placed");
        open.simulated.advance(2 * 24h);
    }
    open.finish();
    CHECK(open.stage("1") == "cancelled");
    CHECK(open.saga("1").status == el::SagaStatus::compensated);
    CHECK(open.commands().send(OrderId{"1"}, orders::Approve{"Grace"}).error().code == "not-placed");
    CHECK(open.charged("1") == 0);
}

TEST_CASE("an order that is cancelled while the provider is down is not paid, at once or later", "[shop][fulfilment]")
{
    OpenShop open;
    REQUIRE(open.shop->provider().set_down(true));
    open.place("1");
    const auto waited = GENERATE(0s, 1s, 600s);
    open.simulated.advance(waited);
    CHECK(open.stage("1") == "placed");
    REQUIRE(open.commands().send(OrderId{"1"}, orders::Cancel{"no longer wanted"}));
    open.simulated.advance(600s);
    REQUIRE(open.shop->provider().set_down(false));
    open.finish();
    CHECK(open.stage("1") == "cancelled");
    CHECK(open.saga("1").status == el::SagaStatus::compensated);
    CHECK(open.charged("1") == 0);
    CHECK(open.tea().on_hand == 1'000);
    CHECK(open.tea().reserved == 0);
}

TEST_CASE("an order that was charged is not cancelled any more once it is completed, and given back before",
          "[shop][fulfilment]")
{
    OpenShop open;
    open.place("1");
    // As many tasks as it takes from the order to its end, and one more.
    for (int tasks = 0;; ++tasks) {
        const auto order = "after-" + std::to_string(tasks);
        open.place(order);
        int done = 0;
        while (done < tasks && open.simulated.run_one()) ++done;
        const auto cancelled = open.commands().send(OrderId{order}, orders::Cancel{"no longer wanted"});
        open.finish();
        INFO(order);
        CHECK(open.stage(order) == (cancelled ? "cancelled" : "completed"));
        CHECK(open.charged(order) == (cancelled ? 0 : 1));
        if (not cancelled) {
            CHECK(cancelled.error().code == "on-its-way");
            break;
        }
        REQUIRE(tasks < 1'000);
    }
    CHECK(open.tea().reserved == 0);
    CHECK(open.tea().shipped == 2);
}

TEST_CASE("a provider that is down for an hour cancels no order, and is not called by each of them",
          "[shop][fulfilment]")
{
    OpenShop open;
    REQUIRE(open.shop->provider().set_down(true));
    constexpr int orders = 300;
    for (int order = 0; order < orders; ++order) {
        open.place(std::to_string(order));
        open.simulated.advance(12s);
    }
    for (int order = 0; order < orders; ++order) CHECK(open.stage(std::to_string(order)) == "placed");
    CHECK(open.faults() <= 3'600 / 5 + 30); // a call in five seconds, and those that found out
    REQUIRE(open.shop->provider().set_down(false));
    open.finish();
    for (int order = 0; order < orders; ++order) {
        CHECK(open.stage(std::to_string(order)) == "completed");
        CHECK(open.charged(std::to_string(order)) == 1);
    }
    CHECK(open.tea().shipped == orders);
}

TEST_CASE("an order whose fulfilment began under the first version ends under it", "[shop][fulfilment]")
{
    ShopInVirtualTime open;
    {
        auto service = el::Service::open(open.runtime, {.directory = open.directory.path(), .create_if_missing = true});
        REQUIRE(service);
        auto& sagas     = service.value()->sagas();
        const auto down = [](const auto&, const el::CallKey&) -> el::result<Receipt> {
            return el::fail(el::Failure::unavailable, "provider-unavailable", "The provider is down.");
        };
        sagas.add(first_fulfilment());
        sagas.perform<Charge>(down);
        sagas.perform<Refund>(down);
        REQUIRE(service.value()->start());
        auto& commands = service.value()->commands();
        REQUIRE(commands.send(Sku{"tea"}, stock::Receive{1, ""}));
        REQUIRE(commands.send(OrderId{"1"},
                              orders::Place{CustomerId{"ada"}, "UK", BusinessTime{}, {{Sku{"tea"}, "TEA", 1, large}}}));
        REQUIRE(sagas.settle(open.simulated.now()));
    }
    open.open();
    open.finish();
    CHECK(open.saga("1").version == 1);
    CHECK(open.stage("1") == "completed");
    CHECK(open.charged("1") == 1);
}

} // namespace fulfilment_test
