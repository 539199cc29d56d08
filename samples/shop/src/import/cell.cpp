#include "cell.hpp"

#include <eventloom/framework/utf8.hpp>

#include <algorithm>
#include <iterator>

namespace shop {

namespace {

// No-break, thin and narrow no-break space.
constexpr std::string_view blanks[]{" ", "\t", "\xC2\xA0", "\xE2\x80\x89", "\xE2\x80\xAF"};

struct Plain {
    std::string_view written;
    char plain;
};
constexpr Plain plain_characters[]{{"\xC2\xA0", ' '},      {"\xE2\x80\x89", ' '}, {"\xE2\x80\xAF", ' '},
                                   {"\xE2\x80\x99", '\''}, {"\xE2\x88\x92", '-'}, {"\xE2\x80\x93", '-'},
                                   {"\xE2\x80\x90", '-'},  {"\xE2\x80\x91", '-'}};

} // namespace

std::string_view trimmed(std::string_view text)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (const auto blank : blanks) {
            if (text.starts_with(blank)) text.remove_prefix(blank.size()), changed = true;
            if (text.ends_with(blank)) text.remove_suffix(blank.size()), changed = true;
        }
    }
    if (text.size() >= 3 && text.starts_with("=\"") && text.ends_with('"')) text = text.substr(2, text.size() - 3);
    return text;
}

std::string plain(std::string_view text)
{
    text = trimmed(text);
    std::string written;
    while (not text.empty()) {
        const auto found = std::find_if(std::begin(plain_characters), std::end(plain_characters),
                                        [&](const Plain& one) { return text.starts_with(one.written); });
        const bool same  = found == std::end(plain_characters);
        written.push_back(same ? text.front() : found->plain);
        text.remove_prefix(same ? 1 : found->written.size());
    }
    return written;
}

std::string in_quotes(std::string_view text)
{
    return "\"" + eventloom::printable(text.substr(0, 40)) + "\"";
}

} // namespace shop
