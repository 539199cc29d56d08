#include "read_models.hpp"

#include "../orders/order.hpp"
#include "../returns/order_return.hpp"

#include <eventloom/projections/projection.hpp>

#include <set>

namespace shop {

namespace {

using orders::Cancelled;
using orders::Line;
using orders::Order;
using orders::Placed;
using returns::OrderReturn;
using returns::Registered;

using Totals    = el::Rows<Whole, Sales>;
using Countries = el::Rows<Country, Sales>;
using Months    = el::Rows<Month, Sales>;
using Articles  = el::Rows<Sku, ArticleSales>;

std::string month_of(BusinessTime time)
{
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(time)};
    const auto month = static_cast<unsigned>(date.month());
    return std::to_string(static_cast<int>(date.year())) + (month < 10 ? "-0" : "-") + std::to_string(month);
}

// Lets `change` work on one row, which then adds up again.
template <class Change>
void alter(Sales& row, const Change& change)
{
    change(row);
    row.net = row.turnover - row.cancelled - row.returned;
}

// The same on each row that a whole order or return belongs to.
template <class Change>
void alter_all(Totals& totals, Countries& countries, Months& months, const std::string& country, BusinessTime time,
               const Change& change)
{
    alter(totals.update({"all"}), change);
    alter(countries.update({country}), change);
    alter(months.update({month_of(time)}), change);
}

std::int64_t pieces_of(const std::vector<Line>& lines)
{
    std::int64_t pieces = 0;
    for (const Line& line : lines) pieces += line.quantity;
    return pieces;
}

void add_articles(Articles& articles, const std::vector<Line>& lines)
{
    std::set<Sku> counted; // an order counts once for an article, however many lines have it
    for (const Line& line : lines) {
        ArticleSales& article = articles.update(line.sku);
        if (not line.description.empty()) article.description = line.description;
        alter(article.sold, [&](Sales& row) {
            if (counted.insert(line.sku).second) ++row.orders;
            row.pieces += line.quantity;
            row.turnover += line.price * line.quantity;
        });
    }
}

} // namespace

ProjectedSales sales()
{
    const auto turnover = [](const Sales& row) { return row.turnover; };
    return el::projection(
        "sales", 2, el::from<Order, OrderReturn>(), el::keep_table<Whole, Sales>("total"),
        el::keep_table<Country, Sales>("by-country", el::index("turnover", turnover)),
        el::keep_table<Month, Sales>("by-month"),
        el::keep_table<Sku, ArticleSales>(
            "by-article", el::index("turnover", [](const ArticleSales& row) { return row.sold.turnover; }),
            el::index("pieces", [](const ArticleSales& row) { return row.sold.pieces; })),

        [](Totals& totals, Countries& countries, Months& months, Articles& articles, const Placed& event) {
            alter_all(totals, countries, months, event.country, event.placed_at, [&](Sales& row) {
                ++row.orders;
                row.pieces += pieces_of(event.lines);
                row.turnover += event.total;
            });
            add_articles(articles, event.lines);
        },
        [](Totals& totals, Countries& countries, Months& months, Articles& articles, const Cancelled& event) {
            alter_all(totals, countries, months, event.country, event.placed_at,
                      [&](Sales& row) { row.cancelled += event.total; });
            for (const Line& line : event.lines) {
                alter(articles.update(line.sku).sold, [&](Sales& row) { row.cancelled += line.price * line.quantity; });
            }
        },
        [](Totals& totals, Countries& countries, Months& months, Articles& articles, const Registered& event) {
            alter_all(totals, countries, months, event.country, event.returned_at,
                      [&](Sales& row) { row.returned += event.total; });
            for (const Line& line : event.lines) {
                alter(articles.update(line.sku).sold, [&](Sales& row) { row.returned += line.price * line.quantity; });
            }
        });
}

} // namespace shop
