// A command that a running service carries out for this program.
#pragma once

#include "admin_socket.hpp"
#include "command_request.hpp"
#include "stop_signals.hpp"

namespace eventloom {

// Sends the command, says here what it says there, and gives its exit code. A signal asks the service to end it.
result<int> ask_service(AdminSocket service, const CommandRequest& request, const StopSignals& signals,
                        Console& console);

} // namespace eventloom
