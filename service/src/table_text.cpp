#include "table_text.hpp"

#include <eventloom/framework/utf8.hpp>

#include <algorithm>

namespace eventloom {

std::size_t width_of(std::string_view text)
{
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}

std::string cell_text(const Cell& cell)
{
    if (cell.is_null()) return "";
    if (cell.is_string()) return printable(cell.get_ref<const std::string&>());
    if (cell.is_boolean()) return cell.get<bool>() ? "yes" : "no";
    if (cell.is_number_integer()) return with_separators(cell.dump());
    return printable(cell.dump(-1, ' ', false, Cell::error_handler_t::replace));
}

TextTable::TextTable(std::vector<Column> columns) : columns_{std::move(columns)}
{
    for (const Column& column : columns_) widths_.push_back(width_of(column.name));
}

std::vector<std::string> TextTable::lines(const TableRows& rows)
{
    std::vector<std::vector<std::string>> texts;
    for (const auto& row : rows) {
        auto& text = texts.emplace_back();
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            text.push_back(cell_text(row[i]));
            widths_[i] = std::max(widths_[i], width_of(text.back()));
        }
    }
    std::vector<std::string> lines;
    if (not std::exchange(headed_, true)) {
        std::vector<std::string> headings;
        std::vector<std::string> rule;
        for (const Column& column : columns_) headings.push_back(column.name);
        for (const std::size_t width : widths_) rule.emplace_back(width, '-');
        lines = {line_of(headings), line_of(rule)};
    }
    for (const auto& text : texts) lines.push_back(line_of(text));
    return lines;
}

std::string TextTable::line_of(const std::vector<std::string>& cells) const
{
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const std::string gap(widths_[i] - width_of(cells[i]), ' ');
        if (i > 0) line += "  ";
        line += columns_[i].align == Align::right ? gap + cells[i] : cells[i] + gap;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

} // namespace eventloom
