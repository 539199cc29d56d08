// A shop whose time is virtual: days pass in no time.
#pragma once

#include "orders/order.hpp"
#include "shop.hpp"
#include "stock/stock_item.hpp"
#include "support/every_store.hpp"

#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace shop::testing {

using eventloom::testing::TemporaryDirectory;

struct ShopInVirtualTime {
    el::SimulatedExecutor simulated{1};
    el::Runtime runtime{simulated, simulated, simulated, el::system_files()};
    TemporaryDirectory directory;
    std::unique_ptr<Shop> shop;

    void open()
    {
        auto opened = Shop::open(runtime, directory.path(), {}, true);
        REQUIRE(opened);
        shop = std::move(opened.value());
        REQUIRE(shop->service().start());
    }
    void close() { shop.reset(); }
    el::CommandBus& commands() { return shop->service().commands(); }

    void receive(const std::string& article, std::int64_t pieces)
    {
        REQUIRE(commands().send(Sku{article}, shop::stock::Receive{pieces, ""}));
    }
    void place(const std::string& order, Money price = Money{450})
    {
        place_lines(order, {{Sku{"tea"}, "TEA", 1, price}});
    }
    void place_lines(const std::string& order, std::vector<orders::Line> lines)
    {
        REQUIRE(
            commands().send(OrderId{order}, orders::Place{CustomerId{"ada"}, "UK", BusinessTime{}, std::move(lines)}));
    }
    void cancel(const std::string& order)
    {
        REQUIRE(commands().send(OrderId{order}, orders::Cancel{"no longer wanted"}));
    }
    void settle() { REQUIRE(shop->service().settle(simulated.now())); }
    void finish() { REQUIRE(shop->finish_everything()); }

    el::SagaInstance saga(const std::string& order, std::string_view name = "fulfilment")
    {
        const auto found = shop->service().sagas().find(name, order);
        REQUIRE(found);
        REQUIRE(found.value());
        return *found.value();
    }
    OrderSummary order(const std::string& order) { return *shop->orders().get(OrderId{order}).value(); }
    std::string stage(const std::string& number) { return order(number).stage; }
    StockLevel stock(const std::string& article) { return *shop->stock().get(Sku{article}).value(); }
    StockLevel tea() { return stock("tea"); }
    // How often it was charged, and not given back.
    int charged(const std::string& order)
    {
        int charges = 0;
        REQUIRE(shop->provider().visit_charges([&](const std::string& reference, Money /*amount*/, bool refunded) {
            if (reference == order && not refunded) ++charges;
        }));
        return charges;
    }
    unsigned faults()
    {
        unsigned faults = 0;
        for (const auto& activity : shop->service().sagas().activities()) faults += activity.faults;
        return faults;
    }
};

// There are a thousand packets of tea.
struct OpenShop : ShopInVirtualTime {
    OpenShop()
    {
        open();
        receive("tea", 1'000);
    }
};

} // namespace shop::testing
