// What follows from an order, and from a return.
#pragma once

#include <eventloom/sagas/saga_definition.hpp>

namespace shop {

// Reserve the stock, take the payment, arrange the shipping, complete the order. When a step fails, those before it are
// undone, the last first, and the order is cancelled.
eventloom::Saga fulfilment();

// Put what was sent back on the shelf.
eventloom::Saga restocking();

} // namespace shop
