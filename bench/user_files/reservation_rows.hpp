// What the front desk looks at.
#pragma once

#include "reservation.hpp"

#include <eventloom/projections/projected.hpp>

namespace hotel {

// One row for each reservation. Indexes: "guest", "arrival".
struct Stay {
    GuestId guest;
    RoomId room;
    Day from;
    Day until;
    std::string stage;
    Money total;
    std::vector<Extra> extras;
};
el::Projected<ReservationId, Stay> stays();

// One row for each guest. Index: "spent".
struct GuestAccount {
    std::int64_t stays         = 0;
    std::int64_t cancellations = 0;
    Money requested;
};
el::Projected<GuestId, GuestAccount> guest_accounts();

} // namespace hotel
