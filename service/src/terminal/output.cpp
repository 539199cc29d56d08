#include <eventloom/service/output.hpp>

#include "terminal/table_text.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace eventloom {

namespace {

std::string json_text(const Cell& value)
{
    // Bytes that are no UTF-8 are replaced: a listing must not die of one bad name.
    return value.dump(2, ' ', false, Cell::error_handler_t::replace);
}

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

Output::~Output() = default;

void Output::table(const std::vector<Column>& columns, const TableRows& rows)
{
    if (not options_.json) {
        std::string text;
        for (const auto& line : TextTable{columns, console_.shape().table_width}.lines(rows)) text += line + "\n";
        return console_.out(text);
    }
    Cell array = Cell::array();
    for (const auto& row : rows) {
        Cell object = Cell::object();
        for (std::size_t i = 0; i < columns.size(); ++i) object[columns[i].name] = row[i];
        array.push_back(std::move(object));
    }
    console_.out(json_text(array) + "\n");
}

void Output::facts(const nlohmann::ordered_json& object)
{
    if (options_.json) {
        auto whole = object;
        if (warnings_ && whole.is_object()) whole.update(*warnings_);
        return console_.out(json_text(whole) + "\n");
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

void Output::warn(std::string_view sentence, std::string_view name, const nlohmann::ordered_json& value)
{
    if (not options_.json) return console_.err(std::string{sentence} + "\n");
    const Cell warning{{std::string{name}, value}};
    if (not warnings_) warnings_ = std::make_unique<Cell>(Cell::object());
    warnings_->update(warning);
    console_.err(warning.dump(-1, ' ', false, Cell::error_handler_t::replace) + "\n");
}

void Output::line(const nlohmann::ordered_json& object)
{
    console_.out(object.dump(-1, ' ', false, Cell::error_handler_t::replace) + "\n");
}

void report(Console& console, const Error& error, bool json)
{
    if (not json) return console.err(printable(error.sentence) + "\n");
    const Cell object{{"error", {{"kind", to_string(error.kind)}, {"code", error.code}, {"sentence", error.sentence}}}};
    console.err(json_text(object) + "\n");
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

} // namespace eventloom
