#include "settings_file.hpp"

#include <eventloom/framework/utf8.hpp>

#include <algorithm>
#include <fstream>
#include <map>

namespace eventloom {

namespace {

constexpr std::size_t settings_bytes_max = 1u << 20;
constexpr std::string_view blanks        = " \t\r";

bool is_of_key(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
}

// Reads the text from its beginning to its end.
class SettingsText {
public:
    SettingsText(std::string_view text, const std::string& path) : text_{text}, path_{path} {}

    result<std::vector<SettingInFile>> read()
    {
        while (skip_blank_lines()) {
            BOOST_OUTCOME_TRY(text_[at_] == '[' ? read_section() : read_setting());
            skip(blanks);
            if (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '#') {
                return wrong(in_quotes(rest_of_line()) + " after its end; put a text in quotes, and each key and "
                                                         "section in a line of its own");
            }
        }
        return std::move(settings_);
    }

private:
    Error wrong(const std::string& found) const { return wrong_setting(path_, line_, found); }

    void skip(std::string_view what)
    {
        while (at_ < text_.size() && what.find(text_[at_]) != std::string_view::npos) ++at_;
    }

    // Also comments. False at the end.
    bool skip_blank_lines()
    {
        for (;;) {
            skip(blanks);
            if (at_ < text_.size() && text_[at_] == '#') at_ = std::min(text_.find('\n', at_), text_.size());
            if (at_ == text_.size()) return false;
            if (text_[at_] != '\n') return true;
            ++line_;
            ++at_;
        }
    }

    std::string_view rest_of_line() const { return text_.substr(at_, text_.find_first_of("\r\n", at_) - at_); }

    std::string read_key()
    {
        const auto begin = at_;
        while (at_ < text_.size() && is_of_key(text_[at_])) ++at_;
        return std::string{text_.substr(begin, at_ - begin)};
    }

    result<void> read_section()
    {
        const auto line = in_quotes(rest_of_line());
        ++at_;
        skip(blanks);
        section_ = read_key();
        skip(blanks);
        if (section_.empty() || at_ == text_.size() || text_[at_] != ']') {
            return wrong(line + ", which is not a section; write it as [orders.list]");
        }
        ++at_;
        const auto [first, is_new] = sections_.emplace(section_, line_);
        if (is_new) return done();
        return wrong("the section [" + section_ + "] again, which begins in line " + std::to_string(first->second) +
                     " already; put its keys together");
    }

    result<void> read_setting()
    {
        const auto line = in_quotes(rest_of_line());
        SettingInFile setting{.key = read_key(), .values = {}, .line = line_};
        skip(blanks);
        if (setting.key.empty() || at_ == text_.size() || text_[at_] != '=') {
            return wrong(line + ", which is not a setting; write it as threads = 4");
        }
        ++at_;
        if (not section_.empty()) setting.key = section_ + "." + setting.key;
        skip(blanks);
        BOOST_OUTCOME_TRY(read_values(setting));
        const auto same = std::find_if(settings_.begin(), settings_.end(),
                                       [&](const SettingInFile& other) { return other.key == setting.key; });
        if (same != settings_.end()) {
            return wrong("the key " + setting.key + " again, which has its value in line " +
                         std::to_string(same->line) + " already; remove one of them");
        }
        settings_.push_back(std::move(setting));
        return done();
    }

    result<void> read_values(SettingInFile& setting)
    {
        if (at_ == text_.size() || text_[at_] != '[') {
            BOOST_OUTCOME_TRY(auto value, read_value(setting.key));
            setting.values.push_back(std::move(value));
            return done();
        }
        ++at_;
        while (skip_blank_lines() && text_[at_] != ']') {
            BOOST_OUTCOME_TRY(auto value, read_value(setting.key));
            setting.values.push_back(std::move(value));
            if (not skip_blank_lines()) break;
            if (text_[at_] == ',') {
                ++at_;
            } else if (text_[at_] != ']') {
                return wrong("no comma between the values of " + setting.key);
            }
        }
        if (at_ == text_.size()) {
            return wrong_setting(path_, setting.line, "that the list of the key " + setting.key + " has no end");
        }
        ++at_;
        if (setting.values.empty()) return wrong("an empty list for the key " + setting.key + "; remove the key");
        return done();
    }

    result<std::string> read_value(const std::string& key)
    {
        const char quote = at_ < text_.size() ? text_[at_] : '\n';
        std::string value;
        if (quote == '"' || quote == '\'') {
            ++at_;
            BOOST_OUTCOME_TRY(value, read_quoted(quote, key));
        } else {
            const auto end = std::min(text_.find_first_of(" \t\r\n#,]", at_), text_.size());
            value          = text_.substr(at_, end - at_);
            at_            = end;
        }
        if (not value.empty()) return value;
        return wrong("no value for the key " + key + "; give one, or remove the key");
    }

    result<std::string> read_quoted(char quote, const std::string& key)
    {
        std::string value;
        for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
            char c = text_[at_];
            if (c == quote) {
                ++at_;
                return value;
            }
            if (c == '\\' && quote == '"') {
                constexpr std::string_view escaped = "\\\"nt";
                constexpr std::string_view meant   = "\\\"\n\t";
                const auto which = ++at_ < text_.size() ? escaped.find(text_[at_]) : std::string_view::npos;
                if (which == std::string_view::npos) {
                    return wrong("a sign \\ in the text of the key " + key +
                                 R"( that is none of \\, \", \n and \t; a text in single quotes is taken as it is)");
                }
                c = meant[which];
            }
            value += c;
        }
        return wrong("a quote that is not closed in the line of " + key);
    }

    const std::string_view text_;
    const std::string& path_;
    std::size_t at_   = 0;
    std::size_t line_ = 1;
    std::string section_;
    std::map<std::string, std::size_t> sections_; // with the line of each
    std::vector<SettingInFile> settings_;
};

Error not_read(const std::string& path, const std::string& found)
{
    return {Failure::invalid, "wrong-usage", "read the settings in " + printable(path) + " and found " + found};
}

} // namespace

Error wrong_setting(const std::string& path, std::size_t line, const std::string& found)
{
    return not_read(path, "in line " + std::to_string(line) + " " + found);
}

result<std::vector<SettingInFile>> parse_settings(std::string_view text, const std::string& path)
{
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3); // a byte order mark
    std::size_t line = 1;
    for (std::size_t at = 0; at < text.size();) {
        const auto length = utf8_length_at(text, at);
        const bool breaks = text[at] == '\n' || text[at] == '\r' || text[at] == '\t';
        if (length == 0 || (not breaks && not is_clean_name(text.substr(at, length)))) {
            return wrong_setting(path, line, "bytes that are no text; give --config a text file");
        }
        line += text[at] == '\n' ? 1 : 0;
        at += length;
    }
    return SettingsText{text, path}.read();
}

result<std::vector<SettingInFile>> read_settings_file(const std::string& path)
{
    std::ifstream file{path, std::ios::binary};
    if (not file) return not_read(path, "no file that can be read; check the name that --config gives");
    std::string text(settings_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return not_read(path, "that it cannot be read; give --config a file, not a directory");
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > settings_bytes_max) {
        return not_read(path, "more than a mebibyte; give --config a file of settings");
    }
    return parse_settings(text, path);
}

} // namespace eventloom
