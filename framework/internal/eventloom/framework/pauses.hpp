// What the pauses of queues, subscriptions and sagas have in common.
//
//     BOOST_OUTCOME_TRY(check_is_to_come("the queue mail", until, runtime.clock.now()));
//
// Threads: pure functions.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/time.hpp>

#include <fmt/core.h>

#include <string_view>

namespace eventloom::pauses {

// A pause that has ended would only take back one that holds.
// Failure::invalid  "time-has-passed".
inline result<void> check_is_to_come(std::string_view what, Time until, Time now)
{
    if (until > now) return done();
    return fail(Failure::invalid, "time-has-passed",
                fmt::format("asked to pause {} until {} and found that this time has passed; it is {} now", what,
                            to_string(until), to_string(now)));
}

} // namespace eventloom::pauses
