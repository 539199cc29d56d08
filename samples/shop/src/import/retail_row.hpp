// A row of Online Retail CSV, understood.
#pragma once

#include "../ids.hpp"
#include "../money.hpp"
#include "csv_rows.hpp"

#include <map>

namespace shop {

struct RetailRow {
    std::uint64_t line = 0;
    std::string invoice;
    Sku sku;
    std::string description;
    std::int64_t quantity = 0; // never 0
    BusinessTime time;
    Money price; // of one; never below zero
    CustomerId customer;
    std::string country;

    bool is_return() const { return invoice.front() == 'C' || invoice.front() == 'c'; }
    bool is_write_off() const { return not is_return() && quantity < 0; }
};

// Which column holds what, by the names in the first row.
class RetailColumns {
public:
    // Failure::invalid "not-online-retail": a column is missing.
    static el::result<RetailColumns> from_header(const CsvRow& header, const std::string& path);

    // Failure::invalid with the reason why the row is refused.
    el::result<RetailRow> read(const CsvRow& row) const;

private:
    enum Column { invoice, sku, description, quantity, date, price, customer, country, column_count };
    std::size_t places_[column_count]{};
    std::size_t width_ = 0;
};

} // namespace shop
