#include "csv_rows.hpp"

#include <csv.h>

#include <algorithm>
#include <iterator>

namespace shop {

namespace {

constexpr std::size_t longest_row    = 1u << 20;
constexpr std::size_t lines_in_a_row = 100; // a quoted field with more line breaks is a quote that was never closed

// One record on its way through libcsv, in its strict mode, line by line.
class Record {
public:
    Record(CsvForm form, std::vector<std::string>& fields) : fields_{fields}
    {
        fields_.clear();
        csv_init(&parser_, CSV_STRICT);
        csv_set_delim(&parser_, static_cast<unsigned char>(form.delimiter));
        csv_set_quote(&parser_, static_cast<unsigned char>(form.quote));
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

// The delimiter that a line `sep=;` names.
std::optional<char> named_delimiter(std::string_view line)
{
    if (line.size() >= 2 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
    if (line.size() != 5 || not line.starts_with("sep=")) return std::nullopt;
    return line.back();
}

} // namespace

el::result<CsvRows> CsvRows::open(const std::string& path, CsvForm form)
{
    BOOST_OUTCOME_TRY(auto text, TextLines::open(path));
    CsvRows rows{std::move(text), form};
    TextLine first;
    if (not rows.read_line(first)) return rows;
    if (const auto named = named_delimiter(first.text)) {
        rows.form_.delimiter = *named;
    } else {
        --rows.line_;
        rows.put_back_.push_back(std::move(first));
    }
    return rows;
}

bool CsvRows::read_line(TextLine& line)
{
    if (not put_back_.empty()) {
        line = std::move(put_back_.back());
        put_back_.pop_back();
    } else if (not text_.next(line)) {
        return false;
    }
    ++line_;
    return true;
}

// Whether a line is a row by itself. Inside an open quote that means that the quote was never closed: real text hardly
// ever has exactly as many delimiters as the file has columns, and rows that follow a damaged one always do.
bool CsvRows::stands_alone(const std::string& line) const
{
    std::vector<std::string> fields;
    return width_ > 1 && Record{form_, fields}.add(line) == Record::State::whole && fields.size() == width_;
}

void CsvRows::read_row(TextLine line, CsvRow& row)
{
    if (not line.damage.empty()) {
        row.damage = std::move(line.damage);
        return;
    }
    Record record{form_, row.fields};
    std::vector<TextLine> taken; // lines after the first that a quoted field goes on in
    std::size_t bytes = line.text.size();
    auto state        = record.add(std::move(line.text));
    while (state == Record::State::unfinished && taken.size() < lines_in_a_row && read_line(line)) {
        taken.push_back(line);
        bytes += line.text.size();
        if (not line.damage.empty() || bytes > longest_row || stands_alone(line.text)) break;
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
    TextLine line;
    do {
        if (not read_line(line)) {
            if (not text_.failed()) return std::optional<CsvRow>{};
            return cannot_read(text_.path(), "that nothing more can be read after line " + std::to_string(line_),
                               "check the disk");
        }
    } while (line.text.find_first_not_of(" \t\r") == std::string::npos && line.damage.empty());

    CsvRow row{.line = line_, .fields = {}, .damage = {}};
    read_row(std::move(line), row);
    if (width_ == 0) width_ = row.fields.size();
    return std::optional{std::move(row)};
}

} // namespace shop
