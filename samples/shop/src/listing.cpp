#include "listing.hpp"

#include "orders/order.hpp"
#include "returns/order_return.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/projections/key_text.hpp>

#include <fmt/core.h>

#include <limits>
#include <numeric>

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
    return fmt::format("{}-{:02}-{:02} {:02}:{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count());
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
    out.properties({{"order", number},
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
    auto properties = Json::object();
    const auto row  = stock_row(Sku{sku}, *level);
    for (std::size_t i = 0; i < row.size(); ++i) properties[stock_columns[i].name] = row[i];
    out.properties(properties);
    return el::done();
}

el::result<void> show_customer(el::Output& out, const Shop& shop, const std::string& id)
{
    BOOST_OUTCOME_TRY(const auto account, shop.customers().get(CustomerId{id}));
    if (not account) return nothing_of("customer", id, "`customers list` shows all");
    Json properties{{"customer", id},
                    {"orders", account->orders},
                    {"ordered", shown(out, account->ordered)},
                    {"cancelled", shown(out, account->cancelled)},
                    {"returned", shown(out, account->returned)},
                    {"lifetime_value", shown(out, account->lifetime_value)},
                    {"country", account->country}};
    if (account->orders > 0) {
        properties["first_order"] = to_string(account->first_order);
        properties["last_order"]  = to_string(account->last_order);
    }
    out.properties(properties);
    return el::done();
}

el::result<void> list_customers(el::Output& out, const Shop& shop, std::size_t limit)
{
    BOOST_OUTCOME_TRY(const auto page, shop.customers().all({.limit = limit, .backwards = false, .after = {}}));
    Rows rows;
    for (const auto& [id, account] : page.rows) {
        rows.push_back({id.value, account.country, account.orders, shown(out, account.ordered),
                        shown(out, account.cancelled), shown(out, account.returned),
                        shown(out, account.lifetime_value)});
    }
    out.table({{"customer"},
               {"country"},
               {"orders", Align::right},
               {"ordered", Align::right},
               {"cancelled", Align::right},
               {"returned", Align::right},
               {"lifetime_value", Align::right}},
              rows);
    return el::done();
}

namespace {

// Visits the returns of a scope, which the log itself has; nothing more is wanted when the visitor says false.
el::result<void> visit_returns(Shop& shop, const el::Scope& scope,
                               const std::function<bool(const std::string&, const returns::Registered&)>& visit)
{
    const auto& type  = el::event_type<returns::OrderReturn, returns::Registered>();
    const auto cursor = shop.service().plaintext_store().read({.scope = scope});
    for (;;) {
        BOOST_OUTCOME_TRY(const el::RecordedEvent* event, cursor->next());
        if (event == nullptr) return el::done();
        if (event->type != type.name) continue;
        bool go_on      = true;
        const auto take = [&](std::size_t place, const void* fact) -> el::result<void> {
            if (place != returns::OrderReturn::Events::index_of<returns::Registered>) return el::done();
            go_on = visit(event->stream.substr(event->stream.find('-') + 1),
                          *static_cast<const returns::Registered*>(fact));
            return el::done();
        };
        auto read = type.decode(event->schema_version, event->data, take);
        if (not read) return el::at_event(std::move(read.error()), *event);
        if (not go_on) return el::done();
    }
}

std::int64_t pieces_of(const returns::Registered& back)
{
    return std::accumulate(back.lines.begin(), back.lines.end(), std::int64_t{0},
                           [](std::int64_t sum, const orders::Line& line) { return sum + line.quantity; });
}

} // namespace

el::result<void> list_returns(el::Output& out, Shop& shop, const std::string& customer, std::size_t limit)
{
    Rows rows;
    const auto add = [&](const std::string& number, const returns::Registered& back) {
        if (rows.size() == limit) return false;
        if (not customer.empty() && back.customer.value != customer) return true;
        rows.push_back({number, back.customer.value, back.country, to_string(back.returned_at), pieces_of(back),
                        shown(out, back.total)});
        return true;
    };
    BOOST_OUTCOME_TRY(visit_returns(shop, el::Scope::category(returns::OrderReturn::category), add));
    out.table(
        {{"return"}, {"customer"}, {"country"}, {"returned_at"}, {"pieces", Align::right}, {"total", Align::right}},
        rows);
    return el::done();
}

el::result<void> show_return(el::Output& out, Shop& shop, const std::string& number)
{
    std::optional<returns::Registered> back;
    const auto stream = el::id<returns::OrderReturn>{number}.stream();
    BOOST_OUTCOME_TRY(visit_returns(shop, el::Scope::stream(stream), [&](const auto&, const auto& found) {
        back = found;
        return false;
    }));
    if (not back) return nothing_of("return", number, "`returns list` shows all");
    auto lines = Json::array();
    for (const auto& line : back->lines) {
        lines.push_back({{"sku", line.sku.value}, {"pieces", line.quantity}, {"price", shown(out, line.price)}});
    }
    out.properties({{"return", number},
                    {"customer", back->customer.value},
                    {"country", back->country},
                    {"returned_at", to_string(back->returned_at)},
                    {"pieces", pieces_of(*back)},
                    {"total", shown(out, back->total)},
                    {"lines", lines}});
    return el::done();
}

el::result<void> show_timeline(el::Output& out, const Shop& shop, const std::string& number, std::size_t limit)
{
    BOOST_OUTCOME_TRY(const auto page,
                      shop.timeline().under(number, {.limit = limit, .backwards = false, .after = {}}));
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
