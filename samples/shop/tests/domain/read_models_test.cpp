// What the shopkeeper looks at, folded from a few events.
#include "read_models/read_models.hpp"

#include "orders/order.hpp"
#include "payments/payment.hpp"
#include "returns/order_return.hpp"
#include "shipping/shipment.hpp"
#include "stock/stock_item.hpp"

#include <eventloom/projections/testing.hpp>

#include <catch2/catch.hpp>

namespace read_models_test {

using namespace shop;
using el::testing::first_recorded_at;
using el::testing::folding;
using orders::Cancelled;
using orders::Completed;
using orders::Placed;
using returns::Registered;
using std::chrono::hours;

const Day first_day{std::chrono::year{2011} / 12 / 9};
const BusinessTime noon{first_day + hours{12}};
const Sku tea{"85123A"};
const Sku cup{"71053"};
const OrderId one{"536365"};
const OrderId two{"536366"};
const ReturnId back{"C536379"};

const std::vector<orders::Line> tea_and_cup{
    {tea, "TEA", 2, {450}}, {cup, "CUP", 1, {300}}, {tea, "TEA, LOOSE", 1, {400}}};
const Placed by_ada{{"ada"}, "France", noon, tea_and_cup, {1'600}};
const Placed by_bob{{"bob"}, "Norway", noon + hours{24}, {{cup, "", 4, {250}}}, {1'000}};
const Cancelled bob_cancels{"too dear", {"bob"}, "Norway", noon + hours{24}, by_bob.lines, {1'000}};
const Registered ada_returns{{"ada"}, "France", noon + hours{48}, {{cup, "CUP", 1, {300}}}, {300}};

TEST_CASE("an order's row says who, when, how much and what became of it", "[shop][read-models]")
{
    const OrderSummary placed{{"ada"}, "France", noon, first_day, "placed", 3, 4, {1'600}, "", "", ""};
    CHECK(folding(order_summaries()).given(one, by_ada).rows({{one, placed}}));
    auto completed     = placed;
    completed.stage    = "completed";
    completed.receipt  = "r-1";
    completed.tracking = "parcel";
    CHECK(folding(order_summaries()).given(one, by_ada, Completed{"r-1", "parcel"}).rows({{one, completed}}));
}

TEST_CASE("every column of an invoice is in its lines, returns and write-offs below zero", "[shop][read-models]")
{
    const stock::WrittenOff broken{3, "damages", {"536366", "damages", noon, {0}, {"guest"}, "Norway"}};
    CHECK(
        folding(invoice_lines())
            .given(tea, broken, stock::WrittenOff{1, "seen on the shelf"})
            .given(two, by_bob)
            .given(back, ada_returns)
            .rows({{{"536366", 1}, {"write-off", tea, "damages", -3, noon, {0}, {0}, {"guest"}, "Norway"}},
                   {{"536366", 2}, {"order", cup, "", 4, noon + hours{24}, {250}, {1'000}, {"bob"}, "Norway"}},
                   {{"C536379", 1}, {"return", cup, "CUP", -1, noon + hours{48}, {300}, {-300}, {"ada"}, "France"}}}));
}

TEST_CASE("a write-off that was recorded before it named its invoice can still be read", "[shop][read-models][upcast]")
{
    const std::string bytes = "\x06\x07" // 3, and the length of the text: docs/format.md, "Values"
                              "damages";
    for (const auto& type : el::event_types<stock::StockItem>()) {
        if (type.name != "stock-written-off") continue;
        stock::WrittenOff read;
        const auto take = [&](std::size_t, const void* fact) -> el::result<void> {
            read = *static_cast<const stock::WrittenOff*>(fact);
            return el::done();
        };
        REQUIRE(type.decode(1, bytes, take));
        CHECK(el::same(read, stock::WrittenOff{3, "damages", {}}));
    }
}

TEST_CASE("an article's row follows every movement, and is called what the orders call it", "[shop][read-models]")
{
    CHECK(folding(stock_levels())
              .given(cup, stock::Received{10, "note"})
              .given(two, by_bob) // without a description
              .given(one, by_ada)
              .given(cup, stock::Reserved{one, 1}, stock::Reserved{two, 4}, stock::Dispatched{one, 1},
                     stock::Released{two, 4}, stock::WrittenOff{2, "broken"}, stock::TakenBack{back, 1})
              .rows({{cup, {"CUP", 10, 8, 0, 1, 2, 1}}, {tea, {"TEA, LOOSE", 0, 0, 0, 0, 0, 0}}}));
}

TEST_CASE("a customer's lifetime value is what was ordered and stayed ordered", "[shop][read-models]")
{
    CHECK(folding(customer_accounts())
              .given(one, by_ada)
              .given(two, by_bob, bob_cancels)
              .given(back, ada_returns)
              .rows({{{"ada"}, {"France", 1, {1'600}, {0}, {300}, {1'300}, noon, noon}},
                     {{"bob"}, {"Norway", 1, {1'000}, {1'000}, {0}, {0}, noon + hours{24}, noon + hours{24}}}}));
}

TEST_CASE("sales as a whole, by country, month and article come from the same events", "[shop][read-models]")
{
    const auto sold = folding(sales()).given(one, by_ada).given(two, by_bob, bob_cancels).given(back, ada_returns);
    CHECK(sold.rows<Whole, Sales>({{{"all"}, {2, 8, {2'600}, {1'000}, {300}, {1'300}}}}));
    CHECK(sold.rows<Country, Sales>(
        {{{"France"}, {1, 4, {1'600}, {0}, {300}, {1'300}}}, {{"Norway"}, {1, 4, {1'000}, {1'000}, {0}, {0}}}}));
    CHECK(sold.rows<Month, Sales>({{{"2011-12"}, {2, 8, {2'600}, {1'000}, {300}, {1'300}}}}));
    CHECK(sold.rows<Sku, ArticleSales>({{tea, {"TEA, LOOSE", {1, 3, {1'300}, {0}, {0}, {1'300}}}},
                                        {cup, {"CUP", {2, 5, {1'300}, {1'000}, {300}, {0}}}}}));
}

TEST_CASE("payments are kept by order, and add up by the day on which the money came or went", "[shop][read-models]")
{
    const PaymentDay day{std::chrono::floor<std::chrono::days>(first_recorded_at)};
    const auto paid =
        folding(payments_taken())
            .given(PaymentId{"536365"}, payments::Taken{"r-1", {1'600}})
            .given(PaymentId{"536366"}, payments::Taken{"r-2", {1'000}}, payments::Refunded{"r-2", {1'000}});
    CHECK(paid.rows<OrderId, PaymentRow>({{one, {"r-1", {1'600}, first_recorded_at, std::nullopt}},
                                          {two,
                                           {"r-2",
                                            {1'000},
                                            first_recorded_at + std::chrono::seconds{1},
                                            first_recorded_at + std::chrono::seconds{2}}}}));
    CHECK(paid.rows<PaymentDay, PaymentsOfDay>({{day, {2, {2'600}, 1, {1'000}, {1'600}}}}));
}

TEST_CASE("a timeline tells in order what happened to an order, wherever it is recorded", "[shop][read-models]")
{
    const auto at = [](int second) { return first_recorded_at + std::chrono::seconds{second}; };
    CHECK(folding(timeline())
              .given(two, by_bob)
              .given(cup, stock::Received{10, ""}, stock::Reserved{two, 4})
              .given(PaymentId{"536366"}, payments::Taken{"r-2", {1'000}}, payments::Refunded{"r-2", {1'000}})
              .given(ShipmentId{"536366"}, shipping::Arranged{two, {"bob"}, "Norway", "p-1"}, shipping::CalledOff{})
              .given(cup, stock::Released{two, 4})
              .given(two, bob_cancels)
              .given(back, ada_returns)
              .given(cup, stock::TakenBack{back, 1})
              .rows({{{"536366", 1}, {at(0), "order-placed", "placed by bob on 2011-12-10T12:00:00Z: 1 line, 10.00"}},
                     {{"536366", 3}, {at(2), "stock-reserved", "reserved 4 of 71053"}},
                     {{"536366", 4}, {at(3), "payment-taken", "paid 10.00, receipt r-2"}},
                     {{"536366", 5}, {at(4), "payment-refunded", "gave back 10.00 of r-2"}},
                     {{"536366", 6}, {at(5), "shipment-arranged", "parcel p-1 to Norway"}},
                     {{"536366", 7}, {at(6), "shipment-called-off", "parcel called off"}},
                     {{"536366", 8}, {at(7), "stock-released", "let go 4 of 71053"}},
                     {{"536366", 9}, {at(8), "order-cancelled", "cancelled: too dear"}},
                     {{"C536379", 10},
                      {at(9), "return-registered", "sent back by ada on 2011-12-11T12:00:00Z: 1 line, 3.00"}},
                     {{"C536379", 11}, {at(10), "stock-taken-back", "took back 1 of 71053"}}}));
}

} // namespace read_models_test
