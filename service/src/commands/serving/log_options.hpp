// How a command that runs until it is stopped writes its log.
#pragma once

#include <eventloom/service/detail/command.hpp>

#include <string>

namespace eventloom {

class CommandLine;
class Output;

struct LogOptions {
    std::string form;
    std::string level = "warning";
};

// --log and --log-level. `options` lives as long as the command.
void add_log_options(Command command, LogOptions& options);
// From here on everything is reported there, unless the program has a log of its own.
void begin_log(CommandLine& line, Output& out, const LogOptions& options);

} // namespace eventloom
