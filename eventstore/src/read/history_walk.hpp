// Goes through the log as it was written: events, and the commands that were recorded with them.
#pragma once

#include <eventloom/eventstore/leveldb_store.hpp>

namespace eventloom {

// LevelDbStore::visit_history(). `head` is the last position that is told.
// Failure::corrupt  "damaged-record", "missing-record".
result<void> walk_history(const Database& log, Position head, Position from, const HistoryVisitor& visitor);

} // namespace eventloom
