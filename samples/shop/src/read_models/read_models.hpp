// What the shopkeeper looks at.
#pragma once

#include "../ids.hpp"
#include "../money.hpp"

#include <eventloom/projections/projected.hpp>

#include <string>
#include <vector>

namespace shop {

// One row for each order.
struct OrderSummary {
    CustomerId customer;
    std::string country;
    BusinessTime placed_at;
    Day day;
    std::string stage; // "placed", "waiting", "completed", "cancelled"
    std::int64_t lines  = 0;
    std::int64_t pieces = 0;
    Money total;
    std::string receipt;
    std::string tracking;
    std::string reason; // why it waits, or was cancelled
};
// Indexes: "customer" (customer, placed_at), "stage" (stage, placed_at), "day" (day, placed_at).
el::Projected<OrderId, OrderSummary> order_summaries();

// One row for each line of an invoice, as it was written there: a return and a write-off have pieces below zero.
struct LineKey {
    std::string invoice_no;
    std::int64_t line = 0; // from 1

    friend auto operator<=>(const LineKey&, const LineKey&) = default;
};
struct InvoiceLine {
    std::string kind; // "order", "return", "write-off"
    Sku stock_code;
    std::string description;
    std::int64_t quantity = 0;
    BusinessTime invoice_date;
    Money unit_price;
    Money amount;
    CustomerId customer_id;
    std::string country;
};
// Indexes: "stock-code" (stock_code, invoice_date), "customer" (customer_id, invoice_date), "date" (invoice_date).
el::Projected<LineKey, InvoiceLine> invoice_lines();

// One row for each article that was ordered or moved.
struct StockLevel {
    std::string description; // on the last order that had one
    std::int64_t received    = 0;
    std::int64_t on_hand     = 0;
    std::int64_t reserved    = 0;
    std::int64_t shipped     = 0;
    std::int64_t written_off = 0;
    std::int64_t returned    = 0;
};
// Index "on-hand": the articles with the fewest pieces first.
el::Projected<Sku, StockLevel> stock_levels();

// One row for each customer.
struct CustomerAccount {
    std::string country; // of the last order
    std::int64_t orders = 0;
    Money ordered;
    Money cancelled;
    Money returned;
    Money lifetime_value; // ordered - cancelled - returned
    BusinessTime first_order;
    BusinessTime last_order;
};
// Index "lifetime-value".
el::Projected<CustomerId, CustomerAccount> customer_accounts();

// Sales as a whole, by country, by month and by article: four tables that always agree.
struct Whole {
    std::string of; // "all"
};
struct Country {
    std::string country;
};
struct Month {
    std::string month; // "2011-12"
};
struct Sales {
    std::int64_t orders = 0; // that have a line in it
    std::int64_t pieces = 0; // ordered
    Money turnover;          // ordered
    Money cancelled;
    Money returned;
    Money net; // turnover - cancelled - returned
};
struct ArticleSales {
    std::string description; // on the last order that had one
    Sales sold;
};
// Index "turnover" of countries and articles; "pieces" of articles: the best sellers last.
using ProjectedSales = el::ProjectedTables<el::Table<Whole, Sales>, el::Table<Country, Sales>, el::Table<Month, Sales>,
                                           el::Table<Sku, ArticleSales>>;
ProjectedSales sales();

// One row for each order that was paid, and one for each day on which money came or went.
struct PaymentRow {
    std::string receipt;
    Money amount;
    el::Time taken_at;
    std::optional<el::Time> refunded_at;
};
struct PaymentDay {
    Day day;
};
struct PaymentsOfDay {
    std::int64_t payments = 0;
    Money taken;
    std::int64_t refunds = 0;
    Money refunded;
    Money net; // taken - refunded
};
// Index "taken-at" of the orders' table.
using ProjectedPayments = el::ProjectedTables<el::Table<OrderId, PaymentRow>, el::Table<PaymentDay, PaymentsOfDay>>;
ProjectedPayments payments_taken();

// What happened to an order or a return, in the order of the log.
struct TimelineKey {
    std::string number; // of the order or the return
    el::Position position = 0;
};
struct TimelineEntry {
    el::Time at;
    std::string event; // its stored name
    std::string what;
};
el::Projected<TimelineKey, TimelineEntry> timeline();

} // namespace shop
