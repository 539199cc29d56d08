#include "text_lines.hpp"

#include <eventloom/framework/utf8.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <iconv.h>

namespace shop {

namespace {

constexpr std::size_t longest_line = 1u << 20;
constexpr std::size_t chunk_size   = 1u << 16;

constexpr std::string_view no_character = "\xEF\xBF\xBD"; // U+FFFD stands for what cannot be converted

} // namespace

el::Error cannot_read(const std::string& path, const std::string& found, std::string_view advice)
{
    return {el::Failure::storage, "cannot-read-file",
            "read the file " + path + " and found " + found + "; " + std::string{advice}};
}

// Bytes of another encoding as UTF-8.
class TextLines::Converter {
public:
    Converter(const char* from, std::size_t unit) : iconv_{iconv_open("UTF-8", from)}, unit_{unit} {}
    ~Converter()
    {
        if (is_open()) iconv_close(iconv_);
    }
    Converter(const Converter&)            = delete;
    Converter& operator=(const Converter&) = delete;

    bool is_open() const { return iconv_ != iconv_t(-1); }

    // What stays in `from` is the beginning of a character.
    void convert(std::string& from, std::string& to)
    {
        char* next       = from.data();
        std::size_t left = from.size();
        while (left > 0) {
            char converted[4096];
            char* end        = converted;
            std::size_t room = sizeof converted;
            const auto done  = iconv(iconv_, &next, &left, &end, &room);
            const int reason = errno;
            to.append(converted, end);
            if (done != std::size_t(-1) || reason == E2BIG) continue;
            if (reason == EINVAL) break;
            to += no_character;
            const auto skipped = std::min(unit_, left);
            next += skipped;
            left -= skipped;
        }
        from.erase(0, from.size() - left);
    }

private:
    iconv_t iconv_;
    std::size_t unit_; // bytes of the smallest character
};

void TextLines::Closes::operator()(Converter* converter) const
{
    delete converter;
}

el::result<TextLines> TextLines::open(const std::string& path)
{
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (not error && std::filesystem::exists(status) && not std::filesystem::is_regular_file(status)) {
        // An import reads its file several times; a pipe can be read once.
        return cannot_read(path, "that it is not a regular file", "give a CSV file");
    }
    TextLines lines{path};
    errno = 0;
    lines.file_.open(path, std::ios::binary);
    if (not lines.file_) return cannot_read(path, std::strerror(errno != 0 ? errno : EIO), "check its name and rights");
    const auto size    = std::filesystem::file_size(path, error);
    lines.bytes_total_ = error ? 0 : size;
    lines.read_chunk();
    lines.find_encoding();
    if (lines.wide_ && not lines.wide_->is_open()) {
        return cannot_read(path, "text in " + std::string{lines.encoding_} + ", which this machine cannot convert",
                           "save it as UTF-8");
    }
    lines.fill();
    lines.find_line_end();
    return lines;
}

void TextLines::find_encoding()
{
    struct Mark {
        std::string_view bytes;
        const char* encoding;
        std::size_t unit;
    };
    using namespace std::string_view_literals;
    // That of UTF-32 begins with that of UTF-16.
    constexpr Mark marks[]{{"\xEF\xBB\xBF"sv, "UTF-8", 1},
                           {"\xFF\xFE\0\0"sv, "UTF-32LE", 4},
                           {"\0\0\xFE\xFF"sv, "UTF-32BE", 4},
                           {"\xFF\xFE"sv, "UTF-16LE", 2},
                           {"\xFE\xFF"sv, "UTF-16BE", 2}};
    const char* wide = nullptr;
    std::size_t unit = 1;
    const auto found = std::find_if(std::begin(marks), std::end(marks),
                                    [&](const Mark& mark) { return raw_.starts_with(mark.bytes); });
    if (found != std::end(marks)) {
        raw_.erase(0, found->bytes.size());
        if (found->unit > 1) wide = found->encoding;
        unit = found->unit;
    } else if (raw_.size() >= 4 && (raw_[0] == '\0') != (raw_[1] == '\0')) {
        // Names of columns are ASCII: half of their bytes are 0.
        wide = raw_[0] == '\0' ? "UTF-16BE" : "UTF-16LE";
        unit = 2;
    }
    if (wide == nullptr) return;
    encoding_ = wide;
    wide_.reset(new Converter{wide, unit});
}

// Old spreadsheets for the Macintosh end their lines in CR alone.
void TextLines::find_line_end()
{
    const auto first = buffer_.find_first_of("\r\n", begin_);
    if (first == std::string::npos || buffer_[first] == '\n') return;
    const auto next = buffer_.find_first_not_of('\r', first);
    if (next != std::string::npos && buffer_[next] != '\n') line_end_ = '\r';
}

bool TextLines::read_chunk()
{
    const auto kept = raw_.size();
    raw_.resize(kept + chunk_size);
    file_.read(raw_.data() + kept, chunk_size);
    const auto size = static_cast<std::size_t>(file_.gcount());
    raw_.resize(kept + size);
    bytes_read_ += size;
    return size > 0;
}

bool TextLines::fill()
{
    begin_ = 0;
    buffer_.clear();
    for (;;) {
        if (wide_) {
            wide_->convert(raw_, buffer_);
        } else {
            std::swap(raw_, buffer_);
        }
        if (not buffer_.empty()) return true;
        const bool more = read_chunk();
        if (raw_.empty()) return false;
        if (not more) { // half a character at the end
            raw_.clear();
            buffer_ = no_character;
            return true;
        }
    }
}

void TextLines::make_utf8(TextLine& line)
{
    if (wide_) {
        if (line.text.find(no_character) != std::string::npos) {
            line.damage = "the row holds bytes that are no character in " + std::string{encoding_};
        }
        return;
    }
    if (el::is_utf8(line.text)) return;
    if (not windows_1252_) windows_1252_.reset(new Converter{"WINDOWS-1252", 1});
    if (not windows_1252_->is_open()) {
        line.damage = "the row is not UTF-8, and this machine cannot convert Windows-1252";
        return;
    }
    std::string converted;
    windows_1252_->convert(line.text, converted);
    line.text = std::move(converted);
    ++lines_in_windows_1252_;
    if (line.text.find(no_character) != std::string::npos) {
        line.damage = "the row holds bytes that are no character, neither in UTF-8 nor in Windows-1252";
    }
}

bool TextLines::next(TextLine& line)
{
    line = {};
    if (begin_ == buffer_.size() && not fill()) return false;
    bool cut = false;
    for (;;) {
        const auto end  = std::min(buffer_.find(line_end_, begin_), buffer_.size());
        const auto size = end - begin_;
        const auto room = longest_line - line.text.size();
        line.text.append(buffer_, begin_, std::min(size, room));
        cut    = cut || size > room;
        begin_ = end;
        if (end < buffer_.size()) {
            ++begin_;
            break;
        }
        if (not fill()) break;
    }
    while (line.text.ends_with('\r')) line.text.pop_back();
    if (cut) {
        line.damage = "the row is longer than a megabyte";
    } else {
        make_utf8(line);
    }
    return true;
}

} // namespace shop
