#include <eventloom/service/output.hpp>

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace eventloom {

namespace {

using Cell = nlohmann::ordered_json;

std::string json_text(const Cell& value)
{
    // Bytes that are no UTF-8 are replaced: a listing must not die of one bad name.
    return value.dump(2, ' ', false, Cell::error_handler_t::replace);
}

std::string cell_text(const Cell& cell)
{
    if (cell.is_null()) return "";
    if (cell.is_string()) return printable(cell.get_ref<const std::string&>());
    if (cell.is_boolean()) return cell.get<bool>() ? "yes" : "no";
    if (cell.is_number_unsigned() && cell.get<std::uint64_t>() > 0x7fff'ffff'ffff'ffff) return cell.dump();
    if (cell.is_number_integer()) return with_separators(cell.get<std::int64_t>());
    return printable(cell.dump(-1, ' ', false, Cell::error_handler_t::replace));
}

std::size_t width_of(std::string_view text)
{
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}

std::string line_of(const std::vector<Column>& columns, const std::vector<std::string>& cells,
                    const std::vector<std::size_t>& widths)
{
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const std::string gap(widths[i] - width_of(cells[i]), ' ');
        if (i > 0) line += "  ";
        line += columns[i].align == Align::right ? gap + cells[i] : cells[i] + gap;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

} // namespace

std::vector<std::string> table_lines(const std::vector<Column>& columns, const TableRows& rows)
{
    std::vector<std::string> headings;
    std::vector<std::size_t> widths;
    for (const Column& column : columns) {
        headings.push_back(column.name);
        widths.push_back(width_of(column.name));
    }
    std::vector<std::vector<std::string>> texts;
    for (const auto& row : rows) {
        auto& line = texts.emplace_back();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            line.push_back(cell_text(row[i]));
            widths[i] = std::max(widths[i], width_of(line.back()));
        }
    }
    std::vector<std::string> rule;
    for (const std::size_t width : widths) rule.emplace_back(width, '-');
    std::vector<std::string> lines{line_of(columns, headings, widths), line_of(columns, rule, widths)};
    for (const auto& cells : texts) lines.push_back(line_of(columns, cells, widths));
    return lines;
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
        for (const auto& line : table_lines(columns, rows)) text += line + "\n";
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
    if (options_.json) return console_.out(json_text(object) + "\n");
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
    std::string digits            = std::to_string(number);
    const std::size_t first_digit = digits.front() == '-' ? 1 : 0;
    for (std::size_t at = digits.size(); at > first_digit + 3;) {
        at -= 3;
        digits.insert(at, ",");
    }
    return digits;
}

} // namespace eventloom
