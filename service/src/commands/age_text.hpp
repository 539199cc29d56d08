// How old something may become, as people write it.
#pragma once

#include <eventloom/framework/time.hpp>

#include <string>

namespace eventloom {

// "90d", "36h", "30m", "45s"
std::string age_text(Duration age);

} // namespace eventloom
