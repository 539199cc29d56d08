// How fast is the shop, from a command to what follows from it?
#include "benches.hpp"

#include "orders/order.hpp"
#include "shop.hpp"
#include "stock/stock_item.hpp"

#include <eventloom/storage/system_files.hpp>

namespace bench {

namespace {

namespace el = eventloom;
using namespace shop;

constexpr std::uint64_t orders_a_round = 500;
constexpr unsigned rounds              = 3;

struct OpenShop {
    el::SystemExecutor executor{{.threads = 2}};
    el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    std::unique_ptr<Shop> shop;
    std::uint64_t placed = 0;

    explicit OpenShop(const std::string& name)
    {
        auto opened = Shop::open(runtime, fresh_directory(name), {}, true);
        require(opened.has_value(), "the shop opens");
        shop = std::move(opened.value());
        require(shop->service().commands().send(Sku{"tea"}, stock::Receive{1'000'000, ""}).has_value(), "tea comes in");
    }

    std::uint64_t place_orders()
    {
        for (std::uint64_t i = 0; i < orders_a_round; ++i) {
            const orders::Place place{CustomerId{"ada"}, "UK", BusinessTime{}, {{Sku{"tea"}, "TEA", 1, Money{450}}}};
            const OrderId order{std::to_string(++placed)};
            require(shop->service().commands().send(order, place).has_value(), "an order is placed");
        }
        return orders_a_round;
    }
};

} // namespace

std::vector<Row> measure_service(const Scale&)
{
    std::vector<Row> rows;
    OpenShop open{"service"};
    auto& service = open.shop->service();
    rows.push_back({.name    = "command, end to end",
                    .unit    = "commands/s",
                    .figures = measure_in_turns(rounds, {{"Eventloom", [&] { return open.place_orders(); }}})});

    const auto events = service.store().head();
    rows.push_back({.name    = "projections catch up, four of them",
                    .unit    = "events/s",
                    .figures = measure_in_turns(1, {{"Eventloom", [&] {
                                                         service.projections().start();
                                                         require(service.projections()
                                                                     .wait_for(events, el::system_clock().now() +
                                                                                           std::chrono::minutes{5})
                                                                     .has_value(),
                                                                 "the projections catch up");
                                                         return events;
                                                     }}})});
    require(open.shop->orders().size().value() == open.placed, "every order has its row");

    rows.push_back({.name    = "saga, end to end (six steps)",
                    .unit    = "sagas/s",
                    .figures = measure_in_turns(1, {{"Eventloom", [&] {
                                                         require(service.start().has_value(), "the sagas start");
                                                         require(open.shop->finish_everything().has_value(),
                                                                 "the sagas finish");
                                                         return open.placed;
                                                     }}})});
    require(open.shop->orders().count_by("stage", std::string{"completed"}).value() == open.placed,
            "all are completed");

    const auto log = service.store().head();
    rows.push_back({.name    = "rebuild of a keyed projection",
                    .unit    = "events/s",
                    .figures = measure_in_turns(
                        rounds, {{"Eventloom", [&] {
                                      require(service.projections().rebuild("orders").has_value(), "the rebuild ends");
                                      return log;
                                  }}})});
    require(open.shop->orders().size().value() == open.placed, "every order has its row");
    return rows;
}

} // namespace bench
