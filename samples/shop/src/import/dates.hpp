// Dates and times as people, tills and spreadsheets write them.
//
//     parse_date("1/12/2010 8:26", DateOrder::dmy).time  // 2010-12-01 08:26:00
#pragma once

#include "../ids.hpp"

#include <optional>
#include <string_view>

namespace shop {

// The order of day, month and year where the text itself does not show it.
// `ydm` cannot be chosen: it is recognised so that it is not read as `ymd`.
enum class DateOrder : std::uint8_t { dmy, mdy, ymd, ydm };

struct ParsedDate {
    std::optional<BusinessTime> time; // in whole seconds; of a time with an offset the one in UTC
    bool in_form = false;             // it looks like a date; without a time it is in no calendar
};

// Day, month and year apart by - / . or a blank, the month as a number or by its English name; 20101201; and the numbers in
// which spreadsheets (days since 1900) and programs (seconds or milliseconds since 1970) keep a time. A year of two digits is
// from 1970 to 2049, and the last part when the month has a name. A time of day may follow: with seconds, fractions, AM or PM, and an offset from UTC.
ParsedDate parse_date(std::string_view text, DateOrder order);

} // namespace shop
