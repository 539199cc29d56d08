#include "orders/order.hpp"
#include "payments/payment.hpp"
#include "returns/order_return.hpp"
#include "shipping/shipment.hpp"
#include "stock/stock_item.hpp"

#include <eventloom/framework/stored_forms.hpp>

#include <catch2/catch.hpp>

namespace shop {

TEST_CASE("the shop's events are stored as they were released", "[shop][stored-forms]")
{
    using eventloom::testing::stored_forms;
    CHECK(stored_forms<orders::Order, stock::StockItem, payments::Payment, shipping::Shipment, returns::OrderReturn>()
              .changes_since(SHOP_STORED_FORMS) == "");
}

} // namespace shop
