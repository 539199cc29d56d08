// The bank's command line.
#pragma once

#include <eventloom/service/command_line.hpp>

namespace bank {

void add_bank(eventloom::CommandLine& line);

} // namespace bank
