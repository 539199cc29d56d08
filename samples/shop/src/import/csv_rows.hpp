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

// Reads RFC 4180 with a byte-order mark, LF or CRLF, quotes and quoted line breaks. Text that is no UTF-8 is taken for
// Latin-1, which older tills write.
class CsvRows {
public:
    // Failure::storage "cannot-read-file".
    static el::result<CsvRows> open(const std::string& path);

    // The next row, nothing at the end. Empty lines are no rows.
    el::result<std::optional<CsvRow>> next();

    std::uint64_t bytes_read() const { return bytes_read_; }
    std::uint64_t bytes_total() const { return bytes_total_; }

private:
    explicit CsvRows(std::string path) : path_{std::move(path)} {}
    bool read_line(std::string& line);

    std::string path_;
    std::ifstream file_;
    std::vector<std::string> put_back_; // lines that a damaged row had taken, the next one last
    std::uint64_t line_        = 0;
    std::uint64_t bytes_read_  = 0;
    std::uint64_t bytes_total_ = 0;
};

} // namespace shop
