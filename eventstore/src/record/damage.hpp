// The errors of a damaged store, each with what to do about it.
#pragma once

#include <eventloom/eventstore/gone.hpp>
#include <eventloom/framework/result.hpp>

#include <string_view>

namespace eventloom {

Error damaged_record(Position position, std::string_view found);
Error missing_record(Position position);
Error damaged_index(std::string_view what);

} // namespace eventloom
