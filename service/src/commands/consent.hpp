// Commands that cannot be undone need `--yes` on the command line.
#pragma once

#include <eventloom/framework/result.hpp>

#include <string_view>

namespace eventloom {

// `what` as in "remove 3 backups": the sentence begins "asked to remove 3 backups, which cannot be undone".
// `look`: the way to see first what it would do.
// Failure::invalid "needs-yes": it was not given.
result<void> require_consent(bool said_yes, std::string_view what, std::string_view look = "--dry-run");

} // namespace eventloom
