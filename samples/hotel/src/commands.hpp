// The hotel's command line.
#pragma once

#include <eventloom/service/command_line.hpp>

namespace grand_hotel {

void add_hotel(eventloom::CommandLine& line);

} // namespace grand_hotel
