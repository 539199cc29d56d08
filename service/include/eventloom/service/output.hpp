// What a command shows: tables for people, JSON for programs, from the same rows.
//
//     Output out{console, {.json = options.json}};
//     out.table({{"order"}, {"total", Align::right}}, rows);          // el::TableRows: one cell a column
//     out.say("2,048 orders.");                                       // for people only
//
// Text from outside (stream names, descriptions) is shown without its control characters, so that it cannot steer a
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

// How a command ends; what the shell sees.
enum class ExitCode : int { done = 0, failed = 1, wrong_usage = 2, interrupted = 130 };

class Output {
public:
    struct Options {
        bool json = false; // one JSON document on standard output, nothing else there
    };
    Output(Console& console, Options options);

    bool json() const { return options_.json; }
    Console& console() { return console_; }

    // Rows of cells, in the order of the columns. For programs: an array of objects.
    void table(const std::vector<Column>& columns, const TableRows& rows);

    // A few facts about one thing. For programs: one object, with all members; for people: a line each.
    void facts(const Json& object);

    // The same on one line, for a program that reads line by line.
    void line(const Json& object);

    // A sentence for people; programs do not see it.
    void say(std::string_view sentence);

    // What is wrong with all that is shown from here on, in a sentence and for programs: on standard error, with --json as an object
    // on a line; and then as a member of that name of what facts() shows. Text from outside is made printable by the caller.
    void warn(std::string_view sentence, std::string_view name, const Json& value);

private:
    Console& console_;
    Options options_;
    Json warnings_; // an object; null: nothing is wrong
};

// The rows as a table for people: a line each, without line ends, the heading and its rule first.
std::vector<std::string> table_lines(const std::vector<Column>& columns, const TableRows& rows);

// As many characters of a line as fit.
std::string_view cut_to_width(std::string_view line, std::size_t width);

// The error as its sentence on standard error; with --json as {"error": {"kind", "code", "sentence"}}.
void report(Console& console, const Error& error, bool json);

// 1234567 as "1,234,567"; and the digits of any whole number so.
std::string with_separators(std::int64_t number);
std::string with_separators(std::string digits);

} // namespace eventloom
