// A line that grows on a terminal while something long goes on; in a pipe, nothing.
//
//     Progress progress{out.console(), runtime.clock, "rebuilding order-summaries"};
//     BOOST_OUTCOME_TRY(progress.at(done, total));       // ends the work when nobody wants it any more
//     progress.finish();
//
// Goes to standard error, at most ten times a second. Threads: `at` may be called from any thread.
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

    // `total` 0 means that it is not known. What the console's go_on() answers, which is asked now and then.
    result<void> at(std::uint64_t done, std::uint64_t total);
    // Wipes the line.
    void finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace eventloom
