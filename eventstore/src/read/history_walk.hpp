// Goes through the log as it was written: events, and the commands that were recorded with them.
#pragma once

#include "index/event_index.hpp"

#include <eventloom/framework/detail/engine.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/storage/database.hpp>

namespace eventloom {

// EventHistory::visit_history(). `head` is the last position that is told.
// Failure::corrupt  "damaged-record", "missing-record".
result<void> walk_history(const Database& log, Position head, Position from, const HistoryVisitor& visitor);

// LevelDbStore::visit_streams(): of the log up to `head`.
result<void> walk_streams(const EventIndex& index, Position head, const EventHistory::VisitStream& visit);

} // namespace eventloom
