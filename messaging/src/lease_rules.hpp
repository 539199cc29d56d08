// What a worker in another process may ask for, whether jobs or events.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/time.hpp>

#include <string>
#include <string_view>

namespace eventloom {

// `worker`: its name for people.  Failure::invalid "invalid-pull".
result<void> check_lease(Duration lease, std::string_view worker);

result<void> invalid_pull(std::string_view what, std::string_view found);

std::string milliseconds_text(Duration span);

} // namespace eventloom
