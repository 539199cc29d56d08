// The outputs of a command: the terminal or the pipe of its own process, or a client at the door of a running service. It
// also says whether the command should go on: long work calls go_on() now and then, and ends with its error.
//
//     BOOST_OUTCOME_TRY(console.go_on());                 // an error after Ctrl-C, or when the service stops
//     console.out("2,048 orders.\n");
//
// Threads: any, one call of out() or err() at a time.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <cstddef>
#include <string_view>

namespace eventloom {

// What a command's outputs are connected to.
struct ConsoleShape {
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    std::size_t width    = 80; // of the terminal, in characters, or the value of COLUMNS
    // The largest width of a table's lines; 0: no limit, for a pipe without COLUMNS.
    std::size_t table_width = 0;

    static constexpr std::size_t width_min = 20;
    static constexpr std::size_t width_max = 1'000;
};

class Console {
public:
    virtual ~Console() = default;

    virtual void out(std::string_view text)   = 0; // standard output
    virtual void err(std::string_view text)   = 0; // standard error
    virtual const ConsoleShape& shape() const = 0;

    // Failure::unavailable  "interrupted": the user has stopped the command or closed its connection; "service-stopping".
    virtual result<void> go_on() const = 0;
    // The same after `span`, or as soon as go_on() would return an error.
    virtual result<void> wait(Duration span) const = 0;
    // From here on a stop is a success: the command serves until somebody stops it.
    virtual void ends_well_when_stopped() {}
};

} // namespace eventloom
