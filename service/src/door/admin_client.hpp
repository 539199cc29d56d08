// Lets a running service carry out a command of this program.
#pragma once

#include "door/admin_socket.hpp"
#include "door/command_request.hpp"
#include "terminal/stop_signals.hpp"

namespace eventloom {

// Sends the command, writes its output here, and returns its exit code; nothing when no service runs. A signal asks the
// service to stop the command. It waits for a busy service until `patience` is over. When the service sends nothing, it is
// asked whether it still runs; while it answers, the command may take any time.
// Failure::unavailable  "service-busy", "service-not-reached", "interrupted";
// Failure::unknown      "service-does-not-answer", "service-went-away".
result<std::optional<int>> ask_service(const std::string& directory, const CommandRequest& request,
                                       const StopSignals& signals, Console& console, Duration patience);

} // namespace eventloom
