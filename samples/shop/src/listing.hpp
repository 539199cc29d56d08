// Read models as rows of a table.
#pragma once

#include "shop.hpp"

namespace shop {

using el::Json;
using Rows = el::TableRows;

// For programs whole pence, for people pounds.
Json shown(const el::Output& out, Money money);
// "2010-12-01 08:26"
std::string to_string(BusinessTime time);

el::result<void> list_orders(el::Output& out, const Shop& shop, const std::string& customer, const std::string& stage,
                             std::size_t limit);
el::result<void> show_order(el::Output& out, const Shop& shop, const std::string& number);
el::result<void> show_timeline(el::Output& out, const Shop& shop, const std::string& number, std::size_t limit);
// All articles; or those with less than `below` on hand, the lowest first.
el::result<void> list_stock(el::Output& out, const Shop& shop, std::optional<std::int64_t> below, std::size_t limit);
el::result<void> show_stock(el::Output& out, const Shop& shop, const std::string& sku);
el::result<void> list_customers(el::Output& out, const Shop& shop, std::size_t limit);
el::result<void> show_customer(el::Output& out, const Shop& shop, const std::string& id);
// What the log has of them.
el::result<void> list_returns(el::Output& out, Shop& shop, const std::string& customer, std::size_t limit);
el::result<void> show_return(el::Output& out, Shop& shop, const std::string& number);
el::result<void> show_sales(el::Output& out, const Shop& shop, const std::string& by, std::size_t limit);

} // namespace shop
