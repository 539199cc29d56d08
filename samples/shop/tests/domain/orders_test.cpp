#include "orders/order.hpp"
#include "payments/payment.hpp"
#include "stock/stock_item.hpp"

#include <eventloom/framework/testing.hpp>

#include <catch2/catch.hpp>

namespace orders_test {

using namespace shop;
using namespace shop::orders;
using eventloom::testing::given;

const std::vector<Line> tea_and_cups{{Sku{"tea"}, "TEA", 2, Money{450}}, {Sku{"cup"}, "CUP", 1, Money{100}}};
const Placed tea_for_ada{CustomerId{"ada"}, "UK", BusinessTime{}, tea_and_cups, Money{1000}};

TEST_CASE("an order is placed with the sum of its lines", "[shop][orders]")
{
    CHECK(given<Order>().when(Place{CustomerId{"ada"}, "UK", BusinessTime{}, tea_and_cups}).then(tea_for_ada));
}

TEST_CASE("an order without lines, without pieces or below zero is refused", "[shop][orders]")
{
    const Place place{CustomerId{"ada"}, "UK", BusinessTime{}, {}};
    CHECK(given<Order>().when(place).refused("no-lines"));
    auto nothing  = place;
    nothing.lines = {{Sku{"tea"}, "", 0, Money{1}}};
    CHECK(given<Order>().when(nothing).refused("no-quantity"));
    auto negative  = place;
    negative.lines = {{Sku{"tea"}, "", 1, Money{-1}}};
    CHECK(given<Order>().when(negative).refused("negative-price"));
    CHECK(given<Order>(tea_for_ada).when(place).refused("already-placed"));
}

TEST_CASE("cancelling twice records one cancellation, and a completed order stays completed", "[shop][orders]")
{
    const Cancelled cancelled{"changed my mind", tea_for_ada.customer, "UK", BusinessTime{}, tea_and_cups, Money{1000}};
    CHECK(given<Order>(tea_for_ada).when(Cancel{"changed my mind"}).then(cancelled));
    CHECK(given<Order>(tea_for_ada, cancelled).when(Cancel{"again"}).then());
    CHECK(given<Order>(tea_for_ada, Completed{"r", "t"}).when(Cancel{"late"}).refused("on-its-way"));
    CHECK(given<Order>(tea_for_ada, cancelled).when(Complete{"r", "t"}).refused("not-placed"));
    CHECK(given<Order>().when(Cancel{"what?"}).refused("no-such-order"));
}

TEST_CASE("only a large order is approved, once, and while it waits", "[shop][orders]")
{
    auto dear  = tea_for_ada;
    dear.total = most_without_approval + Money{1};
    CHECK(given<Order>(dear).when(Approve{"Grace"}).then(Approved{"Grace"}));
    CHECK(given<Order>(dear, Approved{"Grace"}).when(Approve{"Alan"}).then());
    CHECK(given<Order>(tea_for_ada).when(Approve{"Grace"}).refused("needs-no-approval"));
    CHECK(given<Order>(dear, Completed{"r", "t"}).when(Approve{"Grace"}).refused("not-placed"));
    CHECK(given<Order>().when(Approve{"Grace"}).refused("no-such-order"));
}

TEST_CASE("stock is reserved once an order, and only what is on hand", "[shop][stock]")
{
    using namespace shop::stock;
    const OrderId order{"1"};
    CHECK(given<StockItem>(Received{5, ""}).when(Reserve{order, 5}).then(Reserved{order, 5}));
    CHECK(given<StockItem>(Received{5, ""}).when(Reserve{order, 6}).refused("out-of-stock"));
    CHECK(given<StockItem>(Received{5, ""}, Reserved{order, 5}).when(Reserve{order, 5}).then());
    CHECK(given<StockItem>(Received{5, ""}, Reserved{order, 5}).when(Release{order}).then(Released{order, 5}));
    CHECK(given<StockItem>(Received{5, ""}).when(Release{order}).then());
    CHECK(given<StockItem>(Received{5, ""}, Reserved{order, 5}).when(Dispatch{order}).then(Dispatched{order, 5}));
    CHECK(given<StockItem>().when(WriteOff{3, "broken"}).then(WrittenOff{3, "broken"}));
}

TEST_CASE("a payment is recorded once, and given back once", "[shop][payments]")
{
    using namespace shop::payments;
    CHECK(given<Payment>().when(RecordTaken{"r1", Money{5}}).then(Taken{"r1", Money{5}}));
    CHECK(given<Payment>(Taken{"r1", Money{5}}).when(RecordTaken{"r1", Money{5}}).then());
    CHECK(given<Payment>(Taken{"r1", Money{5}}).when(RecordTaken{"r2", Money{5}}).refused("paid-twice"));
    CHECK(given<Payment>(Taken{"r1", Money{5}}).when(RecordRefund{}).then(Refunded{"r1", Money{5}}));
    CHECK(given<Payment>(Taken{"r1", Money{5}}, Refunded{"r1", Money{5}}).when(RecordRefund{}).then());
}

TEST_CASE("money is read and shown exactly", "[shop][money]")
{
    CHECK(parse_money("2.55") == Money{255});
    CHECK(parse_money("2.5") == Money{250});
    CHECK(parse_money("2") == Money{200});
    CHECK(parse_money("2.550") == Money{255});
    for (const char* text : {"", ".5", "2.", "2.555", "-1", "1e3", "1,5", " 1", "99999999999", "0x1"}) {
        CHECK_FALSE(parse_money(text));
    }
    CHECK(to_string(Money{-5}) == "-0.05");
    CHECK(to_string(Money{123'456'789}) == "1,234,567.89");
}

} // namespace orders_test
