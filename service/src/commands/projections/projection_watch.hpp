// `projections status --watch`.
#pragma once

#include <eventloom/service/output.hpp>
#include <eventloom/service/service.hpp>

namespace eventloom {

// On a terminal it draws the table again once a second; otherwise it writes a line for each projection that has changed. It
// runs until it is interrupted, which is a success.
result<void> watch_projections(Output& out, Service& service);

} // namespace eventloom
