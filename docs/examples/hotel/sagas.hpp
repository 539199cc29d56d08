// The sagas of docs/sagas.md: what follows from a request for a stay.
#pragma once

#include <eventloom/sagas/saga_definition.hpp>

namespace hotel {

// Version 1: hold the room, confirm the stay.
eventloom::Saga reservation();

// Version 2: hold the room, charge the card, confirm the stay.
eventloom::Saga paid_reservation();

// For a group: waits for an approval and for the day before, and can be withdrawn.
eventloom::Saga group_reservation();

// Watches over the bill of a stay until it is paid: reminds three times, and then charges the card.
eventloom::Saga billing();

} // namespace hotel
