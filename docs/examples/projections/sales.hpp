// A read model of docs/projections.md with several tables, as its header declares it.
#pragma once

#include "projections/orders.hpp"

#include <eventloom/projections/projected.hpp>

namespace chapter {

// Two tables that one event changes, and that are always seen together.
struct Country {
    std::string name;
};
struct CountrySales {
    std::int64_t orders = 0;
    Money turnover;
};
struct ArticleSales {
    std::int64_t pieces = 0;
    Money turnover;
};

using Sales = el::ProjectedTables<el::Table<Country, CountrySales>, el::Table<Sku, ArticleSales>>;
Sales sales();

} // namespace chapter
