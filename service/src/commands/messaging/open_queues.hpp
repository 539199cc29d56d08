// The queues of the service that a command line opens.
#pragma once

#include <eventloom/framework/result.hpp>

namespace eventloom {

class CommandLine;
class Queues;

// Opens the service, and its queues without workers. The queues live as long as the service. Fails as either does.
result<Queues*> open_queues(CommandLine& line, bool create_if_missing = false);

} // namespace eventloom
