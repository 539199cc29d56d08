// Which column of a file holds what, by the names in its first row.
#pragma once

#include "csv_rows.hpp"

#include <array>

namespace shop {

class RetailColumns {
public:
    enum Column { invoice, sku, description, quantity, date, price, customer, country, column_count };

    // Names are known in any case, with or without blanks and punctuation, and by the other names that exports have for them.
    // Failure::invalid "not-online-retail": a column is missing; "ambiguous-columns": two may be meant.
    static el::result<RetailColumns> from_header(const CsvRow& header, const std::string& path);

    // How many of the columns a row names: the delimiter that makes it most is the file's.
    static std::size_t named_in(const CsvRow& header);

    std::string_view field(const CsvRow& row, Column column) const { return row.fields[places_[column]]; }

    // Fields of a row: the last that is a column, and all that the header has.
    std::size_t width_at_least() const;
    std::size_t width() const { return width_; }

    // "InvoiceNo" and what the file calls it, where that is something else.
    const std::vector<std::pair<std::string, std::string>>& renamed() const { return renamed_; }

private:
    std::array<std::size_t, column_count> places_{};
    std::size_t width_ = 0;
    std::vector<std::pair<std::string, std::string>> renamed_;
};

} // namespace shop
