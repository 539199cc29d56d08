// A store whose calls end in the error "out-of-memory" where one of their allocations fails.
#pragma once

#include <eventloom/eventstore/leveldb_store.hpp>

namespace eventloom {

std::unique_ptr<LevelDbStore> guarded(std::unique_ptr<LevelDbStore> store);

} // namespace eventloom
