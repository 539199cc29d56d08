// What follows from an order, and from a return: the shop's sagas.
#pragma once

#include <eventloom/sagas/saga_definition.hpp>

namespace shop {

// A large order waits until somebody has approved it. Then the stock is reserved and the payment taken, side by side; the shipping is
// arranged, the order completed, and the goods are dispatched. When a step fails, those before it are undone, the last first, and
// the order is cancelled; when an article ran out, it waits for a delivery instead. A customer who cancels it ends all this at any
// moment until the order is completed.
eventloom::Saga fulfilment();

// The order waits for each of its articles, one after the other, so that no two orders wait for what the other one has. When all
// are reserved, it is supplied; after two weeks it is cancelled. `sagas show backorder ORDER` says which article it waits for.
eventloom::Saga backorder();

// What is left to do for an order that is supplied: as in the fulfilment, the goods are reserved already.
eventloom::Saga resumption();

// As orders were fulfilled before, for those that began so. Second: no order waited for a delivery. First: one step after the other,
// and nobody was asked.
eventloom::Saga second_fulfilment();
eventloom::Saga first_fulfilment();

// Put what was sent back on the shelf. First: when somebody refused it, that was the end of it.
eventloom::Saga restocking();
eventloom::Saga first_restocking();

// A return that was asked for waits for the goods, and then the money is given back. After two weeks the customer is reminded, after
// 30 days the return is given up.
eventloom::Saga returning();

} // namespace shop
