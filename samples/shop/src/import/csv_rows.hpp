// The rows of a CSV file, one at a time, whatever state the file is in: a row that cannot be read is given with the reason,
// and swallows no other.
#pragma once

#include <eventloom/framework/result.hpp>

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace shop {

namespace el = eventloom;

struct CsvRow {
    std::uint64_t line = 0; // of the file, from 1: where the row begins
    std::vector<std::string> fields;
    std::string damage; // why it cannot be read; then the fields mean nothing
};

// Reads RFC 4180 with a byte-order mark, LF or CRLF, quotes and quoted line breaks. A line that is no UTF-8 is taken for
// Latin-1, which older tills write. Blank lines are no rows.
class CsvRows {
public:
    // Failure::storage "cannot-read-file".
    static el::result<CsvRows> open(const std::string& path);

    // The next row, nothing at the end. Failure::storage "cannot-read-file": the disk gave up half-way.
    el::result<std::optional<CsvRow>> next();

    std::uint64_t bytes_read() const { return bytes_read_; }
    std::uint64_t bytes_total() const { return bytes_total_; }

private:
    struct FileLine {
        std::string text; // UTF-8, without its end
        bool cut = false; // it was longer than a row may be
    };

    explicit CsvRows(std::string path);
    bool fill();
    bool read_line(FileLine& line);
    bool read_line_from_file(FileLine& line);
    void read_row(FileLine line, CsvRow& row);
    bool stands_alone(const std::string& line) const;

    std::string path_;
    std::ifstream file_;
    std::vector<char> buffer_; // what was read of the file and given to nobody
    std::size_t begin_ = 0;    // of that, in the buffer
    std::size_t end_   = 0;
    std::vector<FileLine> put_back_; // lines that a damaged row had taken, the next one last
    std::size_t width_         = 0;  // how many fields the first row has
    std::uint64_t line_        = 0;
    std::uint64_t bytes_read_  = 0;
    std::uint64_t bytes_total_ = 0;
};

} // namespace shop
