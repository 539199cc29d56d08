#include "csv_rows.hpp"

#include <eventloom/framework/utf8.hpp>

#include <csv.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace shop {

namespace {

constexpr std::size_t longest_row    = 1u << 20;
constexpr std::size_t lines_in_a_row = 100; // a quoted field with more line breaks is a quote that was never closed
constexpr std::size_t buffer_size    = 1u << 16;

// One record on its way through libcsv, in its strict mode, line by line.
class Record {
public:
    explicit Record(std::vector<std::string>& fields) : fields_{fields}
    {
        fields_.clear();
        csv_init(&parser_, CSV_STRICT);
        csv_set_blk_size(&parser_, 1024);
    }
    ~Record() { csv_free(&parser_); }
    Record(const Record&)            = delete;
    Record& operator=(const Record&) = delete;

    enum class State { unfinished, whole, damaged };

    State add(std::string line)
    {
        line.push_back('\n');
        const auto read = csv_parse(&parser_, line.data(), line.size(), keep_field, end_record, this);
        if (read != line.size() || ends_ > 1)
            return State::damaged; // two ends: a bare carriage return is one to libcsv
        return ends_ == 1 ? State::whole : State::unfinished;
    }

private:
    static void keep_field(void* field, std::size_t size, void* self)
    {
        static_cast<Record*>(self)->fields_.emplace_back(static_cast<const char*>(field), size);
    }

    static void end_record(int, void* self) { ++static_cast<Record*>(self)->ends_; }

    csv_parser parser_;
    std::vector<std::string>& fields_;
    unsigned ends_ = 0;
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

el::Error cannot_read(const std::string& path, const std::string& found, std::string_view advice)
{
    return {el::Failure::storage, "cannot-read-file",
            "read the file " + path + " and found " + found + "; " + std::string{advice}};
}

} // namespace

CsvRows::CsvRows(std::string path) : path_{std::move(path)}, buffer_(buffer_size) {}

el::result<CsvRows> CsvRows::open(const std::string& path)
{
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (not error && std::filesystem::exists(status) && not std::filesystem::is_regular_file(status)) {
        // An import reads its file twice; a pipe can be read once.
        return cannot_read(path, "that it is no regular file", "give a CSV file");
    }
    CsvRows rows{path};
    errno = 0;
    rows.file_.open(path, std::ios::binary);
    if (not rows.file_) return cannot_read(path, std::strerror(errno != 0 ? errno : EIO), "check its name and rights");
    const auto size   = std::filesystem::file_size(path, error);
    rows.bytes_total_ = error ? 0 : size;
    rows.fill();
    if (std::string_view{rows.buffer_.data(), rows.end_}.starts_with("\xEF\xBB\xBF")) rows.begin_ = 3;
    return rows;
}

bool CsvRows::fill()
{
    file_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    begin_ = 0;
    end_   = static_cast<std::size_t>(file_.gcount());
    bytes_read_ += end_;
    return end_ > 0;
}

bool CsvRows::read_line_from_file(FileLine& line)
{
    line = {};
    if (begin_ == end_ && not fill()) return false;
    for (;;) {
        const auto from  = buffer_.begin() + static_cast<std::ptrdiff_t>(begin_);
        const auto to    = buffer_.begin() + static_cast<std::ptrdiff_t>(end_);
        const auto found = std::find(from, to, '\n');
        const auto size  = static_cast<std::size_t>(found - from);
        const auto room  = longest_row - line.text.size();
        line.text.append(from, from + static_cast<std::ptrdiff_t>(std::min(size, room)));
        line.cut = line.cut || size > room;
        begin_ += size;
        if (found != to) ++begin_;
        if (found != to || not fill()) break;
    }
    if (line.text.ends_with('\r')) line.text.pop_back();
    if (not el::is_utf8(line.text)) line.text = from_latin1(line.text);
    return true;
}

bool CsvRows::read_line(FileLine& line)
{
    if (not put_back_.empty()) {
        line = std::move(put_back_.back());
        put_back_.pop_back();
    } else if (not read_line_from_file(line)) {
        return false;
    }
    ++line_;
    return true;
}

// Whether a line is a row by itself. Inside an open quote that means that the quote was never closed: real text hardly
// ever has exactly as many commas as the file has columns, and rows that follow a damaged one always do.
bool CsvRows::stands_alone(const std::string& line) const
{
    std::vector<std::string> fields;
    return width_ > 1 && Record{fields}.add(line) == Record::State::whole && fields.size() == width_;
}

void CsvRows::read_row(FileLine line, CsvRow& row)
{
    if (line.cut) {
        row.damage = "the row is longer than a megabyte";
        return;
    }
    Record record{row.fields};
    std::vector<FileLine> taken; // lines behind the first that a quoted field goes on in
    std::size_t bytes = line.text.size();
    auto state        = record.add(std::move(line.text));
    while (state == Record::State::unfinished && taken.size() < lines_in_a_row && read_line(line)) {
        taken.push_back(line);
        bytes += line.text.size();
        if (line.cut || bytes > longest_row || stands_alone(line.text)) break;
        state = record.add(std::move(line.text));
    }
    if (state == Record::State::whole) return;

    row.damage = state == Record::State::unfinished ? "a quote is opened and never closed"
                                                    : "a quote or a carriage return stands where none may stand";
    // Only the first line is refused: those that its open quote took are rows of their own.
    line_ -= taken.size();
    std::move(taken.rbegin(), taken.rend(), std::back_inserter(put_back_));
}

el::result<std::optional<CsvRow>> CsvRows::next()
{
    FileLine line;
    do {
        if (not read_line(line)) {
            if (not file_.bad()) return std::optional<CsvRow>{};
            return cannot_read(path_, "that the disk gave no more after line " + std::to_string(line_),
                               "check the disk");
        }
    } while (line.text.find_first_not_of(" \t\r") == std::string::npos && not line.cut);

    CsvRow row{.line = line_, .fields = {}, .damage = {}};
    read_row(std::move(line), row);
    if (width_ == 0) width_ = row.fields.size();
    return std::optional{std::move(row)};
}

} // namespace shop
