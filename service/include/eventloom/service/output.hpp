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
#include <eventloom/service/console.hpp>
#include <eventloom/service/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

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
    void facts(const Json& object);

    // The same in one line, for programs that read line by line.
    void line(const Json& object);

    // A sentence for people; it is not in the JSON.
    void say(std::string_view sentence);

    // A warning about everything that is shown from here on. It goes to standard error: the sentence, or with --json an object
    // in one line with the member `name`. The object of facts() then gets this member too. The caller makes text from outside
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

} // namespace eventloom
