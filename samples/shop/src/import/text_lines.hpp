// The lines of a text file as UTF-8, whatever encoding and line ends they are in.
#pragma once

#include <eventloom/framework/result.hpp>

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

namespace shop {

namespace el = eventloom;

struct TextLine {
    std::string text;   // UTF-8, without its end
    std::string damage; // why it cannot be read; then the text means nothing
};

// Reads UTF-8, UTF-16 and UTF-32, with a byte-order mark or without, and lines that end in LF, CRLF or CR. In a file of single
// bytes a line that is no UTF-8 is taken for Windows-1252, which older tills and spreadsheets write.
class TextLines {
public:
    // Failure::storage "cannot-read-file".
    static el::result<TextLines> open(const std::string& path);

    // Whether there was one more.
    bool next(TextLine& line);

    // The disk gave up half-way.
    bool failed() const { return file_.bad(); }

    const std::string& path() const { return path_; }
    std::string_view encoding() const { return encoding_; }
    std::uint64_t lines_in_windows_1252() const { return lines_in_windows_1252_; }
    std::uint64_t bytes_read() const { return bytes_read_; }
    std::uint64_t bytes_total() const { return bytes_total_; }

private:
    class Converter;
    struct Closes {
        void operator()(Converter* converter) const;
    };
    using ConverterPtr = std::unique_ptr<Converter, Closes>;

    explicit TextLines(std::string path) : path_{std::move(path)} {}
    bool read_chunk();
    bool fill();
    void find_encoding();
    void find_line_end();
    void make_utf8(TextLine& line);

    std::string path_;
    std::ifstream file_;
    std::string raw_;               // what was read of the file and is not in the buffer yet
    std::string buffer_;            // what was read and given to nobody
    std::size_t begin_         = 0; // of that, in the buffer
    std::string_view encoding_ = "UTF-8";
    ConverterPtr wide_; // of a file whose characters are wider than a byte
    ConverterPtr windows_1252_;
    char line_end_                       = '\n';
    std::uint64_t lines_in_windows_1252_ = 0;
    std::uint64_t bytes_read_            = 0;
    std::uint64_t bytes_total_           = 0;
};

el::Error cannot_read(const std::string& path, const std::string& found, std::string_view advice);

} // namespace shop
