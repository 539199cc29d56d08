// Looks through LevelDB's MANIFEST before LevelDB does.
//
// A MANIFEST is a log of changes to the list of tables, each synced before LevelDB removes what the change has made
// superfluous. LevelDB refuses a torn tail with older bytes in it, and passes others in silence. Here the tail is cut, but
// only when what it may have replaced is still there: a change that was synced is never taken back.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <string>

namespace eventloom {

// Cuts the torn tail of the MANIFEST that CURRENT names, durably. A directory without one is fine.
// Failure::corrupt "damaged-manifest": nothing was changed.
result<void> scrub_manifest(const Runtime& runtime, const std::string& directory);

} // namespace eventloom
