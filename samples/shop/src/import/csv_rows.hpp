// The rows of a CSV file, one at a time, whatever state the file is in: a row that cannot be read is given with the reason,
// and swallows no other.
#pragma once

#include "text_lines.hpp"

#include <optional>
#include <vector>

namespace shop {

struct CsvRow {
    std::uint64_t line = 0; // of the file, from 1: where the row begins
    std::vector<std::string> fields;
    std::string damage; // why it cannot be read; then the fields mean nothing
};

// The delimiter between fields, and the quotes around fields that contain it.
struct CsvForm {
    char delimiter = ',';
    char quote     = '"';
};

// Reads RFC 4180 with quotes and quoted line breaks. Blank lines are no rows. A first line `sep=;`, as spreadsheets write it,
// is no row either: it says what the delimiter is.
class CsvRows {
public:
    // Failure::storage "cannot-read-file".
    static el::result<CsvRows> open(const std::string& path, CsvForm form = {});

    // The next row, nothing at the end. Failure::storage "cannot-read-file": the disk gave up half-way.
    el::result<std::optional<CsvRow>> next();

    CsvForm form() const { return form_; }
    const TextLines& text() const { return text_; }

private:
    CsvRows(TextLines text, CsvForm form) : text_{std::move(text)}, form_{form} {}
    bool read_line(TextLine& line);
    void read_row(TextLine line, CsvRow& row);
    bool stands_alone(const std::string& line) const;

    TextLines text_;
    CsvForm form_;
    std::vector<TextLine> put_back_; // lines that a damaged row had taken, the next one last
    std::size_t width_  = 0;         // how many fields the first row has
    std::uint64_t line_ = 0;
};

} // namespace shop
