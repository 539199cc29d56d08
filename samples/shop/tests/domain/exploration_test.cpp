// The shop's sagas with everything that may go wrong around them: the engine tries it by itself.
#include "fulfilment.hpp"
#include "orders/order.hpp"
#include "payment_provider.hpp"
#include "payments/payment.hpp"
#include "returns/order_return.hpp"
#include "stock/stock_item.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/sagas/explore.hpp>

#include <catch2/catch.hpp>

#include <set>

namespace exploration_test {

using namespace shop;
using orders::Order;

const OrderId order{"1"};
const ReturnId back{"1"};
const Sku tea{"tea"};
const Money price{450};

// What is outside the shop: the money that the provider has taken for the order, and the goods that came.
struct World {
    std::set<el::CallKey> acted = {};
    Money money                 = {};
    std::int64_t received       = 0;

    el::result<Receipt> charge(const Charge& charge, const el::CallKey& key)
    {
        if (acted.insert(key).second) money += charge.amount;
        return Receipt{"receipt"};
    }
    el::result<Receipt> refund()
    {
        money = Money{};
        return Receipt{"back"};
    }
    void receive(el::Explored& run, std::int64_t pieces)
    {
        if (run.commands.send(tea, stock::Receive{pieces, ""})) received += pieces;
    }
};

void place(el::Explored& run, std::int64_t pieces, Money of_one)
{
    REQUIRE(run.commands.send(order,
                              orders::Place{CustomerId{"ada"}, "UK", BusinessTime{}, {{tea, "TEA", pieces, of_one}}}));
}

void cancel(el::Explored& run)
{
    static_cast<void>(run.commands.send(order, orders::Cancel{"no longer wanted"}));
}

template <class State>
State load(el::Explored& run, const el::id<State>& id)
{
    auto loaded = run.commands.load(id);
    REQUIRE(loaded);
    return std::move(loaded.value());
}

bool is_open(const Order& order)
{
    return order.stage == Order::Stage::placed || order.stage == Order::Stage::waiting;
}

// Held and shipped goods are those of the order, and nothing is lost.
bool stock_adds_up(el::Explored& run, const World& world)
{
    const auto now  = load(run, order);
    const auto item = load(run, tea);
    if (not item.reserved.empty() && not is_open(now)) return false;
    if (not item.waiting.empty() && now.stage != Order::Stage::waiting) return false;
    std::int64_t pieces = item.on_hand;
    for (const auto& [of, quantity] : item.reserved) pieces += quantity;
    if (now.stage == Order::Stage::completed) pieces += now.placed.lines.front().quantity;
    return pieces == world.received;
}

bool money_adds_up(el::Explored& run, const World& world)
{
    const auto now = load(run, order);
    return world.money == (now.stage == Order::Stage::completed ? now.placed.total : Money{});
}

// What the shop has recorded of the money is what the provider has done.
bool books_add_up(el::Explored& run, const World& world)
{
    const auto payment = load(run, PaymentId{order.value});
    return (payment.receipt.empty() || payment.refunded ? Money{} : payment.amount) == world.money;
}

el::Exploration shop_with(std::vector<el::Saga> sagas, World& world)
{
    el::Exploration exploration{std::move(sagas),
                                [](const el::Runtime& runtime) { return el::open_memory_store(runtime); }};
    exploration.resets([&world] { world = {}; });
    exploration.perform<Charge>(
        [&world](const Charge& charge, const el::CallKey& key) { return world.charge(charge, key); });
    exploration.perform<Refund>([&world](const Refund&, const el::CallKey&) { return world.refund(); });
    exploration.perform<RefundReturn>([&world](const RefundReturn&, const el::CallKey&) { return world.refund(); });
    return exploration;
}

el::Exploration orders_of(World& world)
{
    auto exploration = shop_with({fulfilment(), backorder(), resumption()}, world);
    exploration.may_happen("the customer cancels", cancel);
    exploration.holds("money taken is the money of completed orders",
                      [&world](el::Explored& run) { return money_adds_up(run, world); });
    exploration.holds("the books say what the provider has",
                      [&world](el::Explored& run) { return books_add_up(run, world); });
    exploration.holds("stock is held for open orders, and none is lost",
                      [&world](el::Explored& run) { return stock_adds_up(run, world); });
    return exploration;
}

constexpr el::ExplorationLimits budget{.runs = 3'000, .seconds = 60};

void check_clean(const el::Exploration& exploration)
{
    const auto report = exploration.run(budget);
    WARN(report.text());
    CHECK(report.is_clean());
    CHECK(report.whole >= 1);
}

TEST_CASE("whatever goes wrong around an order, money and stock add up", "[shop][exploration]")
{
    World world;
    auto exploration = orders_of(world);
    exploration.begins("tea is there", [&world](el::Explored& run) { world.receive(run, 5); });
    SECTION("of one that needs no approval")
    {
        exploration.begins("an order is placed", [](el::Explored& run) { place(run, 2, price); });
        check_clean(exploration);
    }
    SECTION("of one that waits for its approval")
    {
        exploration.begins("a large order is placed",
                           [](el::Explored& run) { place(run, 2, orders::most_without_approval); });
        exploration.may_happen("it is approved", [](el::Explored& run) {
            static_cast<void>(run.commands.send(order, orders::Approve{"Grace"}));
        });
        check_clean(exploration);
    }
}

TEST_CASE("whatever goes wrong around an order that waits for a delivery, money and stock add up",
          "[shop][exploration]")
{
    World world;
    auto exploration = orders_of(world);
    exploration.begins("too little tea is there", [&world](el::Explored& run) { world.receive(run, 1); });
    exploration.begins("an order is placed", [](el::Explored& run) { place(run, 2, price); });
    exploration.may_happen("a delivery comes", [&world](el::Explored& run) { world.receive(run, 4); });
    check_clean(exploration);
}

TEST_CASE("whatever goes wrong around a return, the money is given back when the goods have come",
          "[shop][exploration]")
{
    World world;
    auto exploration = shop_with({returning(), restocking()}, world);
    exploration.begins("the return of an order that was paid is asked for", [&world](el::Explored& run) {
        world.money = price;
        REQUIRE(run.commands.send(PaymentId{order.value}, payments::RecordTaken{"receipt", price}));
        REQUIRE(run.commands.send(back, returns::AskFor{CustomerId{"ada"}, "UK", "", {{tea, "TEA", 1, price}}}));
    });
    exploration.may_happen("the goods come",
                           [](el::Explored& run) { static_cast<void>(run.commands.send(back, returns::Receive{})); });
    using Stage = returns::OrderReturn::Stage;
    exploration.holds("it is refunded or given up", [](el::Explored& run) {
        const auto stage = load(run, back).stage;
        return stage == Stage::refunded || stage == Stage::given_up;
    });
    exploration.holds("the money is given back when it is refunded", [&world](el::Explored& run) {
        return world.money == (load(run, back).stage == Stage::refunded ? Money{} : price);
    });
    exploration.holds("the books say what the provider has",
                      [&world](el::Explored& run) { return books_add_up(run, world); });
    exploration.holds("the goods are on the shelf when they came", [](el::Explored& run) {
        return load(run, tea).on_hand == (load(run, back).stage == Stage::refunded ? 1 : 0);
    });
    check_clean(exploration);
}

} // namespace exploration_test
