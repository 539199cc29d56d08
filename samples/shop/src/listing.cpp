#include "listing.hpp"

#include <eventloom/framework/time_text.hpp>
#include <eventloom/projections/key_text.hpp>

#include <limits>

namespace shop {

using el::Align;
using el::Column;

namespace {

el::Error nothing_of(std::string_view what, const std::string& name, std::string_view advice)
{
    return {el::Failure::invalid, "not-found",
            "asked for the " + std::string{what} + " " + name + " and found none; " + std::string{advice}};
}

const std::vector<Column> stock_columns{{"sku"},
                                        {"description"},
                                        {"received", Align::right},
                                        {"on_hand", Align::right},
                                        {"reserved", Align::right},
                                        {"shipped", Align::right},
                                        {"written_off", Align::right},
                                        {"returned", Align::right}};

std::vector<Json> stock_row(const Sku& sku, const StockLevel& level)
{
    return {sku.value,      level.description, level.received,    level.on_hand,
            level.reserved, level.shipped,     level.written_off, level.returned};
}

std::vector<Json> sales_row(const el::Output& out, const std::string& of, const Sales& row)
{
    return {of,
            row.orders,
            row.pieces,
            shown(out, row.turnover),
            shown(out, row.cancelled),
            shown(out, row.returned),
            shown(out, row.net)};
}

} // namespace

Json shown(const el::Output& out, Money money)
{
    return out.json() ? Json(money.pence) : Json(to_string(money));
}

std::string to_string(BusinessTime time)
{
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    const auto two = [](auto number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    return std::to_string(static_cast<int>(date.year())) + "-" + two(static_cast<unsigned>(date.month())) + "-" +
           two(static_cast<unsigned>(date.day())) + " " + two(clock.hours().count()) + ":" +
           two(clock.minutes().count());
}

el::result<void> list_orders(el::Output& out, const Shop& shop, const std::string& customer, const std::string& stage,
                             std::size_t limit)
{
    const el::PageRequest request{.limit = limit, .backwards = false, .after = {}};
    BOOST_OUTCOME_TRY(const auto page, not customer.empty()
                                           ? shop.orders().by("customer", CustomerId{customer}, request)
                                       : not stage.empty() ? shop.orders().by("stage", stage, request)
                                                           : shop.orders().all(request));
    Rows rows;
    for (const auto& [id, row] : page.rows) {
        if (not stage.empty() && row.stage != stage) continue;
        rows.push_back({id.value, row.customer.value, row.country, to_string(row.placed_at), row.stage, row.pieces,
                        shown(out, row.total), row.tracking, row.reason});
    }
    out.table({{"order"},
               {"customer"},
               {"country"},
               {"placed_at"},
               {"stage"},
               {"pieces", Align::right},
               {"total", Align::right},
               {"tracking"},
               {"reason"}},
              rows);
    return el::done();
}

el::result<void> show_order(el::Output& out, const Shop& shop, const std::string& number)
{
    BOOST_OUTCOME_TRY(const auto row, shop.orders().get(OrderId{number}));
    if (not row) return nothing_of("order", number, "`orders list` shows all");
    out.facts({{"order", number},
               {"customer", row->customer.value},
               {"country", row->country},
               {"placed_at", to_string(row->placed_at)},
               {"stage", row->stage},
               {"pieces", row->pieces},
               {"total", shown(out, row->total)},
               {"receipt", row->receipt},
               {"tracking", row->tracking},
               {"reason", row->reason}});
    return el::done();
}

el::result<void> list_stock(el::Output& out, const Shop& shop, std::optional<std::int64_t> below, std::size_t limit)
{
    const el::PageRequest request{.limit = limit, .backwards = false, .after = {}};
    constexpr auto least = std::numeric_limits<std::int64_t>::min(); // the books may be below zero
    BOOST_OUTCOME_TRY(const auto page,
                      below ? shop.stock().by_range("on-hand", least, *below, request) : shop.stock().all(request));
    Rows rows;
    for (const auto& [sku, level] : page.rows) rows.push_back(stock_row(sku, level));
    out.table(stock_columns, rows);
    return el::done();
}

el::result<void> show_stock(el::Output& out, const Shop& shop, const std::string& sku)
{
    BOOST_OUTCOME_TRY(const auto level, shop.stock().get(Sku{sku}));
    if (not level) return nothing_of("article", sku, "`stock list` shows all");
    auto facts     = Json::object();
    const auto row = stock_row(Sku{sku}, *level);
    for (std::size_t i = 0; i < row.size(); ++i) facts[stock_columns[i].name] = row[i];
    out.facts(facts);
    return el::done();
}

el::result<void> show_customer(el::Output& out, const Shop& shop, const std::string& id)
{
    BOOST_OUTCOME_TRY(const auto account, shop.customers().get(CustomerId{id}));
    if (not account) return nothing_of("customer", id, "`orders list` names those who have ordered");
    Json facts{{"customer", id},
               {"orders", account->orders},
               {"ordered", shown(out, account->ordered)},
               {"cancelled", shown(out, account->cancelled)},
               {"returned", shown(out, account->returned)},
               {"lifetime_value", shown(out, account->lifetime_value)},
               {"country", account->country}};
    if (account->orders > 0) {
        facts["first_order"] = to_string(account->first_order);
        facts["last_order"]  = to_string(account->last_order);
    }
    out.facts(facts);
    return el::done();
}

el::result<void> show_timeline(el::Output& out, const Shop& shop, const std::string& number)
{
    BOOST_OUTCOME_TRY(const auto page, shop.timeline().under(number));
    if (page.rows.empty()) return nothing_of("order or return", number, "`orders list` shows all orders");
    Rows rows;
    for (const auto& [key, row] : page.rows) {
        rows.push_back({key.position, el::to_string(row.at), row.event, row.what});
    }
    out.table({{"position", Align::right}, {"recorded_at"}, {"event"}, {"what"}}, rows);
    return el::done();
}

namespace {

template <class Key>
el::result<Rows> sales_rows(const el::Output& out, const el::Table<Key, Sales>& table, std::size_t limit)
{
    BOOST_OUTCOME_TRY(const auto page, table.all({.limit = limit, .backwards = false, .after = {}}));
    Rows rows;
    for (const auto& [key, row] : page.rows) rows.push_back(sales_row(out, el::key_text(key), row));
    return rows;
}

// The best sellers first.
el::result<Rows> article_rows(const el::Output& out, const el::Table<Sku, ArticleSales>& table, std::size_t limit)
{
    BOOST_OUTCOME_TRY(const auto page, table.in_order_of("turnover", {.limit = limit, .backwards = true, .after = {}}));
    Rows rows;
    for (const auto& [sku, row] : page.rows) rows.push_back(sales_row(out, sku.value, row.sold));
    return rows;
}

} // namespace

el::result<void> show_sales(el::Output& out, const Shop& shop, const std::string& by, std::size_t limit)
{
    const auto& [total, by_country, by_month, by_article] = shop.sales();
    BOOST_OUTCOME_TRY(const auto rows, by == "country" ? sales_rows(out, by_country, limit)
                                       : by == "month" ? sales_rows(out, by_month, limit)
                                       : by == "sku"   ? article_rows(out, by_article, limit)
                                                       : sales_rows(out, total, limit));
    out.table({{by.empty() ? "all" : by},
               {"orders", Align::right},
               {"pieces", Align::right},
               {"turnover", Align::right},
               {"cancelled", Align::right},
               {"returned", Align::right},
               {"net", Align::right}},
              rows);
    return el::done();
}

} // namespace shop
