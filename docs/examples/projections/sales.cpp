#include "projections/sales.hpp"

#include <eventloom/projections/projection.hpp>

namespace chapter {

using Countries = el::Rows<Country, CountrySales>;
using Articles  = el::Rows<Sku, ArticleSales>;

Sales sales()
{
    return el::projection(
        "sales", 1, el::from<Order>(), el::keep_table<Country, CountrySales>("by-country"),
        el::keep_table<Sku, ArticleSales>("by-article",
                                          el::index("turnover", [](const ArticleSales& row) { return row.turnover; })),

        [](Countries& countries, Articles& articles, const Placed& event) {
            auto& country = countries.update({event.country});
            ++country.orders;
            for (const Line& line : event.lines) {
                country.turnover += line.price;
                auto& article = articles.update(line.sku);
                article.pieces += line.pieces;
                article.turnover += line.price;
            }
        });
}

} // namespace chapter
