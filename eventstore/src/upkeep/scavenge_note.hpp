// How far a scavenge came, and what all of them have taken out: a note in the log, changed in the same write as the records.
// docs/format.md, "Scavenges".
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/storage/database.hpp>

namespace eventloom {

struct ScavengeNote {
    Position gone            = 0; // events, all in all
    std::uint64_t gone_bytes = 0; // that they had
    // Of the one that is under way. `next` 0: none is.
    Position next       = 0;  // the first position that it has not looked at
    Position head       = 0;  // where the log ended when it began
    Time moment         = {}; // when it began
    Position rewritten  = 0;  // the first position whose room has not been given back yet; 0: none
    Position events     = 0;  // that it has taken out
    std::uint64_t bytes = 0;  // that they had
};

// Failure::corrupt "damaged-scavenge-note".
result<ScavengeNote> read_scavenge_note(const Database& log);
void put(Batch& batch, const ScavengeNote& note);

} // namespace eventloom
