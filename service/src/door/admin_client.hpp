// A command that a running service carries out for this program.
#pragma once

#include "door/admin_socket.hpp"
#include "door/command_request.hpp"
#include "terminal/stop_signals.hpp"

namespace eventloom {

// Sends the command, says here what it says there, and gives its exit code; nothing when no service runs. A signal asks the
// service to end it. A service that is busy is waited for until `patience` is over. One from which nothing comes is asked
// whether it is there: as long as it says so, the command takes as long as it takes.
// Failure::unavailable  "service-busy", "service-not-reached", "interrupted";
// Failure::unknown      "service-does-not-answer", "service-went-away".
result<std::optional<int>> ask_service(const std::string& directory, const CommandRequest& request,
                                       const StopSignals& signals, Console& console, Duration patience);

} // namespace eventloom
