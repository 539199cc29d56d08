// Compares clusters with the log: for `store verify`.
#pragma once

#include "clusters/cluster_shelf.hpp"

#include <eventloom/storage/database.hpp>

namespace eventloom {

// Reads every cluster, and its range of the log, in memory that the largest range bounds: eight bytes an event. `report`
// gets each difference from the log, with the position (0: not of one event). Events that a cluster leaves out are no damage.
// An error of the log itself does not end the check: that cluster cannot be compared, and verify_log has named the damage.
using ReportDamage = std::function<void(Position position, std::string sentence)>;
using IsInUse      = std::function<bool(const ClusterFile&)>;
result<void> check_clusters(const Database& log, const ClusterSet& clusters, const IsInUse& is_in_use,
                            const ReportDamage& report);

} // namespace eventloom
