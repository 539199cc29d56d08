#include "bookings.hpp"

#include <eventloom/projections/projection.hpp>

#include <algorithm>
#include <array>

namespace {

constexpr std::array<std::string_view, 4> stages{"waits for payment", "paid", "being cancelled", "cancelled"};

} // namespace

std::string eventloom::text_form<grand_hotel::Stage>::write(grand_hotel::Stage stage)
{
    return std::string{stages.at(static_cast<std::size_t>(stage))};
}

std::optional<grand_hotel::Stage> eventloom::text_form<grand_hotel::Stage>::read(std::string_view text)
{
    const auto* const found = std::find(stages.begin(), stages.end(), text);
    if (found == stages.end()) return std::nullopt;
    return static_cast<grand_hotel::Stage>(found - stages.begin());
}

namespace grand_hotel {

el::Projected<StayId, BookingRow> bookings()
{
    return el::projection<StayId, BookingRow>(
        "bookings", 1, el::index("room", &BookingRow::room, &BookingRow::arrival),
        el::unique_index("receipt", &BookingRow::receipt),

        [](BookingRow& row, const Requested& event) {
            row.guest   = event.guest;
            row.room    = event.room;
            row.arrival = event.arrival;
            row.nights  = event.nights;
            row.cents   = event.cents;
        },
        [](BookingRow& row, const Confirmed& event) {
            row.stage = Stage::paid;
            if (not event.receipt.empty()) row.receipt = event.receipt; // a person may have skipped the payment
        },
        [](BookingRow& row, const Withdrawn&) { row.stage = Stage::being_cancelled; },
        [](BookingRow& row, const Cancelled& event) {
            row.stage  = Stage::cancelled;
            row.reason = event.reason;
        },
        [](BookingRow& row, const ReminderDue&) { row.reminded = true; });
}

} // namespace grand_hotel
