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
    std::string stage; // "placed", "completed", "cancelled"
    std::int64_t pieces = 0;
    Money total;
    std::string receipt;
    std::string tracking;
    std::string reason; // of a cancellation
};
// Indexes: "customer" (customer, placed_at), "stage" (stage, placed_at).
el::Projected<OrderId, OrderSummary> order_summaries();

// One row for each article.
struct StockLevel {
    std::int64_t received    = 0;
    std::int64_t on_hand     = 0;
    std::int64_t reserved    = 0;
    std::int64_t shipped     = 0;
    std::int64_t written_off = 0;
    std::int64_t returned    = 0;
};
el::Projected<Sku, StockLevel> stock_levels();

// One row for each customer.
struct CustomerAccount {
    std::int64_t orders = 0;
    Money ordered;
    Money cancelled;
    Money returned;
    BusinessTime first_order;
    BusinessTime last_order;
};
el::Projected<CustomerId, CustomerAccount> customer_accounts();

// Sales by what they can be looked at: "country", "month" or "sku", and "all".
struct SalesKey {
    std::string by;
    std::string value;

    friend auto operator<=>(const SalesKey&, const SalesKey&) = default;
};
struct Sales {
    std::int64_t orders = 0; // that have a line in it
    std::int64_t pieces = 0; // ordered
    Money turnover;          // ordered
    Money cancelled;
    Money returned;
};
el::Projected<SalesKey, Sales> sales();

} // namespace shop
