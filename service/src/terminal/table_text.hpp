// Rows as a table of text, for people.
#pragma once

#include <eventloom/service/output.hpp>

#include <string>
#include <vector>

namespace eventloom {

// How wide a text is on the screen.
std::size_t width_of(std::string_view text);

// A cell as a person reads it, without control characters.
std::string cell_text(const Json& cell);

// Headings with rows below them. Rows may come in several parts: a column is as wide as its widest cell so far. No line is
// wider than `width_max`, unless that is 0: first long texts are cut, then the line itself. A cut text ends with a sign.
class TextTable {
public:
    explicit TextTable(std::vector<Column> columns, std::size_t width_max = 0);
    // Without line ends.
    std::vector<std::string> lines(const TableRows& rows);

private:
    std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) const;
    std::vector<std::size_t> shown_widths() const;

    const std::vector<Column> columns_;
    const std::size_t width_max_;
    std::vector<std::size_t> widths_;
    bool headed_ = false;
};

} // namespace eventloom
