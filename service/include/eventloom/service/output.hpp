// The output of a command: tables for people or JSON for programs, made from the same rows.
//
//     Output out{console, {.json = options.json}};
//     out.table({{"order"}, {"total", Align::right}}, rows);          // el::TableRows: one cell a column
//     out.say("2,048 orders.");                                       // only for people
//
// Text from outside (stream names, descriptions) is shown without its control characters, so that it cannot control the
// terminal. Threads: one.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>
#include <eventloom/service/detail/json.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

// Where a command's output goes: the terminal or the pipe of its own process, or a client at the door of a running service. It
// also says whether the command should go on: long work calls go_on() now and then, and ends with its error.
//
//     BOOST_OUTCOME_TRY(console.go_on());                 // an error after Ctrl-C, or when the service stops
//     console.out("2,048 orders.\n");
//
// Threads: any, one call of out() or err() at a time.
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

enum class Align : std::uint8_t { left, right };

struct Column {
    std::string name; // the heading, and the member's name in JSON
    Align align = Align::left;
};

using TableRows = std::vector<std::vector<Json>>;

// The exit code of a command.
enum class ExitCode : int { done = 0, failed = 1, wrong_usage = 2, interrupted = 130 };

class Output {
public:
    struct Options {
        bool json = false; // standard output is exactly one JSON document
    };
    Output(Console& console, Options options);

    bool json() const { return options_.json; }
    Console& console() { return console_; }

    // Rows of cells, in the order of the columns. As JSON: an array of objects.
    void table(const std::vector<Column>& columns, const TableRows& rows);

    // The properties of one thing. As JSON: one object with all members; for people: a line for each.
    void properties(const Json& object);

    // The same in one line, for programs that read line by line.
    void line(const Json& object);

    // A sentence for people; it is not in the JSON.
    void say(std::string_view sentence);

    // A warning about everything that is shown from here on. It goes to standard error: the sentence, or with --json an object
    // in one line with the member `name`. The object of properties() then gets this member too. The caller makes text from outside
    // printable.
    void warn(std::string_view sentence, std::string_view name, const Json& value);

private:
    Console& console_;
    Options options_;
    Json warnings_; // an object; null: no warnings
};

// The rows as a table for people: lines without line ends, the heading and its rule first.
std::vector<std::string> table_lines(const std::vector<Column>& columns, const TableRows& rows);

// The beginning of a line that fits into the width.
std::string_view cut_to_width(std::string_view line, std::size_t width);

// Writes the error to standard error: its sentence, or with --json {"error": {"kind", "code", "sentence"}}.
void report(Console& console, const Error& error, bool json);

// 1234567 as "1,234,567"; the second form takes the digits of any whole number.
std::string with_separators(std::int64_t number);
std::string with_separators(std::string digits);
// "1 event", "2,000 events".
std::string counted(std::uint64_t number, std::string_view what);

// A progress line on a terminal while long work goes on; nothing in a pipe.
//
//     Progress progress{out.console(), runtime.clock, "rebuilding order-summaries"};
//     BOOST_OUTCOME_TRY(progress.at(done, total));       // an error when the user has stopped the command
//     progress.finish();
//
// It goes to standard error, at most ten times a second. Threads: `at` may be called from any thread.
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
