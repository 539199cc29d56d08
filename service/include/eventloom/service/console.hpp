// Where a command speaks to whoever gave it: the terminal or the pipe of its own process, or a client at the door of a
// running service. And whether somebody still wants it: long work asks go_on() now and then, and ends with the error that
// it answers.
//
//     BOOST_OUTCOME_TRY(console.go_on());                 // Ctrl-C was pressed, or the service stops: nothing more is wanted
//     console.out("2,048 orders.\n");
//
// Threads: any, one call of out() or err() at a time.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <cstddef>
#include <string_view>

namespace eventloom {

// What stands at the other end of a command's outputs.
struct ConsoleShape {
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    std::size_t width    = 80; // of the terminal, in characters, or what COLUMNS says
    // No line of a table is wider; 0: as wide as it is, for a pipe where COLUMNS says nothing.
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

    // Failure::unavailable  "interrupted": whoever gave the command has gone, or wants it to end; "service-stopping".
    virtual result<void> go_on() const = 0;
    // The same after `span`, or as soon as go_on() would answer with an error.
    virtual result<void> wait(Duration span) const = 0;
    // From here on it is how the command ends well: it serves until somebody stops it.
    virtual void ends_well_when_stopped() {}
};

} // namespace eventloom
