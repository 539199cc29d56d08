// Reports when no thread of the executor becomes free: then projections, sagas and subscriptions do not go on.
//
//     ThreadWatch threads{runtime};
//     while (console.wait(half_a_second)) threads.look();
//
// Threads: one.
#pragma once

#include <eventloom/framework/runtime.hpp>

#include <atomic>
#include <memory>

namespace eventloom {

class ThreadWatch {
public:
    // So many looks in which no task was begun are reported.
    static constexpr unsigned looks_max = 20;

    explicit ThreadWatch(const Runtime& runtime) : runtime_{runtime} {}

    void look();

private:
    const Runtime runtime_;
    std::shared_ptr<std::atomic<bool>> begun_; // of the task that was posted last
    unsigned looks_ = 0;                       // since then
};

} // namespace eventloom
