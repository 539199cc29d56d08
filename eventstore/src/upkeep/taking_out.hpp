// Takes single events out of the log, as a scavenge does: of each only its id and its place are left.
#pragma once

#include "read/log_reader.hpp"
#include "upkeep/stream_clusters.hpp"

namespace eventloom {

// Upkeep::take_out(). `clusters` may be none. While nobody else scavenges.
result<void> take_out_of(Database& database, LogReader& log, StreamClusters* clusters,
                         const std::vector<Position>& positions);

} // namespace eventloom
