// What follows from an order, and from a return.
#pragma once

#include <eventloom/sagas/saga_definition.hpp>

namespace shop {

// A large order waits until somebody has approved it. Then the stock is reserved and the payment taken, side by side; the shipping is
// arranged, the order completed, and the goods are dispatched. When a step fails, those before it are undone, the last first, and
// the order is cancelled. A customer who cancels it ends all this at any moment until the order is completed.
eventloom::Saga fulfilment();

// As orders were fulfilled before: one step after the other, and nobody was asked. For those that began so.
eventloom::Saga first_fulfilment();

// Put what was sent back on the shelf.
eventloom::Saga restocking();

} // namespace shop
