// The rows about reading: how fast read models answer, also while they are made anew, and how soon an event is in them.
#pragma once

#include "benches.hpp"
#include "support/orders/projected_log.hpp"

namespace bench {

// `raw` has the rows of the orders.
Row point_query(ProjectedLog& log, RawRows& raw, const Scale& scale);
std::vector<Row> queries_during_rebuild(ProjectedLog& log, const Scale& scale);
std::vector<Row> acknowledged_to_queryable(const Scale& scale);

} // namespace bench
