#include <eventloom/projections/key_text.hpp>

#include <eventloom/framework/utf8.hpp>

namespace eventloom::detail {

std::vector<std::string> split_key(std::string_view text)
{
    std::vector<std::string> parts(1);
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) {
            parts.back().push_back(text[++at]);
        } else if (text[at] == '/') {
            parts.emplace_back();
        } else {
            parts.back().push_back(text[at]);
        }
    }
    return parts;
}

std::string escaped_part(std::string_view part)
{
    std::string escaped;
    for (const char byte : part) {
        if (byte == '/' || byte == '\\') escaped.push_back('\\');
        escaped.push_back(byte);
    }
    return escaped;
}

std::optional<bool> parse_bool(std::string_view text)
{
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
}

Error not_a_key(std::string_view text, const std::string& parts)
{
    return {Failure::invalid, "not-a-key",
            "read \"" + printable(text) +
                "\" as the key of a row and found that it is not one; a key of this table is: " + parts};
}

} // namespace eventloom::detail
