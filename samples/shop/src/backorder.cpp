#include "fulfilment.hpp"

#include "orders/order.hpp"
#include "stock/stock_item.hpp"
#include "wanted.hpp"

#include <eventloom/sagas/handlers.hpp>

namespace shop {

using namespace std::chrono_literals;
using el::actions;
using el::send;

namespace {

constexpr auto waiting_time = 14 * 24h;

struct Backorder {
    std::vector<Wanted> articles; // that are not reserved yet: it waits for the first one
    std::vector<Wanted> reserved;
};

// A timer.
struct NotDelivered {};

actions wait_for_the_first(const Backorder& backorder, const OrderId& order)
{
    const Wanted& article = backorder.articles.front();
    return {send(article.sku, stock::Await{order, article.quantity})};
}

} // namespace

el::Saga backorder()
{
    return el::saga<OrderId, Backorder>(
        "backorder", 1, el::begins_with<orders::Backordered>{}, el::from<stock::StockItem>{},

        [](Backorder& backorder, const OrderId& order, const orders::Backordered& event) -> actions {
            backorder.articles = merged(event.lines);
            actions all        = wait_for_the_first(backorder, order);
            all.add(el::wake(waiting_time, NotDelivered{}));
            return all;
        },
        [](Backorder& backorder, const OrderId& order, const stock::Reserved&) -> actions {
            if (backorder.articles.empty()) return el::wait();
            backorder.reserved.push_back(backorder.articles.front());
            backorder.articles.erase(backorder.articles.begin());
            if (not backorder.articles.empty()) return wait_for_the_first(backorder, order);
            return {send(order, orders::Supply{}), el::wake_off<NotDelivered>()};
        },
        [](Backorder&, const OrderId& order, const NotDelivered&) -> actions {
            return {send(order, orders::Cancel{"The delivery that it waited for has not come within 14 days."})};
        },
        // One of these two comes in the end, and the other one never does. From now on the goods are the resumption's.
        [](Backorder&, const OrderId&, const orders::Supplied&) -> actions { return {el::end_saga()}; },
        [](Backorder& backorder, const OrderId& order, const orders::Cancelled& event) -> actions {
            const auto let_go = [&](const Wanted&) { return stock::Release{order}; };
            return {for_each_article(backorder.reserved, let_go), for_each_article(backorder.articles, let_go),
                    el::fail_saga("cancelled", event.reason)};
        });
}

} // namespace shop
