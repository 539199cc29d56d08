// The last sentence of a program that cannot go on, before it ends with exit code 1. Acknowledged events are on disk.
#pragma once

namespace eventloom {

// From here on, memory that runs out and an uncaught exception, on any thread, end the process with a sentence. A single
// request for more memory than the machine has still throws std::bad_alloc to its caller.
void end_with_last_words();

} // namespace eventloom
