#include <eventloom/framework/utf8.hpp>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

constexpr unsigned char byte_at(std::string_view text, std::size_t at)
{
    return static_cast<unsigned char>(text[at]);
}

// The first byte after the lead must not make a form overlong, a surrogate, or greater than U+10FFFF (RFC 3629, 4).
bool second_byte_fits(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xE0:
        return second >= 0xA0;
    case 0xED:
        return second < 0xA0;
    case 0xF0:
        return second >= 0x90;
    case 0xF4:
        return second < 0x90;
    default:
        return true;
    }
}

std::size_t length_by_lead(unsigned char lead)
{
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

bool is_control(std::string_view character)
{
    const auto lead = byte_at(character, 0);
    if (character.size() == 1) return lead < 0x20 || lead == 0x7F;
    return character.size() == 2 && lead == 0xC2 && byte_at(character, 1) < 0xA0;
}

// U+202A to U+202E and U+2066 to U+2069.
bool is_bidirectional_override(std::string_view character)
{
    if (character.size() != 3 || byte_at(character, 0) != 0xE2) return false;
    const auto middle = byte_at(character, 1);
    const auto last   = byte_at(character, 2);
    return (middle == 0x80 && last >= 0xAA && last <= 0xAE) || (middle == 0x81 && last >= 0xA6 && last <= 0xA9);
}

template <class Unwanted>
std::string replaced(std::string_view text, Unwanted unwanted)
{
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto length = utf8_length_at(text, at);
        const auto shown  = text.substr(at, std::max<std::size_t>(length, 1));
        clean += length == 0 || unwanted(shown) ? replacement : shown;
        at += shown.size();
    }
    return clean;
}

} // namespace

std::size_t utf8_length_at(std::string_view text, std::size_t at)
{
    const auto lead   = byte_at(text, at);
    const auto length = length_by_lead(lead);
    if (length < 2) return length;
    if (at + length > text.size() || not second_byte_fits(lead, byte_at(text, at + 1))) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(text, at + i) & 0xC0) != 0x80) return 0;
    }
    return length;
}

bool is_utf8(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();) {
        const auto length = utf8_length_at(text, at);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

bool is_clean_name(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();) {
        const auto byte = byte_at(text, at);
        if (byte >= 0x20 && byte < 0x7F) { // most names are nothing else
            ++at;
            continue;
        }
        const auto length = utf8_length_at(text, at);
        if (length == 0 || is_control(text.substr(at, length))) return false;
        at += length;
    }
    return true;
}

std::string repaired_utf8(std::string_view text)
{
    return replaced(text, [](std::string_view) { return false; });
}

std::string printable(std::string_view text)
{
    return replaced(
        text, [](std::string_view character) { return is_control(character) || is_bidirectional_override(character); });
}

std::string in_quotes(std::string_view text)
{
    return "\"" + printable(text.substr(0, 80)) + "\"";
}

} // namespace eventloom
