// Removes single events from the log, as a scavenge does: only the id and the position of each are left.
#pragma once

#include "read/log_reader.hpp"
#include "upkeep/stream_clusters.hpp"

namespace eventloom {

// Upkeep::take_out(). `clusters` may be nullptr. Call it while no scavenge runs.
result<void> remove_events(Database& database, LogReader& log, StreamClusters* clusters,
                           const std::vector<Position>& positions);

} // namespace eventloom
