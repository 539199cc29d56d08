#include "reservation_rows.hpp"

#include <eventloom/projections/projection.hpp>

namespace hotel {

el::Projected<ReservationId, Stay> stays()
{
    return el::projection<ReservationId, Stay>(
        "stays", 1, el::index("guest", &Stay::guest, &Stay::from), el::index("arrival", &Stay::from),

        [](Stay& row, const Requested& event) {
            row = {event.guest, event.room, event.from, event.until, "requested", event.price, event.extras};
        },
        [](Stay& row, const Confirmed&) { row.stage = "confirmed"; },
        [](Stay& row, const Moved& event) { row.room = event.room; },
        [](Stay& row, const Extended& event) {
            row.until = event.until;
            row.total.cents += event.price.cents;
        },
        [](Stay& row, const ExtraOrdered& event) {
            row.extras.push_back(event.extra);
            row.total.cents += event.extra.price.cents;
        },
        [](Stay& row, const CheckedIn&) { row.stage = "inside"; },
        [](Stay& row, const CheckedOut& event) {
            row.stage = "left";
            row.total.cents += event.minibar.cents;
        },
        [](Stay&, const Cancelled&) { return el::drop_row; });
}

el::Projected<GuestId, GuestAccount> guest_accounts()
{
    return el::projection<GuestId, GuestAccount>("guests", 1, el::from<Reservation>(),
                                                 el::index("requested", &GuestAccount::requested),

                                                 [](GuestAccount& row, const Requested& event) {
                                                     ++row.stays;
                                                     row.requested.cents += event.price.cents;
                                                 });
}

} // namespace hotel
