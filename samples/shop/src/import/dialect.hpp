// How a file writes its rows, found from the whole of it before a row is taken: the same row means the same in whatever
// place it stands, and a file that can be read in two ways is not read at all.
#pragma once

#include "columns.hpp"
#include "dates.hpp"
#include "numbers.hpp"

#include <functional>

namespace shop {

// What the person who imports knows about the file.
struct DialectAsked {
    std::optional<DateOrder> dates;
    std::optional<DecimalMark> decimal;
};

struct Dialect {
    CsvForm form;
    RetailColumns columns;
    std::size_t width   = 0; // fields of a row; those beyond the header are empty
    DateOrder dates     = DateOrder::ymd;
    DecimalMark decimal = DecimalMark::point;

    // What was found, to be said: "dates" and "day first, as line 14 shows: "13/12/2010"".
    std::vector<std::pair<std::string, std::string>> found;
};

// Called for each row. An error that it answers ends the search.
using DialectProgress = std::function<el::result<void>(const TextLines&)>;

// Memory: that of one row.
// Failure::storage "cannot-read-file". Failure::invalid "not-online-retail", "ambiguous-columns"; "ambiguous-dates",
// "ambiguous-numbers": a row has two readings and no row tells which; "contradictory-dates", "contradictory-numbers": two rows
// exclude each other; "other-currency": a price is not in pounds.
el::result<Dialect> find_dialect(const std::string& path, const DialectAsked& asked,
                                 const DialectProgress& progress = {});

} // namespace shop
