// Runs a task of an executor. What a user's task throws is said on standard error, and the executor goes on.
#pragma once

#include <eventloom/framework/detail/user_code.hpp>

#include <functional>
#include <new>

namespace eventloom {

inline void run_task(const std::function<void()>& task)
{
    try {
        task();
    } catch (const std::bad_alloc&) {
        throw; // a task of Eventloom's own is half done, and somebody waits for it: the process has to end
    } catch (...) {
        say_on_standard_error(exception_in_user_code("a task of the executor"));
    }
}

} // namespace eventloom
