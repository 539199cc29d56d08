// `projections status --watch`.
#pragma once

#include <eventloom/service/output.hpp>
#include <eventloom/service/service.hpp>

namespace eventloom {

// On a terminal the table, in its place, once a second; elsewhere a line for each projection that has changed. Until it is
// interrupted, which is how it ends well.
result<void> watch_projections(Output& out, Service& service);

} // namespace eventloom
