// A row of Online Retail CSV, understood.
#pragma once

#include "../money.hpp"
#include "dialect.hpp"

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

// Failure::invalid "row-refused" with the reason.
el::result<RetailRow> read_retail_row(const CsvRow& row, const Dialect& dialect);

// Whether it has only delimiters: spreadsheets write such rows after the last one.
bool is_empty_row(const CsvRow& row);

} // namespace shop
