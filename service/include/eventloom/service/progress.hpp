// A progress line on a terminal while long work goes on; nothing in a pipe.
//
//     Progress progress{out.console(), runtime.clock, "rebuilding order-summaries"};
//     BOOST_OUTCOME_TRY(progress.at(done, total));       // an error when the user has stopped the command
//     progress.finish();
//
// It goes to standard error, at most ten times a second. Threads: `at` may be called from any thread.
#pragma once

#include <eventloom/framework/runtime.hpp>
#include <eventloom/service/console.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace eventloom {

class Progress {
public:
    Progress(Console& console, const Clock& clock, std::string what);
    ~Progress();
    Progress(const Progress&)            = delete;
    Progress& operator=(const Progress&) = delete;

    // `total` 0: not known. Calls the console's go_on() now and then, and returns its result.
    result<void> at(std::uint64_t done, std::uint64_t total);
    // Clears the line.
    void finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace eventloom
