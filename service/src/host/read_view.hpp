// A temporary directory in which data can be opened that cannot be written, such as a mounted backup or data of another user.
// Files that never change are links there, all others are copies, so nothing is written to the data.
//
//     if (not can_be_written(engine, data)) { BOOST_OUTCOME_TRY(view, make_read_view(engine, data)); } // open view->path()
//
// Threads: one.
#pragma once

#include "host/scratch_directory.hpp"

namespace eventloom {

class EngineKind;

// A directory that does not exist counts as writable.
bool can_be_written(const EngineKind& engine, const std::string& data);

// Failure::storage  "no-read-view", "no-scratch-directory".
result<std::unique_ptr<ScratchDirectory>> make_read_view(const EngineKind& engine, const std::string& data);

} // namespace eventloom
