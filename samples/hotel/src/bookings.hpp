// The read model: a row for each booking.
#pragma once

#include "stay.hpp"

#include <eventloom/framework/text_form.hpp>
#include <eventloom/projections/projected.hpp>

namespace grand_hotel {

enum class Stage : std::uint8_t { waits_for_payment, paid, being_cancelled, cancelled };

struct BookingRow {
    std::string guest;
    RoomId room;
    el::Time arrival{};
    std::int32_t nights = 0;
    std::int64_t cents  = 0;
    Stage stage         = Stage::waits_for_payment;
    std::optional<std::string> receipt; // once it is paid
    std::string reason;                 // why it is cancelled
    bool reminded = false;
};

el::Projected<StayId, BookingRow> bookings();

} // namespace grand_hotel

template <>
struct eventloom::text_form<grand_hotel::Stage> {
    static std::string write(grand_hotel::Stage stage);
    static std::optional<grand_hotel::Stage> read(std::string_view text);
};
