#include "csv_rows.hpp"

#include <eventloom/framework/utf8.hpp>

#include <csv.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace shop {

namespace {

constexpr std::size_t longest_row    = 1u << 20;
constexpr std::size_t lines_in_a_row = 100; // a quoted field with more line breaks is a quote that was never closed

enum class Parsed { whole, unfinished, damaged };

// Hands one record to libcsv, in its strict mode, and collects the fields.
class Record {
public:
    Parsed parse(const std::string& text, std::vector<std::string>& fields)
    {
        csv_parser parser;
        csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);
        fields.clear();
        const auto keep = [](void* field, std::size_t size, void* into) {
            static_cast<std::vector<std::string>*>(into)->emplace_back(static_cast<const char*>(field), size);
        };
        const auto read = csv_parse(&parser, text.data(), text.size(), keep, nullptr, &fields);
        Parsed answer   = read == text.size() ? Parsed::whole : Parsed::damaged;
        // In strict mode the end of the input within quotes is an error of its own.
        if (answer == Parsed::whole && csv_fini(&parser, keep, nullptr, &fields) != 0) answer = Parsed::unfinished;
        csv_free(&parser);
        return answer;
    }
};

std::string from_latin1(const std::string& text)
{
    std::string utf8;
    for (const char byte : text) {
        const auto code = static_cast<unsigned char>(byte);
        if (code < 0x80) {
            utf8.push_back(byte);
        } else {
            utf8.push_back(static_cast<char>(0xC0 | code >> 6));
            utf8.push_back(static_cast<char>(0x80 | (code & 0x3F)));
        }
    }
    return utf8;
}

} // namespace

el::result<CsvRows> CsvRows::open(const std::string& path)
{
    CsvRows rows{path};
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        return el::fail(el::Failure::storage, "cannot-read-file",
                        "read the file " + path + " and found a directory; give a CSV file");
    }
    errno = 0;
    rows.file_.open(path, std::ios::binary);
    if (not rows.file_) {
        return el::fail(el::Failure::storage, "cannot-read-file",
                        "read the file " + path + " and found: " + std::strerror(errno != 0 ? errno : EIO) +
                            "; check its name and rights");
    }
    const auto size   = std::filesystem::file_size(path, error);
    rows.bytes_total_ = error ? 0 : size;
    if (rows.file_.peek() == 0xEF) {
        char mark[3];
        rows.file_.read(mark, 3);
        if (std::string_view{mark, 3} != "\xEF\xBB\xBF") rows.file_.seekg(0);
    }
    rows.file_.clear();
    return rows;
}

bool CsvRows::read_line(std::string& line)
{
    if (not put_back_.empty()) {
        line = std::move(put_back_.back());
        put_back_.pop_back();
        ++line_;
        return true;
    }
    if (not std::getline(file_, line)) return false;
    ++line_;
    bytes_read_ += line.size() + 1;
    if (not line.empty() && line.back() == '\r') line.pop_back();
    return true;
}

el::result<std::optional<CsvRow>> CsvRows::next()
{
    std::string line;
    do {
        if (not read_line(line)) {
            if (file_.bad()) {
                return el::fail(el::Failure::storage, "cannot-read-file",
                                "read the file " + path_ + " up to line " + std::to_string(line_) +
                                    " and the disk gave no more; check it");
            }
            return std::optional<CsvRow>{};
        }
    } while (line.empty());

    CsvRow row{.line = line_, .fields = {}, .damage = {}};
    std::vector<std::string> taken; // lines behind the first that a quoted field goes on in
    std::string text = line;
    Parsed parsed    = Parsed::damaged;
    for (;;) {
        if (text.size() > longest_row) break;
        parsed = Record{}.parse(el::is_utf8(text) ? text : from_latin1(text), row.fields);
        if (parsed != Parsed::unfinished || taken.size() == lines_in_a_row || not read_line(line)) break;
        taken.push_back(line);
        text += "\n" + line;
    }
    if (parsed == Parsed::whole) return std::optional{std::move(row)};

    row.damage = text.size() > longest_row      ? "the row is longer than a megabyte"
                 : parsed == Parsed::unfinished ? "a quote is opened and never closed"
                                                : "a quote stands where none may stand";
    // Only the first line is refused: those that its open quote took are rows of their own.
    line_ -= taken.size();
    for (auto one = taken.rbegin(); one != taken.rend(); ++one) put_back_.push_back(std::move(*one));
    return std::optional{std::move(row)};
}

} // namespace shop
