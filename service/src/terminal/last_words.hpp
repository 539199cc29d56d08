// What the program says when it cannot go on, before it ends with exit code 1: what was acknowledged is on the disk.
#pragma once

namespace eventloom {

// From here on: memory that is used up, or an exception that nobody catches, on whatever thread, ends the process with a
// sentence. A single request for more than the machine has is still a std::bad_alloc for whoever made it.
void end_with_last_words();

} // namespace eventloom
