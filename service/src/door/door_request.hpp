// One request to the door of a running service, with bytes as they are.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace eventloom {

// POSTs the body, and returns that of the answer. It ends early when `gives_up` says so, which it asks several times a second.
// The error of the service's answer, with its kind and code; or Failure::unavailable "service-not-reached": nobody listens, or
// there was no whole answer within `patience`; "interrupted".
result<std::string> post_to_door(const std::string& directory, std::string_view path, std::string_view body,
                                 Duration patience, const std::function<bool()>& gives_up);

} // namespace eventloom
