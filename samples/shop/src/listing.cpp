#include "listing.hpp"

#include "orders/order.hpp"
#include "returns/order_return.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/projections/table.hpp>

#include <fmt/core.h>

#include <limits>
#include <map>
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

using returns::OrderReturn;

// A return, as the log has it.
struct ReturnRow {
    std::string stage;
    CustomerId customer;
    std::string country;
    std::optional<BusinessTime> returned_at;
    std::vector<orders::Line> lines;
    Money total;
};
using ReturnRows = std::vector<std::pair<std::string, ReturnRow>>; // by number, in the order of the log

template <class Fact>
bool is(const el::RecordedEvent& event)
{
    return event.type == el::event_type<OrderReturn, Fact>().name;
}

template <class Fact>
el::result<Fact> read_as(const el::RecordedEvent& event)
{
    Fact read;
    const auto& type = el::event_type<OrderReturn, Fact>();
    const auto keep  = [&](std::size_t place, const void* fact) -> el::result<void> {
        if (place == OrderReturn::Events::index_of<Fact>) read = *static_cast<const Fact*>(fact);
        return el::done();
    };
    auto decoded = type.decode(event.schema_version, event.data, keep);
    if (not decoded) return el::at_event(std::move(decoded.error()), event);
    return read;
}

template <class Fact>
void take(ReturnRow& row, const Fact& event)
{
    row.customer = event.customer;
    row.country  = event.country;
    row.lines    = event.lines;
    row.total    = event.total;
}

el::result<void> evolve_row(ReturnRow& row, const el::RecordedEvent& event)
{
    if (is<returns::AskedFor>(event)) {
        BOOST_OUTCOME_TRY(const auto asked, read_as<returns::AskedFor>(event));
        take(row, asked);
        row.stage = "asked for";
    } else if (is<returns::Registered>(event)) {
        BOOST_OUTCOME_TRY(const auto registered, read_as<returns::Registered>(event));
        take(row, registered);
        row.returned_at = registered.returned_at;
        row.stage       = "goods received";
    } else if (is<returns::Reminded>(event)) {
        row.stage = "reminded";
    } else if (is<returns::Refunded>(event)) {
        row.stage = "refunded";
    } else if (is<returns::GivenUp>(event)) {
        row.stage = "given up";
    }
    return el::done();
}

// The returns of a scope, which the log itself has.
el::result<ReturnRows> returns_in(Shop& shop, const el::Scope& scope)
{
    ReturnRows rows;
    std::map<std::string, std::size_t> places;
    const auto cursor = shop.service().plaintext_store().read({.scope = scope});
    for (;;) {
        BOOST_OUTCOME_TRY(const el::RecordedEvent* event, cursor->next());
        if (event == nullptr) return rows;
        const auto number = el::id_of_stream<OrderReturn>(event->stream).value;
        const auto place  = places.emplace(number, rows.size()).first->second;
        if (place == rows.size()) rows.emplace_back(number, ReturnRow{});
        BOOST_OUTCOME_TRY(evolve_row(rows[place].second, *event));
    }
}

std::int64_t pieces_of(const ReturnRow& back)
{
    return std::accumulate(back.lines.begin(), back.lines.end(), std::int64_t{0},
                           [](std::int64_t sum, const orders::Line& line) { return sum + line.quantity; });
}

std::string returned_at(const ReturnRow& back)
{
    return back.returned_at ? to_string(*back.returned_at) : "";
}

} // namespace

el::result<void> list_returns(el::Output& out, Shop& shop, const std::string& customer, std::size_t limit)
{
    BOOST_OUTCOME_TRY(const auto all, returns_in(shop, el::Scope::category(OrderReturn::category)));
    Rows rows;
    for (const auto& [number, back] : all) {
        if (rows.size() == limit) break;
        if (not customer.empty() && back.customer.value != customer) continue;
        rows.push_back({number, back.customer.value, back.country, returned_at(back), back.stage, pieces_of(back),
                        shown(out, back.total)});
    }
    out.table({{"return"},
               {"customer"},
               {"country"},
               {"returned_at"},
               {"stage"},
               {"pieces", Align::right},
               {"total", Align::right}},
              rows);
    return el::done();
}

el::result<void> show_return(el::Output& out, Shop& shop, const std::string& number)
{
    BOOST_OUTCOME_TRY(const auto found, returns_in(shop, el::Scope::stream(ReturnId{number}.stream())));
    if (found.empty()) return nothing_of("return", number, "`returns list` shows all");
    const ReturnRow& back = found.front().second;
    auto lines            = Json::array();
    for (const auto& line : back.lines) {
        lines.push_back({{"sku", line.sku.value}, {"pieces", line.quantity}, {"price", shown(out, line.price)}});
    }
    out.properties({{"return", number},
                    {"customer", back.customer.value},
                    {"country", back.country},
                    {"returned_at", returned_at(back)},
                    {"stage", back.stage},
                    {"pieces", pieces_of(back)},
                    {"total", shown(out, back.total)},
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
