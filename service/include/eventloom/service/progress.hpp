// A line that grows on a terminal while something long goes on; in a pipe, nothing.
//
//     Progress progress{runtime.clock, "rebuilding order-summaries"};
//     progress.at(done, total);
//     progress.finish();
//
// Goes to standard error, at most ten times a second. Threads: `at` may be called from any thread.
#pragma once

#include <eventloom/framework/runtime.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace eventloom {

class Progress {
public:
    Progress(const Clock& clock, std::string what);
    ~Progress();
    Progress(const Progress&)            = delete;
    Progress& operator=(const Progress&) = delete;

    // `total` 0 means that it is not known.
    void at(std::uint64_t done, std::uint64_t total);
    // Wipes the line.
    void finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace eventloom
