#include "terminal/table_text.hpp"

#include <eventloom/framework/utf8.hpp>

#include <algorithm>
#include <numeric>

namespace eventloom {

std::size_t width_of(std::string_view text)
{
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}

std::string cell_text(const Json& cell)
{
    if (cell.is_null()) return "";
    if (cell.is_text()) return printable(cell.text());
    if (cell.is_boolean()) return cell.boolean() ? "yes" : "no";
    if (cell.is_whole()) return with_separators(cell.dump());
    return printable(cell.dump());
}

namespace {

constexpr std::string_view cut_sign    = "\u2026";
constexpr std::string_view gap         = "  ";
constexpr std::size_t least_text_width = 8; // shorter ones are left as they are

// The text, or as much of it as leaves room for the sign.
std::string cut(const std::string& text, std::size_t width)
{
    if (width_of(text) <= width) return text;
    return std::string{cut_to_width(text, width - 1)} + std::string{cut_sign};
}

} // namespace

TextTable::TextTable(std::vector<Column> columns, std::size_t width_max)
    : columns_{std::move(columns)}, width_max_{width_max}
{
    for (const Column& column : columns_) widths_.push_back(width_of(column.name));
}

// A number that is cut looks like another one, so texts give way: the widest first.
std::vector<std::size_t> TextTable::shown_widths() const
{
    auto widths = widths_;
    if (width_max_ == 0 || widths.empty()) return widths;
    auto total = std::accumulate(widths.begin(), widths.end(), gap.size() * (widths.size() - 1));
    while (total > width_max_) {
        std::size_t widest = widths.size();
        for (std::size_t i = 0; i < widths.size(); ++i) {
            if (columns_[i].align == Align::right || widths[i] <= least_text_width) continue;
            if (widest == widths.size() || widths[i] > widths[widest]) widest = i;
        }
        if (widest == widths.size()) break;
        --widths[widest];
        --total;
    }
    return widths;
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
    const auto widths = shown_widths();
    std::vector<std::string> lines;
    if (not std::exchange(headed_, true)) {
        std::vector<std::string> headings;
        std::vector<std::string> rule;
        for (const Column& column : columns_) headings.push_back(column.name);
        for (const std::size_t width : widths) rule.emplace_back(width, '-');
        lines = {line_of(headings, widths), line_of(rule, widths)};
    }
    for (const auto& text : texts) lines.push_back(line_of(text, widths));
    return lines;
}

std::string TextTable::line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) const
{
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const auto cell = columns_[i].align == Align::right ? cells[i] : cut(cells[i], widths[i]);
        const std::string blanks(widths[i] - std::min(widths[i], width_of(cell)), ' ');
        if (i > 0) line += gap;
        line += columns_[i].align == Align::right ? blanks + cell : cell + blanks;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return width_max_ == 0 ? line : cut(line, width_max_);
}

} // namespace eventloom
