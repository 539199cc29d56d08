// The way that the batch replaces: one loop over all accounts, and one transaction at its end. What it has done is lost when it dies
// before that.
#pragma once

#include "batch.hpp"

namespace bank {

// Returns how many accounts were closed. Their balances go to a database of its own, in one write.
el::result<std::uint64_t> run_monolith(Bank& bank, const std::string& directory, const NightId& night,
                                       const BatchProgress& progress);

} // namespace bank
