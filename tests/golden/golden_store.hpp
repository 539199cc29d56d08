// What is in the golden store of each format: written once by the program of that format, kept as bytes in tests/golden,
// and read by every later one.
//
//     ./dev build && build/release/tests/eventloom_golden tests/golden/format-3     // when the format changes
//
// Ids and times are given, so that the events do not depend on anything but this file: do not change what it writes.
#pragma once

#include <eventloom/framework/event_store.hpp>

namespace golden {

// The clock of a golden store begins here.
eventloom::Time first_moment();

inline constexpr unsigned commands = 12;

// Appends what the golden store holds, or a part of it by the numbers of the commands, moving the clock on. Any EventStore,
// so that a twin in memory says what must be read.
eventloom::result<void> write_events(eventloom::EventStore& store, eventloom::SimulatedExecutor& clock,
                                     unsigned from = 0, unsigned to = commands);

// From format 3 on: deletes one of its streams and limits two others. The caller runs the scavenge after it.
eventloom::result<void> hide_events(eventloom::EventStore& store);

// The id of the command with this number.
eventloom::Uuid command_id(unsigned number);

} // namespace golden
