// The identities of the shop.
#pragma once

#include <eventloom/framework/id.hpp>

#include <chrono>

namespace shop {

namespace el = eventloom;

namespace orders {
struct Order;
}
namespace stock {
struct StockItem;
}
namespace payments {
struct Payment;
}
namespace shipping {
struct Shipment;
}
namespace returns {
struct OrderReturn;
}

using OrderId    = el::id<orders::Order>;        // the invoice's number
using Sku        = el::id<stock::StockItem>;     // the stock code
using PaymentId  = el::id<payments::Payment>;    // the order's
using ShipmentId = el::id<shipping::Shipment>;   // the order's
using ReturnId   = el::id<returns::OrderReturn>; // the invoice's number, which begins with a C
using CustomerId = el::id<struct Customer>;      // "guest" when the shop does not know who it is

// The time on the invoice. When an event was recorded is another matter.
using BusinessTime = std::chrono::sys_seconds;
using Day          = std::chrono::sys_days;

} // namespace shop
