// Data that cannot be written where they lie, such as a backup that is mounted, or another user's: a directory for a while
// in which they can be opened. What never changes is there under links, all else as copies, so nothing is written to the data.
//
//     if (not can_be_written(data)) { BOOST_OUTCOME_TRY(view, make_read_view(data)); }     // and open view->path()
//
// Threads: one.
#pragma once

#include "host/scratch_directory.hpp"

namespace eventloom {

// What is not there can be made, as far as is known.
bool can_be_written(const std::string& data);

// Failure::storage  "no-read-view", "no-scratch-directory".
result<std::unique_ptr<ScratchDirectory>> make_read_view(const std::string& data);

} // namespace eventloom
