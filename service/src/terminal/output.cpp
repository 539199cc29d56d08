#include <eventloom/service/output.hpp>

#include "terminal/table_text.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

constexpr int indent = 2;

} // namespace

std::vector<std::string> table_lines(const std::vector<Column>& columns, const TableRows& rows)
{
    return TextTable{columns}.lines(rows);
}

std::string_view cut_to_width(std::string_view line, std::size_t width)
{
    std::size_t end = 0;
    for (std::size_t characters = 0; end < line.size(); ++end) {
        if ((line[end] & 0xC0) != 0x80 && characters++ == width) break;
    }
    return line.substr(0, end);
}

Output::Output(Console& console, Options options) : console_{console}, options_{options} {}

void Output::table(const std::vector<Column>& columns, const TableRows& rows)
{
    if (not options_.json) {
        std::string text;
        for (const auto& line : TextTable{columns, console_.shape().table_width}.lines(rows)) text += line + "\n";
        return console_.out(text);
    }
    auto array = Json::array();
    for (const auto& row : rows) {
        auto object = Json::object();
        for (std::size_t i = 0; i < columns.size(); ++i) object[columns[i].name] = row[i];
        array.push_back(std::move(object));
    }
    console_.out(array.dump(indent) + "\n");
}

void Output::properties(const Json& object)
{
    if (options_.json) {
        auto whole = object;
        if (whole.is_object()) whole.update(warnings_);
        return console_.out(whole.dump(indent) + "\n");
    }
    std::string text;
    std::size_t widest = 0;
    for (const auto& [name, value] : object.items()) widest = std::max(widest, width_of(name));
    for (const auto& [name, value] : object.items()) {
        text += fmt::format("{}{}  {}\n", name, std::string(widest - width_of(name), ' '), cell_text(value));
    }
    console_.out(text);
}

void Output::say(std::string_view sentence)
{
    if (not options_.json) console_.out(std::string{sentence} + "\n");
}

void Output::warn(std::string_view sentence, std::string_view name, const Json& value)
{
    if (not options_.json) return console_.err(std::string{sentence} + "\n");
    const Json warning{{name, value}};
    warnings_[name] = value;
    console_.err(warning.dump() + "\n");
}

void Output::line(const Json& object)
{
    console_.out(object.dump() + "\n");
}

void report(Console& console, const Error& error, bool json)
{
    if (not json) return console.err(printable(error.sentence) + "\n");
    const Json object{{"error", {{"kind", to_string(error.kind)}, {"code", error.code}, {"sentence", error.sentence}}}};
    console.err(object.dump(indent) + "\n");
}

std::string with_separators(std::int64_t number)
{
    return with_separators(std::to_string(number));
}

std::string with_separators(std::string digits)
{
    const std::size_t first_digit = digits.front() == '-' ? 1 : 0;
    for (std::size_t at = digits.size(); at > first_digit + 3;) {
        at -= 3;
        digits.insert(at, ",");
    }
    return digits;
}

std::string counted(std::uint64_t number, std::string_view what)
{
    return with_separators(std::to_string(number)) + " " + std::string{what} + (number == 1 ? "" : "s");
}

} // namespace eventloom
