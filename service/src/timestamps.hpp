// Times as people and programs read them.
#pragma once

#include <eventloom/framework/runtime.hpp>

#include <string>

namespace eventloom {

// "2011-12-09T12:50:00.000000Z"
std::string to_string(Time time);

} // namespace eventloom
