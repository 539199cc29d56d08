// Reads everything that the store keeps and compares all of it with all of it.
#pragma once

#include "event_index.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>

namespace eventloom {

result<VerifyReport> verify_log(const Database& log, const EventIndex& index, Position head,
                                const std::function<void(Position)>& progress);

void add_finding(VerifyReport& report, Finding finding);

} // namespace eventloom
